import Hardware
import Operators
import Quantities
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// SplitMix64 (Steele, Lea and Flood, 2014): the same sweep on every machine.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Sizes of all magnitudes alike, powers of two and their neighbours among them.
    mutating func size(upTo limit: Int) -> Int {
        let magnitude = Double.random(in: 0...1, using: &self)
        let value = Int(exp2(magnitude * log2(Double(limit))))
        switch Int.random(in: 0..<4, using: &self) {
        case 0: return max(1, 1 << (Int.bitWidth - 1 - max(1, value).leadingZeroBitCount))
        case 1: return min(limit, (1 << (Int.bitWidth - 1 - max(1, value).leadingZeroBitCount)) + 1)
        default: return min(limit, max(1, value))
        }
    }

    mutating func pick<T>(_ items: [T]) -> T { items[Int.random(in: 0..<items.count, using: &self)] }

    mutating func matmul() -> Matmul {
        Matmul(m: size(upTo: 16384), n: size(upTo: 32768), k: size(upTo: 32768), batch: pick([1, 1, 1, 8, 64]),
               activations: pick([.bf16, .bf16, .int8]), weights: pick([.bf16, .int8, .fp8, Self.int4, Self.threeBit, Self.sparse]),
               weightStationed: Bool.random(using: &self))
    }

    mutating func grouped() -> GroupedMatmul {
        GroupedMatmul(tokens: (0..<size(upTo: 64)).map { _ in size(upTo: 512) }, n: size(upTo: 8192), k: size(upTo: 8192),
                      activations: .bf16, weights: pick([.bf16, .fp8, Self.int4]))
    }

    mutating func attention() -> Attention {
        let queries = pick([1, 1, size(upTo: 8192)])
        let kvHeads = pick([1, 2, 8, 32]), latent = Int.random(in: 0..<6, using: &self) == 0
        return Attention(batch: size(upTo: 256), queries: queries, context: queries + size(upTo: 65536), heads: kvHeads * pick([1, 4, 8]),
                         kvHeads: latent ? 1 : kvHeads, keyDimension: latent ? 576 : pick([64, 128]), valueDimension: latent ? 512 : 128,
                         sharedKeyValue: latent, causal: Bool.random(using: &self), window: pick([0, 0, 128, 4096]),
                         activations: .bf16, cache: pick([.bf16, .fp8]))
    }

    mutating func elementwise() -> Elementwise {
        let rows = size(upTo: 65536), width = size(upTo: 131072)
        let bytes = TensorFormat.bf16.bytes(elements: Double(rows) * Double(width))
        let kind = pick(Elementwise.Kind.allCases)
        return Elementwise(kind, rows: rows, width: width, flopsPerElement: Double(pick([0, 1, 4])), specialsPerElement: Double(pick([0, 1])),
                           moved: Traffic(weights: kind == .embedding ? bytes : .zero, activationsRead: bytes, activationsWritten: bytes))
    }

    mutating func op() -> Operator {
        switch Int.random(in: 0..<4, using: &self) {
        case 0: .matmul(matmul())
        case 1: .grouped(grouped())
        case 2: .attention(attention())
        default: .elementwise(elementwise())
        }
    }

    static let int4 = TensorFormat(bits: 4, number: .int4, group: 128)
    static let threeBit = TensorFormat(bits: 3, group: 128)
    static let sparse = TensorFormat(bits: 16, number: .bf16, sparse24: true)
}
