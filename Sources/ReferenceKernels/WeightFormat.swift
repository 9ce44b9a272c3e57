import Quantities
import ReferenceKernelsC

/// How the weights of a matrix product are stored; arithmetic is fp32 in every case.
public enum WeightFormat: Hashable, Sendable, CustomStringConvertible {
    case fp32
    /// A signed byte per weight and a bf16 scale for each group along k of 32, 64 or 128.
    case int8(group: Int)
    /// Four bits per weight and a bf16 scale for each group along k of 32, 64 or 128.
    case int4(group: Int)
    /// Two of every four consecutive weights along k as fp32, two bits of index each.
    case sparse24

    var raw: rk_format {
        switch self {
        case .fp32: rk_fp32
        case .int8: rk_int8
        case .int4: rk_int4
        case .sparse24: rk_sparse24
        }
    }

    var group: Int {
        switch self {
        case .int8(let group), .int4(let group): group
        case .fp32, .sparse24: 0
        }
    }

    func check() throws(KernelError) {
        switch self {
        case .int8(let group), .int4(let group):
            guard [32, 64, 128].contains(group) else { throw KernelError("\(self): groups of \(group) weights are not supported; use 32, 64 or 128") }
        case .fp32, .sparse24: break
        }
    }

    /// The same as the operators of a model name it: `"int4/g128"`.
    public var tensorFormat: TensorFormat {
        switch self {
        case .fp32: .fp32
        case .int8(let group): TensorFormat(bits: 8, number: .int8, group: group)
        case .int4(let group): TensorFormat(bits: 4, number: .int4, group: group)
        case .sparse24: TensorFormat(bits: 32, number: .fp32, sparse24: true)
        }
    }

    public var description: String { tensorFormat.description }
}

/// Where the parts of a stored matrix W[n, k] lie within its block of memory.
struct WeightLayout: Hashable {
    let format: WeightFormat
    let n, k: Int
    let scales, indices, bytes: Int

    /// - Throws: `KernelError` for a matrix without rows or columns, one too large, or an unknown group.
    init(_ format: WeightFormat, n: Int, k: Int) throws(KernelError) {
        try format.check()
        guard (1...1 << 24).contains(n), (1...1 << 24).contains(k) else {
            throw KernelError("a matrix of \(n) × \(k) weights is not supported; use 1 to \(1 << 24) each")
        }
        func aligned(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }
        (self.format, self.n, self.k) = (format, n, k)
        scales = aligned(rk_values_bytes(format.raw, n, k))
        indices = scales + aligned(rk_scales_bytes(format.raw, n, k, format.group))
        bytes = indices + aligned(rk_indices_bytes(format.raw, n, k))
    }

    func view(at base: UnsafeMutableRawPointer) -> rk_weights {
        rk_weights(format: format.raw, n: n, k: k, group: format.group, values: UnsafeRawPointer(base),
                   scales: (base + scales).assumingMemoryBound(to: UInt16.self),
                   indices: (base + indices).assumingMemoryBound(to: UInt16.self))
    }
}
