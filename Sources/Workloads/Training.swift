import Operators
import Quantities

/// How a model is trained: what is updated, what of it each device keeps, and what is kept for the way back.
public struct Training: Sendable, Equatable {
    public enum Method: Sendable, Equatable {
        /// All weights.
        case full
        /// So many parameters beside the frozen weights (LoRA, arXiv 2106.09685).
        case adapters(parameters: Double)
    }

    /// What the data- and context-parallel devices share out among them (ZeRO, arXiv 1910.02054, section 5).
    public enum Sharding: String, CaseIterable, Sendable {
        case none
        /// Stage 1: moments and master weights.
        case optimizer
        /// Stage 2: gradients too.
        case gradients
        /// Stage 3, fully sharded data parallelism (arXiv 2304.11277): weights too, brought together layer by layer.
        case weights
    }

    /// What is computed again on the way back instead of being kept.
    public enum Recomputation: String, CaseIterable, Sendable {
        case none
        /// Results of attention and of every second product are kept, all else is computed again (torchtitan,
        /// torchtitan/parallelisms/parallelize_llama.py, option `op`).
        case selective
        /// Only the input of each layer is kept (arXiv 1604.06174).
        case full
    }

    /// What stays in the memory of the host between its uses.
    public enum Offload: String, CaseIterable, Sendable {
        case none, optimizer
        /// Weights, gradients and moments.
        case all
    }

    public var method = Method.full
    public var sharding = Sharding.none
    public var recomputation = Recomputation.none
    public var offload = Offload.none
    /// Format of the weights that the optimizer updates, where it is not the one that layers compute with (arXiv 1710.03740).
    public var master: TensorFormat?
    /// Format of gradients; that of the master weights unless stated, else of the activations.
    public var gradients: TensorFormat?
    /// Format of the two moments of Adam, as for gradients.
    public var moments: TensorFormat?
    /// Under sharded weights gradients of several micro-batches add up whole on every device, without a reduction for each
    /// (`no_sync`). Adapters share one gradient with the frozen weights of their layer then (PyTorch, FlatParameter).
    public var wholeGradients = false
    /// The loss is computed piece by piece, so that only one piece of it stands there in 32 bits beside the logits.
    public var chunkedLoss = false
    /// Weights are updated as soon as their gradient is there, which is then released (LOMO, arXiv 2306.09782).
    public var updatesInBackward = false
    /// Weights that may be brought together at once under sharded or offloaded weights; two layers unless stated.
    public var gatheredParameters: Double?
    /// Layers below the first that has adapters need nothing for a way back (LLaMA-Adapter, arXiv 2303.16199).
    public var firstAdapted = 0
    /// Adapters that scale the result of each product keep it (LLaMA-Adapter V2, arXiv 2304.15010, section 3.1).
    public var scalesOutputs = false

    public init(_ method: Method = .full, sharding: Sharding = .none, recomputation: Recomputation = .none) {
        self.method = method
        self.sharding = sharding
        self.recomputation = recomputation
    }
}
