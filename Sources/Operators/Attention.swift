import Quantities

/// Attention in one fused kernel: scores, softmax and weighted sum, scores never in memory.
public struct Attention: Hashable, Sendable {
    public var batch: Int
    /// Query tokens of each sequence: the prompt (or chunk) in prefill, 1 in decode.
    public var queries: Int
    /// Keys that the last query sees, its own included.
    public var context: Int
    public var heads: Int
    /// Heads of the cache; fewer than `heads` under grouped-query attention, 1 latent under multi-head latent attention.
    public var kvHeads: Int
    /// Elements of a query and a key per head.
    public var keyDimension: Int
    /// Elements of a value per head.
    public var valueDimension: Int
    /// Under latent attention keys and values are one cached latent of `keyDimension` elements (values are its first
    /// `valueDimension`), so that the cache is read once (DeepSeek-V2, arXiv 2405.04434, section 2.1).
    public var sharedKeyValue: Bool
    public var causal: Bool
    /// Keys beyond this distance are not looked at; 0 for full attention.
    public var window: Int
    public var activations: TensorFormat
    public var cache: TensorFormat
    public var math: NumberFormat
    /// Keys and values were read or written just before and are still in the last-level cache, as far as that holds them.
    public var warm = false

    public init(batch: Int, queries: Int, context: Int, heads: Int, kvHeads: Int, keyDimension: Int, valueDimension: Int,
                sharedKeyValue: Bool = false, causal: Bool = true, window: Int = 0,
                activations: TensorFormat, cache: TensorFormat, math: NumberFormat? = nil) {
        self.batch = batch
        self.queries = queries
        self.context = context
        self.heads = heads
        self.kvHeads = kvHeads
        self.keyDimension = keyDimension
        self.valueDimension = valueDimension
        self.sharedKeyValue = sharedKeyValue
        self.causal = causal
        self.window = window
        self.activations = activations
        self.cache = cache
        self.math = math ?? activations.number ?? .fp16
    }

    public var isDecode: Bool { queries == 1 }

    /// Query-key pairs of one sequence that are really looked at: exact under a causal mask and a sliding window.
    public var pairs: Double {
        let q = Double(queries), n = Double(context)
        guard causal else { return q * (window > 0 ? min(n, Double(window)) : n) }
        // Query i (from 0) sees n - q + 1 + i keys, at most `window` of them.
        let first = n - q + 1
        guard window > 0 else { return q * (first + n) / 2 }
        let w = Double(window)
        if first >= w { return q * w }
        let growing = min(q, w - first + 1)  // queries whose view is not yet cut by the window
        return growing * (first + first + growing - 1) / 2 + (q - growing) * w
    }

    /// Keys of one sequence that have to be read.
    public var keysRead: Int { window > 0 ? min(context, window + queries - 1) : context }

    /// 2·pairs·heads·(key + value dimension): both products; the softmax is counted apart.
    public var flops: Flops {
        Flops(2 * Double(batch) * pairs * Double(heads) * Double(keyDimension + valueDimension))
    }

    /// Exponentials of the softmax.
    public var exponentials: Double { Double(batch) * pairs * Double(heads) }

    public var cacheBytes: Bytes {
        let elements = sharedKeyValue ? keyDimension : keyDimension + valueDimension
        return cache.bytes(elements: Double(batch) * Double(keysRead) * Double(kvHeads) * Double(elements))
    }

    public var traffic: Traffic {
        let rows = Double(batch) * Double(queries) * Double(heads)
        return Traffic(cacheRead: warm ? .zero : cacheBytes,
                       activationsRead: activations.bytes(elements: rows * Double(keyDimension)) + (warm ? cacheBytes : .zero),
                       activationsWritten: activations.bytes(elements: rows * Double(valueDimension)))
    }
}
