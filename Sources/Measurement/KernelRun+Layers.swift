import Hardware
import Operators
import Quantities
import Workloads

extension KernelRun {
    /// `gemm` rows that name a layer of a model instead of a shape: one product of it, its share of a tensor-parallel group.
    ///
    /// LLMServingSim names Hugging Face's modules (`q_proj`, `gate_up_proj` …) of a model of the library; Vidur states the
    /// dimensions and calls them `attn_pre_proj`, `attn_post_proj`, `mlp_up_proj`, `mlp_down_proj`.
    ///
    /// - Parameter model: looked up only for rows without dimensions of their own.
    static func layer(_ row: RowReading, on device: Device, of model: (String) throws(RowError) -> Model) throws(RowError) -> KernelRun {
        let tokens = try row.count("tokens", "input"), tensor = try tensorParallelism(row)
        let formats = try KernelFormats(row.row.precision)
        let (n, k) = row.text("n_embd") == nil ? try moduleShape(row, model, tensor) : try vidurShape(row, tensor)
        guard n > 0, k > 0 else { throw RowError("the layer has nothing to multiply on one of \(tensor) devices") }
        return KernelRun(device: device, operators: [.matmul(Matmul(m: tokens, n: n, k: k, activations: formats.input, output: formats.stream,
                                                                    weights: formats.weights, math: formats.math))])
    }

    private static func tensorParallelism(_ row: RowReading) throws(RowError) -> Int {
        if row.text("tp") != nil { return try row.count("tp", in: 1...1024) }
        guard let label = row.text("parallelism"), label.hasPrefix("tp"), let size = Int(label.dropFirst(2).prefix { $0.isNumber }), (1...1024).contains(size) else { return 1 }
        return size
    }

    private static func moduleShape(_ row: RowReading, _ model: (String) throws(RowError) -> Model, _ tensor: Int) throws(RowError) -> (n: Int, k: Int) {
        let model = try model(row.text("model") ?? "")
        guard let stack = model.decoder else { throw RowError("\"\(model.name)\" has no decoder") }
        let h = model.hidden, attention = stack.attention, inner = stack.feedForward.dimension / tensor
        let queries = attention.heads * attention.headDimension / tensor, keys = max(1, attention.kvHeads / tensor) * attention.headDimension
        return switch row.text("layer") ?? "" {
        case "q_proj": (queries, h)
        case "k_proj", "v_proj": (keys, h)
        case "qkv_proj": (queries + 2 * keys, h)
        case "o_proj": (h, queries)
        case "gate_proj", "up_proj": (inner, h)
        case "gate_up_proj": (2 * inner, h)
        case "down_proj": (h, inner)
        case "lm_head": (model.vocabulary / tensor, h)
        case let other: throw RowError("layer \"\(other)\" is not known")
        }
    }

    private static func vidurShape(_ row: RowReading, _ tensor: Int) throws(RowError) -> (n: Int, k: Int) {
        let h = try row.count("n_embd"), heads = try row.count("heads", in: 1...65536), kvHeads = try row.count("kv_heads", in: 1...65536)
        let inner = try row.count("ffn") / tensor, gated = row.text("gated") == "true"
        return switch row.text("op") ?? "" {
        case "attn_pre_proj": ((heads + 2 * kvHeads) * (h / heads) / tensor, h)
        case "attn_post_proj": (h, h / tensor)
        case "mlp_up_proj": (gated ? 2 * inner : inner, h)
        case "mlp_down_proj": (h, inner)
        case let other: throw RowError("layer \"\(other)\" is not known")
        }
    }

    /// Attention rows that name a model: a chunk of a prompt behind cached keys, or decoding sequences.
    static func layerAttention(_ row: RowReading, on device: Device, of model: (String) throws(RowError) -> Model) throws(RowError) -> KernelRun {
        let shape = try model(row.text("model") ?? ""), tensor = try tensorParallelism(row)
        guard let attention = shape.decoder?.attention else { throw RowError("\"\(shape.name)\" has no decoder") }
        let formats = try KernelFormats(row.row.precision)
        let any = 0...RowReading.counts.upperBound
        let chunk = try row.count("prefill_chunk", "input", in: any), before = try row.count("kv_prefill", "kv_cache", or: 0, in: any)
        let decoding = try row.count("n_decode", or: 0, in: 0...(1 << 20)), cached = try row.count("kv_decode", or: 0, in: any)
        let heads = max(1, attention.heads / tensor), kvHeads = max(1, attention.kvHeads / tensor)
        func operators(_ batch: Int, _ queries: Int, _ context: Int) -> [Operator] {
            [.elementwise(.cacheWrite(tokens: batch * queries, width: 2 * kvHeads * attention.headDimension, activations: formats.input, cache: formats.input)),
             .attention(Attention(batch: batch, queries: queries, context: context, heads: heads, kvHeads: kvHeads, keyDimension: attention.headDimension,
                                  valueDimension: attention.headDimension, window: attention.window, activations: formats.input, cache: formats.input))]
        }
        var all: [Operator] = []
        if chunk > 0 { all += operators(1, chunk, before + chunk) }
        if decoding > 0 { all += operators(decoding, 1, cached + 1) }
        guard !all.isEmpty else { throw RowError("no tokens attend") }
        return KernelRun(device: device, operators: all)
    }
}
