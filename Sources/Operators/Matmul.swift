import Quantities

/// `C[m, n] = A[m, k] · B[k, n]`, `batch` times over.
public struct Matmul: Hashable, Sendable {
    public var m: Int
    public var n: Int
    public var k: Int
    public var batch: Int
    /// Format of A and C, and of the arithmetic unless `math` says otherwise.
    public var activations: TensorFormat
    /// Format of B.
    public var weights: TensorFormat
    /// The arithmetic: the engine multiplies numbers of this format.
    public var math: NumberFormat
    /// B is a weight of the model; otherwise it is another activation (attention without fusion).
    public var weightStationed: Bool
    /// B is read from the KV cache (attention without fusion); then it is no weight either.
    public var cached: Bool

    public init(m: Int, n: Int, k: Int, batch: Int = 1, activations: TensorFormat, weights: TensorFormat,
                math: NumberFormat? = nil, weightStationed: Bool = true, cached: Bool = false) {
        self.m = m
        self.n = n
        self.k = k
        self.batch = batch
        self.activations = activations
        self.weights = weights
        self.math = math ?? activations.number ?? .fp16
        self.weightStationed = weightStationed && !cached
        self.cached = cached
    }

    /// Two operations for each multiply-accumulate of the dense product: 2·m·n·k. Zeros that 2:4 sparsity skips still
    /// count, as in the quoted rates of sparse engines.
    public var flops: Flops { Flops(2 * Double(m) * Double(n) * Double(k) * Double(batch)) }

    public var weightBytes: Bytes { weights.bytes(elements: Double(k) * Double(n) * Double(batch)) }
    public var inputBytes: Bytes { activations.bytes(elements: Double(m) * Double(k) * Double(batch)) }
    public var outputBytes: Bytes { activations.bytes(elements: Double(m) * Double(n) * Double(batch)) }

    public var traffic: Traffic {
        if cached { return Traffic(cacheRead: weightBytes, activationsRead: inputBytes, activationsWritten: outputBytes) }
        return weightStationed
            ? Traffic(weights: weightBytes, activationsRead: inputBytes, activationsWritten: outputBytes)
            : Traffic(activationsRead: inputBytes + weightBytes, activationsWritten: outputBytes)
    }

    /// The weights are stored narrower than the arithmetic and must be widened on the way to the engine.
    public var dequantises: Bool { weights.bits < math.bits }
}

/// One product for every expert that received tokens: `C[mₑ, n] = A[mₑ, k] · Bₑ[k, n]`.
public struct GroupedMatmul: Hashable, Sendable {
    /// Tokens of each expert held by the device; experts without tokens are left out and their weights not read.
    public var tokens: [Int]
    public var n: Int
    public var k: Int
    public var activations: TensorFormat
    public var weights: TensorFormat
    public var math: NumberFormat

    public init(tokens: [Int], n: Int, k: Int, activations: TensorFormat, weights: TensorFormat, math: NumberFormat? = nil) {
        self.tokens = tokens.filter { $0 > 0 }
        self.n = n
        self.k = k
        self.activations = activations
        self.weights = weights
        self.math = math ?? activations.number ?? .fp16
    }

    public var rows: Int { tokens.reduce(0, +) }
    public var flops: Flops { Flops(2 * Double(rows) * Double(n) * Double(k)) }

    public var traffic: Traffic {
        Traffic(weights: weights.bytes(elements: Double(tokens.count) * Double(k) * Double(n)),
                activationsRead: activations.bytes(elements: Double(rows) * Double(k)),
                activationsWritten: activations.bytes(elements: Double(rows) * Double(n)))
    }
}
