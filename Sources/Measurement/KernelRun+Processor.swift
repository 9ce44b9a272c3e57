import Hardware
import Operators
import Quantities
import Workloads

/// Rows of `orrery measure cpu`: one operator of the reference kernels each, arithmetic in fp32.
extension KernelRun {
    static let processorPhases: Set<String> = ["gemm", "attn_prefill", "attn_decode", "moe_gemm", "elementwise", "copy", "offload"]

    /// - Parameter drive: the device that a label names, for reads of files.
    static func processor(_ row: RowReading, on device: Device, drive: (String) throws(RowError) -> Device) throws(RowError) -> KernelRun {
        switch row.row.phase {
        case "gemm": return try gemm(row, on: device)
        case "attn_prefill", "attn_decode": return KernelRun(device: device, operators: [.attention(try hostAttention(row))])
        case "moe_gemm": return KernelRun(device: device, operators: [.grouped(try balancedExperts(row))])
        case "copy":
            let bytes = try row.count("bytes")
            return KernelRun(device: device, operators: [.elementwise(.copied(Bytes(bytes)))])
        case "offload":
            guard let label = row.text("storage") else { throw RowError("no storage: the row does not say which drive was read") }
            let drive = try drive(label)
            var run = KernelRun(device: device, operators: [.copy(Copy(from: drive.id, to: device.id, bytes: Bytes(try row.count("bytes"))))])
            run.source = drive
            return run
        default: return KernelRun(device: device, operators: [.elementwise(try hostElementwise(row))])
        }
    }

    private static func hostAttention(_ row: RowReading) throws(RowError) -> Attention {
        let formats = try KernelFormats(row.row.precision), decodes = row.row.phase == "attn_decode"
        let context = decodes ? try row.count("kv_len", "input_len") : try row.count("input_len")
        let heads = try row.count("heads", in: 1...65536), kvHeads = try row.count("kv_heads", in: 1...65536), d = try row.count("head_dim", in: 1...65536)
        guard heads % kvHeads == 0 else { throw RowError("\(heads) heads are no multiple of \(kvHeads) cached ones") }
        var attention = Attention(batch: try row.count("batch", or: 1, in: 1...(1 << 20)), queries: decodes ? 1 : context, context: context, heads: heads,
                                  kvHeads: kvHeads, keyDimension: d, valueDimension: d, activations: formats.input, cache: formats.input)
        // The keys of a prompt were written just before.
        attention.warm = !decodes
        return attention
    }

    /// Tokens spread evenly over the experts that they reach.
    private static func balancedExperts(_ row: RowReading) throws(RowError) -> GroupedMatmul {
        let formats = try KernelFormats(row.row.precision), experts = try row.count("experts", in: 1...16384)
        let rows = try row.count("tokens", in: 1...(1 << 20)) * (try row.count("topk", in: 1...4096))
        return GroupedMatmul(tokens: (0..<experts).map { rows * ($0 + 1) / experts - rows * $0 / experts }, n: try row.count("n"), k: try row.count("k"),
                             activations: formats.input, output: formats.stream, weights: formats.weights, math: formats.math)
    }

    private static func hostElementwise(_ row: RowReading) throws(RowError) -> Elementwise {
        let kernel = row.text("phase") ?? "", narrow = 1...(1 << 24)
        switch kernel {
        case "router", "permute", "combine":
            let tokens = try row.count("tokens", in: narrow), topK = try row.count("topk", in: 1...4096)
            switch kernel {
            case "router": return .router(tokens: tokens, experts: try row.count("experts", in: 1...16384), topK: topK, activations: .fp32)
            case "permute": return .permute(tokens: tokens, copies: tokens * topK, width: try row.count("width", in: narrow), activations: .fp32)
            default: return .combine(tokens: tokens, copies: tokens * topK, width: try row.count("width", in: narrow), activations: .fp32)
            }
        case "rotary":
            let d = try row.count("head_dim", in: narrow)
            return .rotary(tokens: try row.count("rows", in: narrow), width: try row.count("heads", in: 1...65536) * d, table: d, activations: .fp32, cache: .fp32)
        default: break
        }
        let rows = try row.count("rows", in: narrow), width = try row.count("width", in: narrow)
        return switch kernel {
        case "rms_norm": .norm(.rms, rows: rows, width: width, residual: false, activations: .fp32, vectors: .fp32)
        case "layer_norm": .norm(.layer, rows: rows, width: width, residual: false, activations: .fp32, vectors: .fp32)
        case "softmax": .softmax(rows: rows, width: width, activations: .fp32)
        case "silu_mul": .activation(.swiglu, rows: rows, width: width, activations: .fp32)
        case "gelu": .activation(.gelu, rows: rows, width: width, activations: .fp32)
        case "add": .sum(rows: rows, width: width, activations: .fp32)
        case "embedding": .embedding(tokens: rows, width: width, tables: 1, share: 1, table: .fp32, activations: .fp32)
        default: throw RowError("kernel \"\(kernel)\" is not known")
        }
    }
}

extension Elementwise {
    /// Bytes from one place of the memory to another, counted in numbers of 32 bits.
    static func copied(_ bytes: Bytes) -> Elementwise {
        Elementwise(.move, rows: 1, width: max(1, Int(bytes.value / 4)), flopsPerElement: 0, moved: Traffic(activationsRead: bytes, activationsWritten: bytes))
    }
}
