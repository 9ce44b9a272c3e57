import Quantities

/// The software that drives a device: what launching costs, which kernels there are, what it can overlap.
public struct Runtime: Sendable {
    public enum Launch: String, CaseIterable, Sendable {
        /// The host launches every kernel of every step.
        case eager
        /// The host launches a captured graph once a step.
        case graph
        /// The work runs in the process that decides on it: a CPU, an NPU under its own sequencer.
        case inline
    }

    /// Operators that this runtime merges into their neighbours.
    public enum Fusion: String, CaseIterable, Sendable, Hashable {
        /// Attention in one kernel, scores never in memory (FlashAttention).
        case attention
        /// Decode attention split along the context (Flash-Decoding).
        case splitContext = "split-context"
        /// Query, key and value projections as one product.
        case qkv
        /// Gate and up projections as one product.
        case gateUp = "gate-up"
        /// Residual addition inside the norm.
        case residualNorm = "residual-norm"
        /// Rotary embedding together with writing the cache.
        case rotaryCache = "rotary-cache"
        /// Activation function with its product.
        case activation
        /// The products of all experts as one grouped kernel.
        case groupedExperts = "grouped-experts"
    }

    /// Operators that this runtime builds from elementary kernels, each of which reads and writes memory.
    public enum Composite: String, CaseIterable, Sendable, Hashable {
        /// RMS norm: cast, square, mean, offset, inverse root, scale, cast, weight.
        case norm
        /// Rotary embedding: negate, concatenate, two products and a sum, for queries and for keys.
        case rotary
        /// A gated activation: the function, then the product with the gate.
        case activation
        /// Logits of every token of a prompt, widened to 32 bits, where only the last are asked for.
        case logits
        /// Widening a quantised cache before attention: mask, shift, concatenate, cast, scale, offset.
        case widening
        /// Attention outside one kernel: keys and values copied for every query head that shares them, scores scaled and masked,
        /// softmax into 32 bits, cast, and the result brought back into rows of tokens.
        case attention
        /// A cache that grows by concatenation: all keys and values are read and written anew with every token.
        case cache
    }

    /// Rows and columns of the output that one unit computes at a time.
    public struct Tile: Sendable, Hashable {
        public var rows: Int
        public var columns: Int

        public init(rows: Int, columns: Int) {
            self.rows = rows
            self.columns = columns
        }
    }

    public var id: String
    public var name: String
    public var aliases: [String]
    public var launch: Launch
    /// Kinds of device it runs on.
    public var runsOn: [Device.Kind]
    /// What people run on such a device: it is taken where nobody names another.
    public var isUsual = false
    /// Host time to prepare and launch one kernel, on a core that launches an empty kernel in `referenceLaunch`.
    public var hostPerKernel: Seconds
    /// Null-kernel launch time of the host on which `hostPerKernel` was taken; another host scales by its own.
    public var referenceLaunch: Seconds?
    /// Host time of one step outside its kernels: scheduling, input preparation, sampling results (not overlapped).
    public var hostPerStep: Seconds
    /// Host time of one layer outside its kernels (hooks, Python modules).
    public var hostPerLayer: Seconds
    public var fusions: Set<Fusion>
    public var composed: Set<Composite> = []
    /// Weight formats narrower than the arithmetic for which it has kernels that widen on the fly; anything else is
    /// widened to memory first.
    public var weightOnly: [TensorFormat]
    public var sparse24: Bool
    /// Formats in which the kernel for the products of all experts runs on the vector units, with one size of tile and
    /// without splitting the reduction, whatever the shape.
    public var groupedTiles: [NumberFormat: Tile]
    /// Rows up to which a product on a processor streams its weights past the cores instead of packing them into tiles
    /// first; nil for two passes of four, beyond which packing pays.
    public var streamingRows: Int?
    /// Rows that such a library multiplies while it goes once over all of the weights, which the next rows read again; nil where
    /// every few columns of the weights meet all rows before the next.
    public var rowsPerPass: Int?
    /// Elements below which an operator on rows or elements is not worth handing to the other cores.
    public var parallelGrain = 0
    /// On a processor: products of a weight with an activation that a core makes in a cycle where the software forms dot products of
    /// rows, which unpack the weights anew for every row of activations; by format of the weights.
    public var dotProducts: [TensorFormat: Double] = [:]
    /// Part of a link's rate that copies from and to the memory of a host reach, where that is pageable or what is copied passes
    /// through a pinned buffer first.
    public var hostCopyEfficiency = 1.0
    /// Copies run beside kernels (prefetching the next layer).
    public var overlapsCopies: Bool
    /// Collectives run beside kernels that do not depend on them.
    public var overlapsCollectives: Bool
    /// Part of device memory it may fill (vLLM's gpu_memory_utilization).
    public var memoryFraction: Double
    /// Device memory it takes for itself: context, workspaces, captured graphs.
    public var memoryReserved: Bytes
    public var provenance: Provenance

    public func fuses(_ fusion: Fusion) -> Bool { fusions.contains(fusion) }
}
