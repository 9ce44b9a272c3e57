import Operators
import Quantities

/// What the layers of a model keep for the way back, on one device.
///
/// FlashAttention keeps no scores; Korthikanti et al. (arXiv 2205.05198, section 4) count a layer of GPT so, and divide it by
/// tensor parallelism with sequence parallelism (section 4.2.2), under which only the gathered inputs of products stand whole.
/// Modules as in litgpt 0.5, litgpt/model.py, and torchtitan. Kept for every token of a layer:
///
/// - a norm: its input, and where it is composed of elementary kernels (RMS) the input widened to 32 bits and the result;
/// - queries, keys and values, and the result of attention;
/// - of a gated feed-forward the two products, the activation and their product; else the product and the activation; of
///   experts the same for each that a token visits, and the token as it was sent there;
/// - of weights quantised by groups besides the input of each product, for the kernel that widens them again.
struct LayerActivations {
    private let memory: TrainingMemory
    private var narrow: Double { memory.precision.activations.bits / 8 }
    private var tensor: Double { Double(memory.parallelism.tensor) }
    private var hidden: Double { Double(memory.model.hidden) }

    init(_ memory: TrainingMemory) { self.memory = memory }

    /// Tokens that one device passes through a stack in a micro-batch.
    private func tokens(_ stack: Stack) -> Double {
        let decodes = memory.model.family == .encoderDecoder && stack.crossAttention
        return Double(memory.sequences * (decodes ? memory.targets : memory.tokens)) / Double(memory.parallelism.context)
    }

    private var stacks: [Stack] { [memory.model.encoder, memory.model.decoder].compactMap { $0 } }

    /// Bytes of all layers of a stage as they are kept.
    func kept(_ stage: Int) -> Bytes {
        let layout = Layout(memory.parallelism, devicesPerNode: 1)
        return Bytes(stacks.reduce(0) { sum, stack in
            let layers = layout.layers(of: stage, among: stack.layers).filter { $0 >= memory.training.firstAdapted }
            return sum + tokens(stack) * layers.reduce(0) { $0 + kept(stack, routes: stack.routes($1)) }
        })
    }

    /// One layer with everything that its way back needs.
    var largest: Bytes {
        Bytes(stacks.map { stack in tokens(stack) * max(whole(stack, routes: false), stack.experts == nil ? 0 : whole(stack, routes: true)) }.max() ?? 0)
    }

    /// Logits and what the loss makes of them.
    var loss: Bytes {
        guard memory.model.hasOutputHead, let stack = memory.model.decoder ?? memory.model.encoder else { return .zero }
        let each = memory.training.chunkedLoss ? narrow + 8 : memory.parallelism.tensor > 1 ? 16.0 : 12
        // A classifier has one row of logits for each image.
        let rows = memory.model.family == .vision ? Double(memory.sequences) : tokens(stack)
        return Bytes(rows * Double(memory.model.vocabulary) / tensor * each)
    }

    private func kept(_ stack: Stack, routes: Bool) -> Double {
        switch memory.training.recomputation {
        case .none: return whole(stack, routes: routes)
        case .full: return narrow * hidden / tensor
        case .selective:
            // Of query, key, value, output, gate, up and down the first, the third and so on.
            let a = stack.attention, queries = Double(a.heads * a.headDimension), values = Double(a.kvHeads * a.headDimension)
            return narrow / tensor * (2 * hidden + 2 * queries + values + inner(stack, routes))
        }
    }

    /// Inner width of what a token meets of the feed-forward.
    private func inner(_ stack: Stack, _ routes: Bool) -> Double {
        guard routes, let experts = stack.experts else { return Double(stack.feedForward.dimension) }
        return Double(experts.topK * experts.dimension + experts.shared * experts.sharedDimension)
    }

    /// Bytes that a token of one layer keeps where nothing is computed again.
    private func whole(_ stack: Stack, routes: Bool) -> Double {
        let a = stack.attention, gated = stack.feedForward.gated, precision = memory.precision
        let queries = Double(a.heads * a.headDimension), keys = Double(a.kvHeads * a.headDimension), inner = inner(stack, routes)
        let norm = memory.model.norm == .rms ? 4 + 2 * narrow : narrow
        var layer = Double(stack.norms) * norm * hidden + narrow * (2 * queries + 2 * keys)
        layer += narrow * inner * (gated ? 4 : 2)
        if routes, let experts = stack.experts { layer += narrow * hidden * Double(experts.topK) }
        if precision.weights.bits < precision.activations.bits { layer += memory.keptInputs / 8 * (2 * hidden + queries + hidden + inner) }
        if memory.training.scalesOutputs { layer += narrow * (queries + 2 * keys + 2 * hidden + inner * (gated ? 2 : 1)) }
        return layer / tensor + (memory.parallelism.tensor > 1 ? 2 * narrow * hidden : 0)
    }
}
