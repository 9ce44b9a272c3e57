/// How one number is represented in arithmetic.
///
/// Engines quote a rate for each; a tensor stored in some other width (`TensorFormat`) is widened to one of these.
public enum NumberFormat: String, TableKey {
    case fp64, fp32, tf32, fp16, bf16, fp8, fp6, fp4, int8, int4

    @inlinable public var place: Int {
        switch self {
        case .fp64: 0
        case .fp32: 1
        case .tf32: 2
        case .fp16: 3
        case .bf16: 4
        case .fp8: 5
        case .fp6: 6
        case .fp4: 7
        case .int8: 8
        case .int4: 9
        }
    }

    @inlinable public static func == (a: Self, b: Self) -> Bool { a.place == b.place }
    @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(place) }

    public var bits: Double {
        switch self {
        case .fp64: 64
        case .fp32, .tf32: 32
        case .fp16, .bf16: 16
        case .fp8, .int8: 8
        case .fp6: 6
        case .fp4, .int4: 4
        }
    }

    /// The formats that hold every value of this one, in the order a runtime falls back to them on a device that has
    /// no native rate.
    public var fallbacks: [NumberFormat] {
        switch self {
        case .fp4: [.fp6, .fp8, .fp16, .bf16, .fp32]
        case .fp6: [.fp8, .fp16, .bf16, .fp32]
        case .fp8: [.fp16, .bf16, .fp32]
        case .int4: [.int8, .fp16, .bf16, .fp32]
        case .int8: [.fp16, .bf16, .fp32]
        case .fp16: [.bf16, .tf32, .fp32]
        case .bf16: [.fp16, .tf32, .fp32]
        case .tf32: [.fp32]
        case .fp32: [.fp64]
        case .fp64: []
        }
    }
}

/// How the elements of a tensor are stored: bits each, shared scales, and whether half of them are left out.
///
/// Written as `"bf16"`, `"int4/g128"` (a 16-bit scale per group of 128), `"3bit"`, `"0.8bit"`, `"fp8/g32s8"` (an 8-bit
/// scale per group of 32), or with `+2:4` behind it for semi-structured sparsity.
public struct TensorFormat: Hashable, Sendable, CustomStringConvertible {
    /// Bits of one stored element, without its share of the scales; may be a fraction.
    public var bits: Double
    /// The arithmetic format of the elements, nil for a code that must be widened before any engine can use it.
    public var number: NumberFormat?
    /// Elements that share one scale; 0 without scales.
    public var group: Int
    public var scaleBits: Double
    /// Two of every four elements are stored, with two bits of index for each (NVIDIA A100 whitepaper, "Fine-grained
    /// structured sparsity").
    public var sparse24: Bool

    public init(bits: Double, number: NumberFormat? = nil, group: Int = 0, scaleBits: Double = 16, sparse24: Bool = false) {
        self.bits = bits
        self.number = number
        self.group = group
        self.scaleBits = group > 0 ? scaleBits : 0
        self.sparse24 = sparse24
    }

    public init(_ number: NumberFormat) { self.init(bits: number.bits, number: number) }

    /// Bits that one element of the dense tensor takes in memory, scales and sparsity indices included.
    public var bitsPerElement: Double {
        let stored = sparse24 ? (bits + 2) / 2 : bits
        return group > 0 ? stored + scaleBits / Double(group) : stored
    }

    public func bytes(elements: Double) -> Bytes { Bytes(elements * bitsPerElement / 8) }

    public static let fp32 = TensorFormat(.fp32)
    public static let fp16 = TensorFormat(.fp16)
    public static let bf16 = TensorFormat(.bf16)
    public static let fp8 = TensorFormat(.fp8)
    public static let int8 = TensorFormat(.int8)

    public var description: String {
        var text = number?.rawValue ?? "\(significant(bits))bit"
        if group > 0 { text += "/g\(group)" + (scaleBits == 16 ? "" : "s\(significant(scaleBits))") }
        return sparse24 ? text + "+2:4" : text
    }

    public init(parsing text: String) throws(QuantityError) {
        var rest = Substring(text)
        let sparse = rest.hasSuffix("+2:4")
        if sparse { rest = rest.dropLast(4) }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        var group = 0, scaleBits = 16.0
        if parts.count == 2 {
            let halves = parts[1].dropFirst().split(separator: "s", omittingEmptySubsequences: false)
            guard parts[1].hasPrefix("g"), (1...2).contains(halves.count), let size = Int(halves[0]), size > 0, size <= 1 << 20,
                  halves.count == 1 || (decimal(halves[1]).map { $0 > 0 && $0 <= 64 } ?? false)
            else { throw QuantityError(description: "\"\(text)\" is not a tensor format; write a group as in \"int4/g128\" or \"fp4/g16s8\"") }
            group = size
            if halves.count == 2 { scaleBits = decimal(halves[1]) ?? 16 }
        }
        guard parts.count <= 2, let head = parts.first else {
            throw QuantityError(description: "\"\(text)\" is not a tensor format; write one as in \"bf16\", \"int4/g128\" or \"3bit\"")
        }
        if let number = NumberFormat(rawValue: String(head)) {
            self.init(bits: number.bits, number: number, group: group, scaleBits: scaleBits, sparse24: sparse)
        } else if head.hasSuffix("bit"), let bits = decimal(head.dropLast(3)), bits > 0, bits <= 64 {
            self.init(bits: bits, group: group, scaleBits: scaleBits, sparse24: sparse)
        } else {
            let near = nearest(to: String(head), among: NumberFormat.allCases.map(\.rawValue)).map { "did you mean \"\($0)\"?" }
            throw QuantityError(description: "\"\(text)\" is not a tensor format; \(near ?? "write one as in \"bf16\", \"int4/g128\" or \"3bit\"")")
        }
    }
}
