import Hardware
import Operators
import Quantities

/// One pass of a job, compiled: the lanes it runs on, a program for each kind of layer, and their order.
struct CompiledPass {
    var graph: OperatorGraph
    var pieces: [PassLowering.Piece] = []
    var programs: [LayerProgram] = []
    let classes: Int
    /// The lane of the group that attends, and the one on which the host stages what comes from storage, where there are.
    private(set) var attentionLane = -1
    private(set) var stagingLane = -1
    private let arrangement: Arrangement
    private var known: [Key: Int] = [:]

    private struct Key: Hashable {
        var encodes: Bool
        var variant: ProgramBuilder.Variant
    }

    /// - Parameters:
    ///   - shape: of one chain; an encoder-decoder's first pass also runs its encoder on `shape.encoderTokens`.
    init(_ arrangement: Arrangement, _ shape: PassShape) {
        self.arrangement = arrangement
        let model = arrangement.model, stages = arrangement.layout.pipeline
        let ranks = Self.classes(arrangement, model.decoder ?? model.encoder, shape)
        classes = ranks.count
        var lanes = Self.acceleratorLanes(arrangement, ranks)
        switch arrangement.attention {
        case .accelerator: break
        case .banks: lanes += Self.bankLanes(beside: lanes)
        case .group(let name, _):
            attentionLane = lanes.count
            lanes.append(.init(group: name, multiplicity: arrangement.attentionSplit.devices, label: "attention"))
        }
        if let host = arrangement.host, (arrangement.weights + arrangement.experts + arrangement.cache).contains(where: \.staged) {
            stagingLane = lanes.count
            lanes.append(.init(group: host, multiplicity: arrangement.nodes, label: "staging", beside: lanes.firstIndex { $0.group == host }))
        }
        graph = OperatorGraph(lanes: lanes)

        if model.family == .encoderDecoder, !shape.isDecode, let encoder = model.encoder {
            var encoding = shape
            encoding.queries = shape.encoderTokens
            encoding.context = shape.encoderTokens
            encoding.caches = false
            var builder = ProgramBuilder(arrangement: arrangement, shape: encoding,
                                         classes: Self.classes(arrangement, encoder, encoding), graph: graph)
            append(builder.embedding(), stage: 0)
            layers(of: encoder, decodes: false, &builder)
            append(builder.encoderEnd(), stage: 0)
            graph = builder.graph
        }
        var builder = ProgramBuilder(arrangement: arrangement, shape: shape, classes: ranks, graph: graph)
        append(builder.embedding(), stage: 0)
        if let stack = model.decoder ?? model.encoder {
            layers(of: stack, decodes: model.decoder != nil, &builder)
        }
        append(builder.output(), stage: stages - 1)
        graph = builder.graph
    }

    private mutating func append(_ program: LayerProgram, stage: Int) {
        pieces.append(.init(program: programs.count, stage: stage, layer: -1))
        programs.append(program)
    }

    private mutating func layers(of stack: Stack, decodes: Bool, _ builder: inout ProgramBuilder) {
        let layout = arrangement.layout
        let weights = RankWeights(arrangement: arrangement)
        let routed = (0..<stack.layers).filter(stack.routes)
        let ahead = arrangement.fetchesExperts && arrangement.job.expertFetch != .onDemand
        let dense = weights.dense(stack, routes: false)
        let mixed = stack.experts == nil ? .zero : weights.dense(stack, routes: true) + (arrangement.expertsFollowWeights ? weights.experts(stack) : .zero)
        for stage in 0..<layout.pipeline {
            let range = layout.layers(of: stage, among: stack.layers)
            for layer in range {
                var variant = ProgramBuilder.Variant()
                variant.routes = stack.routes(layer)
                variant.window = stack.window(layer)
                variant.hasBranch = layer != range.lowerBound
                if ahead, variant.routes {
                    variant.firstExperts = layer == routed.first { range.contains($0) }
                    variant.lastExperts = layer == routed.last { range.contains($0) }
                }
                let key = Key(encodes: !decodes, variant: variant)
                let program = known[key] ?? {
                    programs.append(builder.layer(stack, variant, decodes: decodes))
                    return programs.count - 1
                }()
                known[key] = program
                var piece = PassLowering.Piece(program: program, stage: stage, layer: layer)
                if !arrangement.weights.isEmpty { piece.weights = variant.routes ? mixed : dense }
                if !arrangement.cache.isEmpty, decodes, builder.shape.isDecode {
                    piece.cache = cached(stack.attention, window: variant.window, builder.shape)
                }
                pieces.append(piece)
            }
            if stage + 1 < layout.pipeline { append(builder.send(from: stage), stage: stage) }
        }
    }

    /// What a decode step reads of the cache of one layer on one rank, without the token that it adds itself.
    private func cached(_ a: AttentionShape, window: Int, _ shape: PassShape) -> Bytes {
        let past = window > 0 ? min(window, shape.context) - 1 : shape.context - 1
        let elements = a.latent == nil ? 2 * max(1, a.kvHeads / arrangement.layout.tensor) * a.headDimension : a.cacheElements
        return arrangement.precision.cache.bytes(elements: Double(shape.sequences) * Double(past) * Double(elements))
    }

    // MARK: Lanes

    /// Ranks folded by the expert tokens that they receive.
    private static func classes(_ arrangement: Arrangement, _ stack: Stack?, _ shape: PassShape) -> [RankClass] {
        let layout = arrangement.layout
        guard let experts = stack?.experts else { return [RankClass(label: "", ranks: layout.expert, tokens: [])] }
        let tokens = shape.tokens * layout.replicasPerExpertSet
        let counts = arrangement.job.routing.tokensPerExpert(tokens: tokens, topK: experts.topK, experts: experts.count, ranks: layout.expert)
        return RankClass.fold(counts, ranks: layout.expert)
    }

    /// A lane for each stage and class of ranks.
    private static func acceleratorLanes(_ arrangement: Arrangement, _ classes: [RankClass]) -> [OperatorGraph.Lane] {
        let layout = arrangement.layout
        let perRank = layout.devicesPerStage / layout.expert
        return (0..<layout.pipeline).flatMap { stage in
            classes.map { rank in
                let labels = [layout.pipeline > 1 ? "stage \(stage)" : "", rank.label]
                return OperatorGraph.Lane(group: arrangement.accelerator, multiplicity: rank.ranks * perRank,
                                          label: labels.filter { !$0.isEmpty }.joined(separator: ", "))
            }
        }
    }

    /// A lane for the engines in the memory of each accelerator lane.
    private static func bankLanes(beside lanes: [OperatorGraph.Lane]) -> [OperatorGraph.Lane] {
        lanes.enumerated().map { index, lane in
            .init(group: lane.group, multiplicity: lane.multiplicity, label: lane.label.isEmpty ? "in memory" : lane.label + ", in memory",
                  engine: .bank, beside: index)
        }
    }
}
