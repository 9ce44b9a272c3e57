import Documents

/// An operator with its shapes, or a kernel, as PyTorch's profiler names them; what it is in the measured-run format.
struct OperatorLabel: Hashable {
    var name: String
    var kernel: String
    /// Dimensions of each input, `[[8, 32], [32, 48]]`; empty where the profiler did not record shapes.
    var dimensions: [[Int]] = []
    var types: [String] = []
    var isCausal = false
    var bytes: Int?

    init(name: String, kernel: String, bytes: Int? = nil) {
        self.name = name
        self.kernel = kernel
        self.bytes = bytes
    }

    init(name: String, kernel: String, arguments: JSON) {
        self.init(name: name, kernel: kernel)
        if case .array(let inputs)? = arguments["Input Dims"] ?? arguments["Input dims"] { dimensions = inputs.map(Self.numbers) }
        if case .array(let inputs)? = arguments["Input type"] { types = inputs.map { ImportedJSON.text($0) ?? "" } }
        if let place = Self.causalFlag[name], case .array(let inputs)? = arguments["Concrete Inputs"] {
            let flags = inputs.filter { $0 == .string("True") || $0 == .string("False") }
            isCausal = flags.count > place && flags[place] == .string("True")
        }
    }

    /// PyTorch's attention operators that start kernels themselves, and which of their yes-or-no inputs is `is_causal`
    /// (aten/src/ATen/native/native_functions.yaml).
    private static let causalFlag = [
        "aten::_scaled_dot_product_flash_attention": 0, "aten::_scaled_dot_product_flash_attention_for_cpu": 0, "aten::_flash_attention_forward": 0,
        "aten::_scaled_dot_product_efficient_attention": 1, "aten::_scaled_dot_product_cudnn_attention": 1,
    ]

    private static func numbers(_ json: JSON) -> [Int] {
        guard case .array(let values) = json else { return [] }
        return values.compactMap { value in
            guard case .number(let text) = value, let number = Int(text), (0...(1 << 40)).contains(number) else { return nil }
            return number
        }
    }

    /// The row, still without its figure. Products and attention get the names and dimensions under which they are predicted.
    func record(kernel: OperatorLabel?) -> MeasuredRecord {
        var record = MeasuredRecord(family: "operator", phase: name, metric: "kernel_latency", value: 0, unit: "ms")
        if let kernel, name.isEmpty || isAuxiliary(kernel.kernel) {
            (record.family, record.phase) = Self.copy(kernel.kernel).map { ("copy", $0) } ?? ("kernel", name.isEmpty ? Self.short(kernel.kernel) : name)
            record.add("kernel", .string(String(kernel.kernel.prefix(240))))
            record.add("bytes", JSON(kernel.bytes))
            return record
        }
        record.precision = Self.precision(types.first ?? "")
        if let (m, n, k) = product {
            (record.family, record.phase) = ("gemm", "gemm")
            for (key, value) in [("m", m), ("n", n), ("k", k)] { record.add(key, JSON(value)) }
            record.add("operator", .string(name))
        } else if let attention {
            record.family = attention.decodes ? "attn_decode" : "attn_prefill"
            record.phase = record.family
            (record.batch, record.inputLength) = (attention.batch, attention.context)
            for (key, value) in [("heads", attention.heads), ("kv_heads", attention.kvHeads), ("head_dim", attention.dimension)] { record.add(key, JSON(value)) }
            if attention.decodes { record.add("kv_len", JSON(attention.context)) }
            record.add("operator", .string(name))
        } else if !dimensions.isEmpty {
            record.add("input_dims", .array(dimensions.map { .array($0.map { JSON($0) }) }))
        }
        if let kernel { record.add("kernel", .string(String(kernel.kernel.prefix(240)))) }
        return record
    }

    /// A copy, or the second pass of a split product: not the work that the operator is known for.
    private func isAuxiliary(_ kernel: String) -> Bool {
        Self.copy(kernel) != nil || kernel.hasPrefix("Memset") || kernel.contains("splitKreduce") || kernel.contains("flash_fwd_splitkv_combine")
    }

    /// C[m,n] = A[m,k] · B[k,n] of `mm` and `addmm`.
    private var product: (m: Int, n: Int, k: Int)? {
        let first = switch name {
        case "aten::mm", "aten::_int_mm", "aten::_scaled_mm": 0
        case "aten::addmm": 1
        default: -1
        }
        guard first >= 0, dimensions.count > first + 1 else { return nil }
        let a = dimensions[first], b = dimensions[first + 1]
        guard a.count == 2, b.count == 2, a[1] == b[0], a[0] > 0, a[1] > 0, b[1] > 0 else { return nil }
        return (a[0], b[1], a[1])
    }

    /// Causal attention over a prompt, or of one query: [batch, heads, tokens, dimension] of query and key; tokens stand
    /// before heads in `_flash_attention_forward`.
    private var attention: (batch: Int, heads: Int, kvHeads: Int, dimension: Int, context: Int, decodes: Bool)? {
        guard Self.causalFlag[name] != nil, dimensions.count >= 3 else { return nil }
        var q = dimensions[0], k = dimensions[1]
        guard q.count == 4, k.count == 4, q[0] == k[0], q[3] == k[3], q.allSatisfy({ $0 > 0 }), k.allSatisfy({ $0 > 0 }) else { return nil }
        if name == "aten::_flash_attention_forward" {
            q.swapAt(1, 2)
            k.swapAt(1, 2)
        }
        guard q[2] == 1 || isCausal && q[2] == k[2] else { return nil }
        return (q[0], q[1], k[1], q[3], k[2], q[2] == 1)
    }

    static func precision(_ type: String) -> String {
        switch type {
        case "c10::BFloat16": "bfloat16"
        case "c10::Half": "half"
        case "float": "fp32"
        case "c10::Float8_e4m3fn": "fp8_operands"
        case "signed char": "int8_operands"
        case let other where other.hasSuffix("List") || other == "Scalar": ""
        case let other: other
        }
    }

    /// `Memcpy HtoD (Pinned -> Device)` as the copy it is.
    static func copy(_ kernel: String) -> String? {
        guard kernel.hasPrefix("Memcpy ") else { return nil }
        let direction = kernel.dropFirst(7).prefix { $0 != " " }
        return ["HtoD": "h2d", "DtoH": "d2h", "DtoD": "d2d", "PtoP": "p2p"][String(direction)] ?? String(direction).lowercased()
    }

    /// A kernel's name without its arguments and what it returns.
    static func short(_ kernel: String) -> String {
        let name = kernel.hasPrefix("void ") ? kernel.dropFirst(5) : Substring(kernel)
        let end = name.firstIndex { $0 == "<" || $0 == "(" } ?? name.endIndex
        return String((end == name.startIndex ? name : name[..<end]).prefix(120))
    }
}
