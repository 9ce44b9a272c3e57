import Quantities

/// `C[m, n] = A[m, k] · B[k, n]`, `batch` times over.
public struct Matmul: Hashable, Sendable {
    public var m: Int
    public var n: Int
    public var k: Int
    public var batch: Int
    /// Format of A, and of C and the arithmetic unless `output` and `math` say otherwise.
    public var activations: TensorFormat
    /// Format of C: wider than A where A was quantised for the product.
    public var output: TensorFormat
    /// Format of B.
    public var weights: TensorFormat
    /// The arithmetic: the engine multiplies numbers of this format.
    public var math: NumberFormat
    /// B is a weight of the model; otherwise it is another activation (attention without fusion).
    public var weightStationed: Bool
    /// B was read just before and is still in the last-level cache, as far as that holds it: a benchmark that repeats.
    public var warm = false
    /// B is read from the KV cache (attention without fusion); then it is no weight either.
    public var cached: Bool
    /// The epilogue multiplies one half of each row with the activation of the other, so that n/2 columns are written.
    public var foldsGate: Bool

    public init(m: Int, n: Int, k: Int, batch: Int = 1, activations: TensorFormat, output: TensorFormat? = nil, weights: TensorFormat,
                math: NumberFormat? = nil, weightStationed: Bool = true, cached: Bool = false, foldsGate: Bool = false) {
        self.m = m
        self.n = n
        self.k = k
        self.batch = batch
        self.activations = activations
        self.output = output ?? activations
        self.weights = weights
        self.math = math ?? activations.number ?? .fp16
        self.weightStationed = weightStationed && !cached
        self.cached = cached
        self.foldsGate = foldsGate
    }

    /// Two operations for each multiply-accumulate of the dense product: 2·m·n·k. Zeros that 2:4 sparsity skips still
    /// count, as in the quoted rates of sparse engines.
    public var flops: Flops { Flops(2 * Double(m) * Double(n) * Double(k) * Double(batch)) }

    public var weightBytes: Bytes { weights.bytes(elements: Double(k) * Double(n) * Double(batch)) }
    public var inputBytes: Bytes { activations.bytes(elements: Double(m) * Double(k) * Double(batch)) }
    public var outputBytes: Bytes { output.bytes(elements: Double(m) * Double(foldsGate ? n / 2 : n) * Double(batch)) }

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
    /// Format of C, that of A unless stated.
    public var output: TensorFormat
    public var weights: TensorFormat
    public var math: NumberFormat
    /// The weights were read just before and are still in the last-level cache, as far as that holds them.
    public var warm = false
    /// Choices of experts that the step's tokens make on all ranks, where more than `rows`: what a kernel keeps a place for; else 0.
    public var choices = 0
    /// As in `Matmul`.
    public var foldsGate: Bool

    public init(tokens: [Int], n: Int, k: Int, activations: TensorFormat, output: TensorFormat? = nil, weights: TensorFormat,
                math: NumberFormat? = nil, foldsGate: Bool = false) {
        self.tokens = tokens.filter { $0 > 0 }
        self.n = n
        self.k = k
        self.activations = activations
        self.output = output ?? activations
        self.weights = weights
        self.math = math ?? activations.number ?? .fp16
        self.foldsGate = foldsGate
    }

    public var rows: Int { tokens.reduce(0, +) }
    public var flops: Flops { Flops(2 * Double(rows) * Double(n) * Double(k)) }

    public var traffic: Traffic {
        let stored = weights.bytes(elements: Double(tokens.count) * Double(k) * Double(n))
        return Traffic(weights: warm ? .zero : stored,
                       activationsRead: activations.bytes(elements: Double(rows) * Double(k)) + (warm ? stored : .zero),
                       activationsWritten: output.bytes(elements: Double(rows) * Double(foldsGate ? n / 2 : n)))
    }
}
