import Documents
import Operators
import Quantities

/// The values of a row under the names that either format uses: its columns, and the members of `op_params`.
struct RowReading {
    let row: MeasuredRow
    private var parameters: [String: String] = [:]

    /// - Throws: `RowError` where `op_params` is no JSON object.
    init(_ row: MeasuredRow) throws(RowError) {
        self.row = row
        guard let text = row["op_params"] else { return }
        guard let document = try? Document(file: "op_params", text: text.utf8), case .object(let members) = document.json else {
            throw RowError("op_params is no JSON object")
        }
        for member in members {
            switch member.value {
            case .number(let text), .string(let text): parameters[member.key] = text
            case .bool(let value): parameters[member.key] = value ? "true" : "false"
            case .null, .array, .object: break
            }
        }
    }

    /// The text of the first of these names that the row has.
    func text(_ names: String...) -> String? { text(names) }

    func text(_ names: [String]) -> String? {
        for name in names {
            if let value = parameters[name] ?? row[name] { return value }
        }
        return nil
    }

    /// A whole number within `range`. Tables that passed through a spreadsheet write `3.35544e+07`.
    ///
    /// - Throws: `RowError` where no name is there, or the text is no whole number in range.
    func count(_ names: String..., in range: ClosedRange<Int> = RowReading.counts) throws(RowError) -> Int {
        guard let text = text(names) else { throw RowError("no \(names[0])") }
        return try Self.count(text, names[0], in: range)
    }

    func count(_ names: String..., or fallback: Int, in range: ClosedRange<Int> = RowReading.counts) throws(RowError) -> Int {
        guard let text = text(names) else { return fallback }
        return try Self.count(text, names[0], in: range)
    }

    private static func count(_ text: String, _ name: String, in range: ClosedRange<Int>) throws(RowError) -> Int {
        guard let value = Int(text) ?? Double(text).flatMap({ Int(exactly: $0.rounded()) }) else {
            throw RowError("\(name) \"\(text)\" is no whole number")
        }
        guard range.contains(value) else { throw RowError("\(name) \(value) is not within \(range.lowerBound) to \(range.upperBound)") }
        return value
    }

    /// What a dimension may be: a product of any three, doubled, is still exact in 64 bits where it is formed in integers.
    static let counts = 1...(1 << 28)

    func number(_ names: String..., in range: ClosedRange<Double>) throws(RowError) -> Double {
        guard let text = text(names) else { throw RowError("no \(names[0])") }
        guard let value = Double(text), range.contains(value) else { throw RowError("\(names[0]) \"\(text)\" is not within its range") }
        return value
    }
}

/// The formats in which a kernel reads, multiplies and writes, as the label of a measured row states them.
struct KernelFormats: Equatable {
    /// Format in which the product's left operand is multiplied.
    var input: TensorFormat
    var weights: TensorFormat
    var math: NumberFormat
    /// Format in which activations arrive and leave.
    var stream: TensorFormat

    /// The input was in its narrow format before the timing started.
    var arrivesNarrow = false

    /// The input is brought into its narrower format by a kernel of its own before the product.
    var quantises: Bool { input != stream && !arrivesNarrow }

    /// - Parameter label: `bfloat16`, `fp8` … as in the operator tables, or the precision of a run (`bf16/fp16`).
    init(_ label: String?) throws(RowError) {
        func plain(_ format: TensorFormat) -> KernelFormats {
            KernelFormats(input: format, weights: format, math: format.number ?? .bf16, stream: format)
        }
        let fp8Group = TensorFormat(bits: 8, number: .fp8, group: 128, scaleBits: 32)
        let nvfp4 = TensorFormat(bits: 4, number: .fp4, group: 16, scaleBits: 8)
        let mxfp4 = TensorFormat(bits: 4, number: .fp4, group: 32, scaleBits: 8)
        switch label?.lowercased() {
        case "bfloat16"?, "bf16"?, "bf16/fp16"?, "fp16/bf16"?: self = plain(.bf16)
        case "float16"?, "fp16"?, "half"?: self = plain(.fp16)
        case "float32"?, "fp32"?: self = plain(.fp32)
        // One scale a tensor or a row: nothing to count.
        case "fp8"?: self = KernelFormats(input: .fp8, weights: .fp8, math: .fp8, stream: .bf16)
        case "fp8_operands"?: self = KernelFormats(input: .fp8, weights: .fp8, math: .fp8, stream: .bf16, arrivesNarrow: true)
        // Sums of 32-bit integers leave the product: as wide as fp32.
        case "int8_operands"?: self = KernelFormats(input: .int8, weights: .int8, math: .int8, stream: .fp32, arrivesNarrow: true)
        // One 32-bit scale for 128 elements of an activation row and for 128 × 128 weights (DeepSeek-V3, arXiv 2412.19437, 3.3.2).
        case "fp8_block"?, "fp8(1x128/128x128 scaled)"?:
            self = KernelFormats(input: fp8Group, weights: TensorFormat(bits: 8, number: .fp8, group: 128 * 128, scaleBits: 32), math: .fp8, stream: .bf16)
        case "nvfp4"?: self = KernelFormats(input: nvfp4, weights: nvfp4, math: .fp4, stream: .bf16)
        // The kernels of ReferenceKernels: fp32 arithmetic, groups of 128 weights.
        case "w8a32_g128"?: self = KernelFormats(input: .fp32, weights: TensorFormat(bits: 8, number: .int8, group: 128), math: .fp32, stream: .fp32)
        case "w4a32_g128"?: self = KernelFormats(input: .fp32, weights: TensorFormat(bits: 4, number: .int4, group: 128), math: .fp32, stream: .fp32)
        case "fp32_sparse24"?:
            self = KernelFormats(input: .fp32, weights: TensorFormat(bits: 32, number: .fp32, sparse24: true), math: .fp32, stream: .fp32)
        case "int8_wo"?: self = KernelFormats(input: .fp16, weights: .int8, math: .fp16, stream: .fp16)
        case "int4_wo"?: self = KernelFormats(input: .fp16, weights: TensorFormat(bits: 4, number: .int4), math: .fp16, stream: .fp16)
        // SmoothQuant (arXiv 2211.10438): the input is 8-bit integers already, the output is 16-bit.
        case "sq"?: self = KernelFormats(input: .int8, weights: .int8, math: .int8, stream: .int8)
        case "w4a16_mxfp4"?: self = KernelFormats(input: .bf16, weights: mxfp4, math: .bf16, stream: .bf16)
        case "w4a8_mxfp4_mxfp8"?:
            self = KernelFormats(input: TensorFormat(bits: 8, number: .fp8, group: 32, scaleBits: 8), weights: mxfp4, math: .fp8, stream: .bf16)
        case let other?: throw RowError("precision \"\(other)\" is not known")
        case nil: throw RowError("no precision")
        }
    }

    init(input: TensorFormat, weights: TensorFormat, math: NumberFormat, stream: TensorFormat, arrivesNarrow: Bool = false) {
        self.arrivesNarrow = arrivesNarrow
        self.input = input
        self.weights = weights
        self.math = math
        self.stream = stream
    }
}
