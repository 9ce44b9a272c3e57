import Hardware
import Operators
import Quantities

/// What stays in memory for the whole job, on each group of devices.
struct MemoryNeeds {
    let arrangement: Arrangement
    private(set) var allocations: [Plan.Allocation] = []

    private var job: ModelJob { arrangement.job }
    private var layout: Layout { arrangement.layout }
    private var stacks: [Stack] { [job.model.encoder, job.model.decoder].compactMap { $0 } }

    init(_ arrangement: Arrangement) {
        self.arrangement = arrangement
        weights()
        cache()
        add(arrangement.accelerator, .workspace, arrangement.runtime.memoryReserved, "context and workspaces of the runtime")
    }

    private mutating func add(_ group: String, _ kind: Plan.Allocation.Kind, _ bytes: Bytes, _ note: String) {
        guard bytes.value > 0 else { return }
        allocations.append(.init(group: group, kind: kind, bytesPerDevice: bytes, note: note))
    }

    /// Bytes of the layers of a stage on one rank: dense parts and routed experts.
    private func layers(of stage: Int) -> (dense: Bytes, experts: Bytes, largest: Bytes) {
        let weights = RankWeights(arrangement: arrangement)
        var dense = Bytes.zero, experts = Bytes.zero, largest = Bytes.zero
        for stack in stacks {
            let plain = weights.dense(stack, routes: false)
            let routing = stack.experts == nil ? plain : weights.dense(stack, routes: true), all = weights.experts(stack)
            for layer in layout.layers(of: stage, among: stack.layers) {
                let routes = stack.routes(layer)
                dense += routes ? routing : plain
                if routes { experts += all }
                let streamed = routes ? routing + (arrangement.expertsFollowWeights ? all : .zero) : plain
                largest = max(largest, streamed)
            }
        }
        return (dense, experts, largest)
    }

    private mutating func weights() {
        let rank = RankWeights(arrangement: arrangement)
        let streamed = arrangement.streamedWeights, experts = arrangement.streamedExperts
        var resident = Bytes.zero, elsewhereDense = Bytes.zero, elsewhereExperts = Bytes.zero, largest = Bytes.zero
        for stage in 0..<layout.pipeline {
            let part = layers(of: stage)
            let edges = (stage == 0 ? rank.embedding : .zero) + (stage == layout.pipeline - 1 ? rank.head : .zero)
            resident = max(resident, part.dense * max(0, 1 - streamed) + part.experts * max(0, 1 - experts) + edges)
            elsewhereDense += part.dense
            elsewhereExperts += part.experts
            largest = max(largest, part.largest)
        }
        add(arrangement.accelerator, .weights, resident, "weights that stay on the device")
        if streamed > 0 {
            let buffers = arrangement.runtime.overlapsCopies ? 2.0 : 1.0
            add(arrangement.accelerator, .weights, largest * (buffers * streamed), "buffers of streamed layers")
        }
        if arrangement.fetchesExperts { add(arrangement.accelerator, .weights, expertBuffers * experts, "buffers of fetched experts") }

        // Ranks of one node that hold different parts; replicas share one copy in the memory of a host or a drive.
        let dense = elsewhereDense * Double(layout.tensor) / Double(arrangement.nodes)
        let routed = elsewhereExperts * Double(layout.expert * layout.expertTensor) / Double(arrangement.nodes)
        let streamedTogether = arrangement.expertsFollowWeights ? dense + routed : dense
        for source in arrangement.weights { away(source, .weights, streamedTogether * source.share, "streamed weights") }
        if arrangement.fetchesExperts {
            for source in arrangement.experts { away(source, .weights, routed * source.share, "experts") }
        }
    }

    /// Room for the experts of the layer that runs and, where they are fetched ahead, of the next.
    private var expertBuffers: Bytes {
        var largest = 0.0
        for stack in stacks {
            guard let experts = stack.experts else { continue }
            let each = RankWeights(arrangement: arrangement).experts(stack).value * Double(layout.expert) / Double(experts.count)
            let tokens = arrangement.sequencesPerChain * layout.replicasPerExpertSet * (job.phase == .decode ? 1 : job.prompt)
            let counts = job.routing.tokensPerExpert(tokens: tokens, topK: experts.topK, experts: experts.count, ranks: layout.expert)
            let perRank = experts.count / layout.expert
            let active = job.expertFetch == .prefetchAll ? perRank
                : (0..<layout.expert).map { rank in counts[rank * perRank..<(rank + 1) * perRank].count { $0 > 0 } }.max() ?? 0
            largest = max(largest, each * Double(active) * (job.expertFetch == .onDemand ? 1 : 2))
        }
        return Bytes(largest)
    }

    private mutating func cache() {
        guard let decoder = job.model.decoder else { return }
        let a = decoder.attention
        let elements = a.latent == nil ? 2 * max(1, a.kvHeads / layout.tensor) * a.headDimension : a.cacheElements
        let whole = a.latent == nil ? 2 * a.kvHeads * a.headDimension : a.cacheElements
        var tokens = 0.0, total = 0.0
        for stage in 0..<layout.pipeline {
            var stageTokens = 0.0
            for layer in layout.layers(of: stage, among: decoder.layers) {
                let window = decoder.window(layer)
                stageTokens += Double(window > 0 ? min(window, job.finalContext) : job.finalContext)
                if decoder.crossAttention { stageTokens += Double(job.prompt) }
            }
            tokens = max(tokens, stageTokens)
            total += stageTokens
        }
        let format = arrangement.precision.cache
        let perRank = format.bytes(elements: tokens * Double(job.batch / layout.data) * Double(elements))
        let all = format.bytes(elements: total * Double(job.batch) * Double(whole))

        if case .group(let name, _) = arrangement.attention {
            return add(name, .cache, all / Double(arrangement.attentionSplit.devices), "KV cache")
        }
        let away = arrangement.streamedCache
        add(arrangement.accelerator, .cache, perRank * max(0, 1 - away), "KV cache")
        if away > 0 {
            let perLayer = perRank * (away / tokens * Double(job.finalContext) / Double(job.subBatches * job.microBatches))
            add(arrangement.accelerator, .cache, perLayer * (arrangement.runtime.overlapsCopies ? 2 : 1), "buffers of a streamed cache")
            for source in arrangement.cache { self.away(source, .cache, all * (source.share / Double(arrangement.nodes)), "KV cache") }
        }
    }

    /// Something kept on a group beside the accelerator, spread over its devices in one node.
    private mutating func away(_ source: Arrangement.Source, _ kind: Plan.Allocation.Kind, _ bytes: Bytes, _ note: String) {
        add(source.group, kind, bytes / Double(max(1, arrangement.devices(of: source.group))), note)
    }
}
