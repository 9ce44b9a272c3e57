import Quantities
import ReferenceKernelsC

/// Weights W[n, k] of a product Y[m, n] = X[m, k] Wᵀ, each output's weights next to each other.
///
/// It either owns its memory or is a window into a block that holds a whole layer.
public final class WeightMatrix {
    let layout: WeightLayout
    let view: rk_weights
    private let owner: AnyObject?

    public var n: Int { layout.n }
    public var k: Int { layout.k }
    public var format: WeightFormat { layout.format }

    /// Stores fp32 weights [n, k] in `format`.
    public init(_ weights: FloatBuffer, n: Int, k: Int, format: WeightFormat) throws(KernelError) {
        layout = try WeightLayout(format, n: n, k: k)
        guard weights.count == n * k else { throw KernelError("\(weights.count) weights are not the \(n) × \(k) of the matrix") }
        let memory = try AlignedBuffer<UInt8>(count: layout.bytes)
        owner = memory
        view = layout.view(at: UnsafeMutableRawPointer(memory.pointer))
        withUnsafePointer(to: view) { rk_quantise($0, weights.pointer) }
    }

    /// Uniform random weights of variance 1/k, which keep the variance of what they multiply.
    public convenience init(random n: Int, _ k: Int, format: WeightFormat, seed: UInt64) throws(KernelError) {
        let layout = try WeightLayout(format, n: n, k: k)
        let memory = try AlignedBuffer<UInt8>(count: layout.bytes)
        self.init(layout, at: UnsafeMutableRawPointer(memory.pointer), owner: memory)
        try fill(seed: seed)
    }

    init(_ layout: WeightLayout, at base: UnsafeMutableRawPointer, owner: AnyObject?) {
        self.layout = layout
        self.owner = owner
        view = layout.view(at: base)
    }

    /// Writes random weights in slices, so that the fp32 form of a large matrix is never whole in memory.
    func fill(seed: UInt64) throws(KernelError) {
        let amplitude = (3 / Float(k)).squareRoot(), rows = max(1, min(n, (4 << 20) / k))
        let slice = try FloatBuffer(count: rows * k, zeroed: false)
        for first in stride(from: 0, to: n, by: rows) {
            let count = min(rows, n - first)
            rk_fill_random(slice.pointer, count * k, UInt(truncatingIfNeeded: seed), first * k, amplitude)
            var part = view
            part.n = count
            part.values = view.values + rk_values_bytes(format.raw, first, k)
            part.scales = view.scales + rk_scales_bytes(format.raw, first, k, format.group) / 2
            part.indices = view.indices + rk_indices_bytes(format.raw, first, k) / 2
            rk_quantise(&part, slice.pointer)
        }
    }

    /// The weights that the stored codes stand for, [n, k].
    public func dequantised() throws(KernelError) -> FloatBuffer {
        let weights = try FloatBuffer(count: n * k, zeroed: false)
        withUnsafePointer(to: view) { rk_dequantise(weights.pointer, $0, 0, n) }
        return weights
    }

    /// Bytes that a product has to read: values, scales and indices, row padding included.
    public var storedBytes: Int {
        rk_values_bytes(format.raw, n, k) + rk_scales_bytes(format.raw, n, k, format.group) + rk_indices_bytes(format.raw, n, k)
    }
}
