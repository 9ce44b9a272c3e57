import Operators
import Quantities

/// Lowers one pass of a model job: compiles each kind of layer once and stamps it out along the chains.
///
/// A chain is a part of the batch on its way through the layers. Chains take turns on a lane's compute stream wherever
/// one of them leaves it (for attention elsewhere, for an all-to-all), so that the other computes meanwhile.
struct PassLowering {
    let arrangement: Arrangement
    var graph: OperatorGraph
    /// What a chain runs, one after the other.
    var pieces: [Piece] = []
    var programs: [LayerProgram] = []
    /// Classes of ranks in each stage.
    let classes: Int
    let chains: Int
    var streaming: Streaming

    struct Piece {
        var program: Int
        var stage: Int
        /// −1 outside the layers.
        var layer: Int
        /// Bytes that are streamed in before it can run.
        var weights: Bytes = .zero
        var cache: Bytes = .zero
    }

    /// How far a chain has come and what it carries, one node for each class of ranks; −1 for nothing.
    struct Chain {
        var number: Int
        var piece = 0
        var item = 0
        var slots: [Int] = []
        var residual: [Int]
        var branch: [Int]
        var encoderOutput: [Int]
        var fetchedExperts: [Int]
        var previousExperts: [Int]

        init(number: Int, classes: Int) {
            self.number = number
            let none = [Int](repeating: -1, count: classes)
            residual = none
            branch = none
            encoderOutput = none
            fetchedExperts = none
            previousExperts = none
        }
    }

    private var scratch: [Int] = []

    init(_ arrangement: Arrangement, _ compiled: CompiledPass) {
        self.arrangement = arrangement
        graph = compiled.graph
        pieces = compiled.pieces
        programs = compiled.programs
        classes = compiled.classes
        let job = arrangement.job
        chains = arrangement.layout.pipeline > 1 ? job.subBatches : job.subBatches * job.microBatches
        streaming = Streaming(pieces: pieces.count, classes: classes, chains: chains, stages: arrangement.layout.pipeline)
    }

    /// The graph of the whole pass.
    mutating func run() -> OperatorGraph {
        let rounds = arrangement.layout.pipeline > 1 ? arrangement.job.microBatches : 1
        let nodes = pieces.reduce(0) { $0 + programs[$1.program].items.count } * classes * chains * rounds
        graph.reserve(nodes: nodes)
        for _ in 0..<rounds {
            streaming.restart()
            var running = (0..<chains).map { Chain(number: $0, classes: classes) }
            var open = running.count
            while open > 0 {
                for index in running.indices where running[index].piece < pieces.count {
                    advance(&running[index])
                    if running[index].piece == pieces.count { open -= 1 }
                }
            }
        }
        return graph
    }

    /// Runs a chain until it gives its turn away or ends.
    private mutating func advance(_ chain: inout Chain) {
        while chain.piece < pieces.count {
            let piece = pieces[chain.piece]
            let items = programs[piece.program].items.count
            if chain.item == 0 {
                bringIn(chain)
                chain.slots = [Int](repeating: -1, count: items * classes)
            }
            while chain.item < items {
                emit(&chain, piece)
                chain.item += 1
                if chains > 1, programs[piece.program].turns.contains(chain.item - 1) { return }
            }
            finish(&chain, piece)
            if chains > 1, piece.weights.value > 0 || piece.cache.value > 0 { return }
        }
    }

    // MARK: Items

    private mutating func emit(_ chain: inout Chain, _ piece: Piece) {
        let item = programs[piece.program].items[chain.item]
        let base = chain.item * classes
        switch item.place {
        case .accelerator, .banks:
            let firstLane = (piece.stage + (item.place == .banks ? arrangement.layout.pipeline : 0)) * classes
            for rank in 0..<classes {
                collect(item, chain, rank)
                if let work = item.work(of: rank) {
                    chain.slots[base + rank] = graph.add(work.use, lane: firstLane + rank, stream: item.stream, layer: piece.layer, after: scratch,
                                                         waitsForHost: item.waitsForHost, allocates: work.allocates)
                } else {
                    chain.slots[base + rank] = scratch.last ?? -1
                }
            }
        case .attentionGroup, .staging:
            guard let work = item.work[0] else { return }
            collect(item, chain, nil)
            let node = graph.add(work.use, lane: lane(of: item.place), stream: item.stream, layer: piece.layer, after: scratch,
                                 waitsForHost: item.waitsForHost, allocates: work.allocates)
            for rank in 0..<classes { chain.slots[base + rank] = node }
        }
    }

    /// The nodes that an item waits for, of one class of ranks or (nil, and where lanes meet) of all.
    private mutating func collect(_ item: LayerProgram.Item, _ chain: Chain, _ rank: Int?) {
        scratch.removeAll(keepingCapacity: true)
        for source in item.after {
            if let rank, !item.joins {
                take(source, chain, rank)
            } else {
                for rank in 0..<classes { take(source, chain, rank) }
            }
        }
    }

    private mutating func take(_ source: Int, _ chain: Chain, _ rank: Int) {
        let node: Int
        switch source {
        case LayerProgram.Outside.residual: node = chain.residual[rank]
        case LayerProgram.Outside.branch: node = chain.branch[rank]
        case LayerProgram.Outside.encoderOutput: node = chain.encoderOutput[rank]
        case LayerProgram.Outside.experts: node = chain.fetchedExperts[rank]
        case LayerProgram.Outside.previousExperts: node = chain.previousExperts[rank]
        case LayerProgram.Outside.weights: node = streaming.weights(chain.piece, rank)
        case LayerProgram.Outside.cache: node = streaming.cache(chain.piece, chain.number, rank)
        default: node = chain.slots[source * classes + rank]
        }
        if node >= 0, !scratch.contains(node) { scratch.append(node) }
    }

    /// What a piece leaves behind for the next.
    private mutating func finish(_ chain: inout Chain, _ piece: Piece) {
        let program = programs[piece.program]
        let slots = chain.slots
        func nodes(_ item: Int) -> [Int] { Array(slots[item * classes..<(item + 1) * classes]) }
        if let item = program.residual { chain.residual = nodes(item) }
        chain.branch = program.branch.map(nodes) ?? [Int](repeating: -1, count: classes)
        if let item = program.encoderOutput { chain.encoderOutput = nodes(item) }
        if let item = program.fetchedExperts { chain.fetchedExperts = nodes(item) }
        if let item = program.expertsUsed { chain.previousExperts = nodes(item) }
        if piece.weights.value > 0 { streaming.ended(chain.piece, nodes(program.end)) }
        if piece.cache.value > 0, let item = program.attention { streaming.attended(piece.stage, nodes(item)) }
        chain.piece += 1
        chain.item = 0
    }

    private func lane(of place: LayerProgram.Place) -> Int {
        let staging = graph.lanes.count - 1
        guard place == .attentionGroup else { return staging }
        return graph.lanes[staging].label == CompiledPass.stagingLabel ? staging - 1 : staging
    }

    // MARK: Streamed weights and caches

    /// Before a piece starts, its weights and cache are on their way, and with a runtime that overlaps copies those of the
    /// next one too: two buffers, one in use and one being filled.
    private mutating func bringIn(_ chain: Chain) {
        order(chain.piece, chain.number)
        guard arrangement.runtime.overlapsCopies else { return }
        let next = chain.number + 1 < chains ? (chain.piece, chain.number + 1) : (chain.piece + 1, 0)
        if next.0 < pieces.count, pieces[next.0].stage == pieces[chain.piece].stage { order(next.0, next.1) }
    }

    private mutating func order(_ index: Int, _ chain: Int) {
        let piece = pieces[index]
        if piece.weights.value > 0, streaming.weightsReady[index].isEmpty {
            streaming.weightsReady[index] = copy("weights", piece.weights, from: arrangement.weights, piece) { lowering, rank in
                lowering.streaming.usedBefore(index, rank, pieces: lowering.pieces)
            }
        }
        if piece.cache.value > 0, streaming.cacheReady[index * chains + chain].isEmpty {
            streaming.cacheReady[index * chains + chain] = copy("cache", piece.cache, from: arrangement.cache, piece) { lowering, rank in
                lowering.streaming.attendedBefore(piece.stage, rank)
            }
        }
    }

    /// Copies to each rank of a stage, from every place that holds a share, through the host where the way leads there.
    private mutating func copy(_ what: String, _ bytes: Bytes, from sources: [Arrangement.Source], _ piece: Piece,
                               after: (PassLowering, Int) -> [Int]) -> [Int] {
        var ready = [Int](repeating: -1, count: classes)
        let layout = arrangement.layout
        for source in sources {
            let part = bytes * source.share
            var before: [Int]?
            var from = source.group
            if source.staged, let host = arrangement.host {
                // Replicas on one node read the same weights once; caches are their own.
                let copies = what == "weights" ? layout.tensor : layout.devicesPerStage
                let staged = Copy(from: source.group, to: host, bytes: part * Double(min(copies, layout.devicesPerNode)))
                let freed = streaming.staged.count >= 2 ? streaming.staged[streaming.staged.count - 2] : []
                before = [graph.add(graph.use("\(what).stage", .copy(staged)), lane: lane(of: .staging), stream: .copyIn, layer: piece.layer, after: freed)]
                from = host
            }
            let use = graph.use("\(what).fetch", .copy(Copy(from: from, to: arrangement.accelerator, bytes: part)))
            for rank in 0..<classes {
                ready[rank] = graph.add(use, lane: piece.stage * classes + rank, stream: arrangement.copyStream, layer: piece.layer,
                                        after: (before ?? []) + after(self, rank))
            }
            if before != nil { streaming.staged.append(ready) }
        }
        return ready
    }
}
