import CostModels
import Hardware
import Operators
import Quantities
import Workloads

/// What a row about one kernel or exchange asks to be predicted: operators one after the other on one device.
struct KernelRun {
    var device: Device
    var operators: [Operator]
    /// The links over which a collective goes.
    var fabric = Fabric()
    /// The exchange starts from the host each time, not out of a captured graph.
    var launched = false
    /// The drive that a copy comes from.
    var source: Device?
    /// The software around it.
    var runtime = KernelRun.runtime

    static let runtime = Runtime.ofMeasuredKernels

    var work: KernelWork {
        KernelWork(device: device, operators: operators, fabric: fabric, launched: launched, source: source, runtime: runtime, measured: .zero)
    }

    var flops: Flops { operators.reduce(.zero) { $0 + $1.flops } }
    var bytes: Bytes { operators.reduce(.zero) { $0 + $1.traffic.memory } }

    /// Time with the device to itself, and what bounds the longest part of it.
    ///
    /// - Parameter gaps: count the pause from one kernel to the next, which no cost model knows of.
    func time(under costs: some CostModel, gaps: Bool) -> (time: Seconds, boundBy: Bound) {
        let gap = gaps ? (launched ? device.kernel.streamGap : device.kernel.graphGap) ?? .zero : .zero
        var total = Seconds.zero, longest = Seconds.zero, bound = Bound.latency
        for operation in operators {
            let demand = work.demand(of: operation, under: costs)
            total += demand.duration + gap
            if demand.duration > longest { (longest, bound) = (demand.duration, demand.boundBy) }
        }
        return (total, bound)
    }
}

extension Device {
    /// Whether so many bytes stay in the last-level cache from one repetition to the next.
    ///
    /// Where the cache has two partitions, each keeps what its own half of the units reads, so that data read by all
    /// units is there twice (NVIDIA A100 whitepaper, "A100 L2 cache"; the same in GH100 and on the two dies of GB100).
    func keeps(_ bytes: Bytes) -> Bool {
        let partitions = ["ampere", "hopper", "blackwell"].contains(architecture) ? 2.0 : 1.0
        return lastLevelCache.map { bytes <= $0.capacity / partitions } ?? false
    }
}

extension KernelRun {
    /// The collectors of the AIConfigurator tables time the same tensors again and again without clearing the cache
    /// (ai-dynamo/aiconfigurator, collector/helper.py, `benchmark_with_power`).
    static func repeats(_ row: RowReading) -> Bool {
        row.row.header.layout == .operators || row.text("source") == "aiconfigurator-silicon"
    }

    /// `gemm`: one product; where its input is multiplied in a narrower format than it arrives in, the kernel that
    /// quantises it is part of what was timed.
    static func gemm(_ row: RowReading, on device: Device) throws(RowError) -> KernelRun {
        let formats = try KernelFormats(row.row.precision)
        let m = try row.count("m"), n = try row.count("n"), k = try row.count("k")
        var operators: [Operator] = []
        // DeepGEMM times the product alone.
        if formats.quantises, row.text("source") != "DeepGEMM" { operators.append(.elementwise(.quantise(rows: m, width: k, from: formats.stream, to: formats.input))) }
        var product = Matmul(m: m, n: n, k: k, activations: formats.input, output: formats.stream, weights: formats.weights, math: formats.math)
        // The collectors run through five or six copies of the weights and start again.
        product.warm = repeats(row) && device.keeps(product.weightBytes * 5)
        operators.append(.matmul(product))
        return KernelRun(device: device, operators: operators)
    }

    /// `attn_prefill`, `attn_decode`: attention and the writing of the new tokens' keys and values.
    static func attention(_ row: RowReading, decode: Bool, on device: Device) throws(RowError) -> KernelRun {
        let math = try KernelFormats(row.text("attn_dtype") ?? row.row.precision?.split(separator: "/").first.map(String.init))
        let cache = try KernelFormats(row.text("kv_cache_dtype") ?? cacheLabel(row) ?? row.row.precision).input
        let batch = try row.count("batch_size", "batch")
        let heads = try row.count("num_heads", "heads", in: 1...65536), dimension = try row.count("head_dim", in: 1...65536)
        var kvHeads = try row.count("num_key_value_heads", "kv_heads", or: 0, in: 0...65536)
        if kvHeads == 0 { kvHeads = heads }
        guard heads % kvHeads == 0 else { throw RowError("\(heads) heads are no multiple of \(kvHeads) cached ones") }
        let window = try row.count("window_size", "window", or: 0, in: 0...RowReading.counts.upperBound)
        let queries = decode ? 1 : try row.count("isl", "input_len")
        let context = decode ? try decodeContext(row) : queries
        let tokens = batch.multipliedReportingOverflow(by: queries)
        guard !tokens.overflow, RowReading.counts.contains(tokens.partialValue) else { throw RowError("\(batch) sequences of \(queries) tokens are too many") }
        let write = Elementwise.cacheWrite(tokens: tokens.partialValue, width: 2 * kvHeads * dimension, activations: .bf16, cache: cache)
        var attention = Attention(batch: batch, queries: queries, context: context, heads: heads, kvHeads: kvHeads, keyDimension: dimension,
                                  valueDimension: dimension, window: window, activations: math.input, cache: cache, math: math.math)
        // The collector of TensorRT-LLM 1.0 gave keys and values one buffer (collector/trtllm/collect_attn.py, `SELFKONLY`):
        // grouped-query kernels read it once.
        attention.sharedKeyValue = decode && kvHeads < heads && row.text("framework") == "TRTLLM" && row.text("version")?.hasPrefix("1.0.") == true
        attention.warm = repeats(row) && device.keeps(attention.cacheBytes)
        return KernelRun(device: device, operators: [.elementwise(write), .attention(attention)])
    }

    private static func decodeContext(_ row: RowReading) throws(RowError) -> Int {
        if row.text("kv_len") != nil { return try row.count("kv_len") }
        return try row.count("isl", "input_len") + row.count("step", in: 0...RowReading.counts.upperBound)
    }

    /// The `kv_fp8` of a precision such as `bfloat16/kv_fp8`.
    private static func cacheLabel(_ row: RowReading) -> String? {
        row.row.precision?.split(separator: "/").first { $0.hasPrefix("kv_") }.map { String($0.dropFirst(3)) }
    }

    /// Devices that take part in a collective.
    static func participants(_ row: RowReading) throws(RowError) -> Int { try row.count("num_gpus", "ep_size", "n_devices", in: 2...65536) }

    /// All of them where the row does not say.
    static func devicesPerNode(_ row: RowReading) throws(RowError) -> Int {
        let devices = try participants(row)
        return min(devices, try row.count("devices_per_node", or: devices, in: 1...65536))
    }

    /// `comm`: one collective.
    static func collective(_ row: RowReading, on device: Device, over fabric: Fabric) throws(RowError) -> KernelRun {
        let devices = try participants(row), perNode = try devicesPerNode(row)
        if perNode < devices, fabric.across == nil { throw RowError("the exchange crosses nodes over a network that nobody describes") }
        let label = row.text("dtype", "precision")
        let format: TensorFormat = switch label {
        case "int8"?: .int8
        // Vidur's collectives are of 16-bit numbers.
        case nil where row.text("size_raw") != nil: .fp16
        default: try KernelFormats(label).input
        }
        // nccl-tests states the size of the largest buffer: for an all-gather what every member ends up with. Vidur states
        // bytes: as elements, its point-to-point transfers would exceed NVLink's rate.
        let message = row.text("size_raw") == nil ? format.bytes(elements: try row.number("message_size", "elements", in: 1...1e15))
            : Bytes(try row.number("size_raw", in: 1...1e15))
        let name = row.text("collective") ?? ""
        let (kind, bytes): (Collective.Kind, Bytes) = switch name {
        case "all_reduce", "custom_all_reduce", "all_reduce_custom": (.allReduce, message)
        case "send_recv": (.send, message)
        case "reduce_scatter": (.reduceScatter, message)
        case "all_gather": (.allGather, message / Double(devices))
        case "alltoall", "all_to_all": (.allToAll, message)
        default: throw RowError("collective \"\(name)\" is not known")
        }
        return KernelRun(device: device, operators: [.collective(Collective(kind, participants: devices, participantsPerNode: perNode, bytes: bytes, format: format))],
                         fabric: fabric, launched: !name.contains("custom"))
    }

    /// `moe_all2all`: tokens travel to the ranks of their experts, or the results back.
    static func exchange(_ row: RowReading, on device: Device, over fabric: Fabric) throws(RowError) -> KernelRun {
        // TensorRT-LLM's exchange over the NVLink of a whole rack: no node is left, and the batch is a rank's.
        let overRack = row.text("kernel")?.hasPrefix("NVLink") == true
        let ranks = try participants(row), tokens = try overRack ? row.count("batch") : row.count("num_tokens", "tokens_per_rank")
        let hidden = try row.count("hidden_size", "hidden"), topK = try row.count("topk", in: 1...65536)
        let experts = try row.count("num_experts", "experts", or: 256, in: 1...65536)
        guard topK <= experts, experts % ranks == 0 else { throw RowError("\(topK) of \(experts) experts on \(ranks) ranks") }
        let nodes = try row.count("node_num", or: overRack ? 1 : max(1, ranks / 8), in: 1...65536)
        let stage = row.row.exchangeStage, kind = row.text("comm_backend", "kind") ?? ""
        guard let direction = ["dispatch", "combine", "prepare"].first(where: { stage.hasPrefix($0) }) else { throw RowError("direction \"\(stage)\" is not known") }
        if direction == "prepare" {
            // Beforehand every rank learns the experts of each token, and their weights: two numbers of 32 bits a choice.
            let routes = TensorFormat.fp32.bytes(elements: Double(tokens) * Double(topK) * 2)
            return KernelRun(device: device, operators: [.collective(Collective(.allToAll, participants: ranks, bytes: routes, format: .fp32, messages: tokens))], fabric: fabric)
        }
        // Tidy runs of DeepEP's kernels state both directions: "fp8/bf16".
        let stated = row.text("comm_dtype", "dtype")
            ?? (kind == "normal" || kind == "low_latency" || overRack ? row.row.precision?.split(separator: "/").first.map(String.init) : nil)
        let format: TensorFormat = switch (stated ?? "default", stage) {
        case ("fp8", "dispatch"): try KernelFormats("fp8_block").input
        case ("nvfp4", "dispatch"), ("fp4", _), (_, "combine_low_precision"): try KernelFormats("nvfp4").input
        // Results travel in 16 bits unless the kernel was asked for a narrow combine.
        default: .bf16
        }
        let isLowLatency = kind.hasSuffix("_ll") || kind.hasSuffix("generation") || kind == "low_latency"
        let copies = isLowLatency ? Double(topK) : distinctRanks(topK: topK, experts: experts, ranks: ranks)
        let bytes = format.bytes(elements: Double(tokens) * copies * Double(hidden))
        var collective = Collective(.allToAll, participants: ranks, participantsPerNode: max(1, ranks / nodes), bytes: bytes, format: format, messages: tokens,
                                    messageBytes: format.bytes(elements: Double(hidden)))
        if kind == "normal" {
            collective.units = try row.count("sms", or: 0, in: 0...65536)
            // DeepEP's normal kernels send a token once to each node with any of its experts, where NVLink carries it on (README.md, deepseek-ai/DeepEP).
            if nodes > 1, experts % nodes == 0 {
                collective.relayed = format.bytes(elements: Double(tokens) * distinctRanks(topK: topK, experts: experts, ranks: nodes) * Double(hidden))
            }
        }
        return KernelRun(device: device, operators: [.collective(collective)], fabric: fabric)
    }

    /// Ranks to which a token has to go when its `topK` experts are any of all: each rank is left out with probability
    /// C(experts − experts/ranks, topK) / C(experts, topK).
    static func distinctRanks(topK: Int, experts: Int, ranks: Int) -> Double {
        let others = experts - experts / ranks
        var missed = 1.0
        for i in 0..<topK { missed *= max(0, Double(others - i)) / Double(experts - i) }
        return Double(ranks) * (1 - missed)
    }
}
