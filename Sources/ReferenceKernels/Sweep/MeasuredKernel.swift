import Quantities

/// One kernel, its shape and how long it took on this machine.
public struct MeasuredKernel: Sendable {
    /// Operator families under the names of the measured-run format.
    public enum Family: String, CaseIterable, Sendable {
        case gemm
        case attentionPrefill = "attn_prefill"
        case attentionDecode = "attn_decode"
        case grouped = "moe_gemm"
        /// Norms, activations, rotary, router and moves of rows.
        case elementwise
        /// Memory to memory.
        case copy
        /// Disk to memory.
        case offload
    }

    public var family: Family
    /// The kernel within its family: `matmul`, `rms_norm`, `rotary` …
    public var kernel: String
    /// Sizes by their names in the measured-run format: m, n, k; batch, heads, kv_heads, head_dim, context; bytes …
    public var shape: KeyValuePairs<String, Int>
    /// Storage of the weights, or of what is moved.
    public var format: TensorFormat
    /// What ran: an instruction set of this module's kernels, or the library.
    public var implementation: String
    public var threads: Int
    public var timing: Timing
    public var flops: Flops
    /// Bytes that have to move at least: weights as stored, operands read, results written.
    public var bytes: Bytes

    public var seconds: Seconds { Seconds(timing.median) }
    public var bandwidth: BytesPerSecond { bytes / seconds }
    public var rate: FlopsPerSecond { flops / seconds }
}

/// A kernel at one shape, ready to be built and timed.
struct SweepCase {
    var family: MeasuredKernel.Family
    var kernel: String
    var shape: KeyValuePairs<String, Int>
    var format: TensorFormat = .fp32
    var implementation: () -> String = { Kernels.instructionSet }
    var flops: Double
    var bytes: Double
    /// Floats of each operand that is met warm.
    var activations: [Int] = []
    /// Takes the operands out of the pool and returns what is timed; it is given the number of the execution.
    var prepare: (ColdPool) throws(KernelError) -> (Int) throws(KernelError) -> Void

    var activationBytes: Int { activations.reduce(0) { $0 + ($1 + 1023) / 1024 * 4096 } }

    var label: String {
        "\(kernel) \(shape.map { "\($0.key) \($0.value)" }.joined(separator: ", "))\(family == .gemm || family == .grouped ? " \(format)" : "")"
    }
}
