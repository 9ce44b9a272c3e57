import Hardware
import Quantities

extension Runtime {
    /// The software around a measured kernel: kernels for every format, split attention, and nothing of the host, because
    /// kernels are timed on the device, back to back.
    public static let ofMeasuredKernels = Runtime(
        id: "kernel", name: "kernels timed on the device", launch: .graph, fusions: Set(Runtime.Fusion.allCases),
        weightOnly: [TensorFormat(bits: 8, number: .int8), TensorFormat(bits: 4, number: .int4), TensorFormat(bits: 4, number: .fp4),
                     TensorFormat(bits: 8, number: .fp8)],
        sparse24: true)
}
