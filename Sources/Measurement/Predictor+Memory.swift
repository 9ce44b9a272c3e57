import Hardware
import Operators
import Quantities
import Simulation
import Workloads

extension Predictor {
    /// Sizes: of a model's own, of what a run needs, and whether it fits.
    mutating func memoryFigure(_ row: RowReading) throws(RowError) -> Double {
        let metric = row.row.metric
        switch metric {
        case "weight_size": return try size(model(row).weightBytes(try precision(row)), row.row.unit)
        case "kv_cache_dram":
            let cached = try model(row).cacheBytesPerToken(try precision(row).cache) * Double(try row.count("input_len"))
            return try size(cached * Double(try row.count("batch", or: 1)), row.row.unit)
        case "kv_capacity_tokens": return try cachedTokens(row)
        case "peak_mem": return try size(peak(row), row.row.unit)
        case "oom":
            let device = try device(row.row.device), runtime = try? runtime(row.row.software ?? "", for: device)
            // What the runtime and the driver keep for themselves; half a gigabyte where the runtime is not known.
            return try peak(row) + (runtime?.memoryReserved ?? Bytes(5e8)) > device.mainMemory.capacity ? 1 : 0
        default: throw RowError("metric \"\(metric)\" is not predicted yet")
        }
    }

    private mutating func model(_ row: RowReading) throws(RowError) -> Model { try model(row.text("model") ?? "") }
    private func precision(_ row: RowReading) throws(RowError) -> Precision { try Precision(label: row.row.precision ?? "") }

    private func size(_ bytes: Bytes, _ unit: String) throws(RowError) -> Double {
        switch unit {
        case "GB": return bytes.value / 1e9
        case "GiB": return bytes.value / 1073741824
        default: throw RowError("unit \"\(unit)\" is not known for a size")
        }
    }

    /// Cache tokens in what the runtime may fill less the weights.
    private mutating func cachedTokens(_ row: RowReading) throws(RowError) -> Double {
        let model = try model(row), precision = try precision(row)
        let device = try device(row.row.device), runtime = try runtime(row.row.software ?? "", for: device)
        let all = row.text("total_bytes") == nil ? device.mainMemory.capacity : Bytes(try row.number("total_bytes", in: 1...1e15))
        let fraction = row.text("gpu_memory_utilization") == nil ? runtime.memoryFraction : try row.number("gpu_memory_utilization", in: 0.01...1)
        let room = all * fraction - runtime.memoryReserved - model.weightBytes(precision), perToken = model.cacheBytesPerToken(precision.cache)
        guard room > .zero, perToken > .zero else { throw RowError("the weights leave no room for a cache") }
        return room / perToken
    }

    /// The most that one device holds: of a step of fine-tuning, or of inference.
    private mutating func peak(_ row: RowReading) throws(RowError) -> Bytes {
        var model = try model(row)
        let precision = try precision(row), label = row.text("parallelism") ?? ""
        guard !label.hasPrefix("fsdp"), !label.hasPrefix("offload") else { throw RowError("memory of training with parallelism \"\(label)\" is not predicted yet") }
        // litgpt, litgpt/model.py: table and head never share their weights.
        if row.text("source")?.hasPrefix("litgpt") == true { model.tiedEmbeddings = false }
        guard let method = try tuning(row, model) else { return inference(model, precision) }
        guard let batch = row.text("batch").flatMap(Int.init), let prompt = try tunedTokens(row, model) else { throw RowError("the row does not say how many tokens a step has") }
        guard (1...4096).contains(batch) else { throw RowError("batch \(batch) is not within 1 to 4096") }
        // The kernels of bitsandbytes that litgpt called at first kept inputs in 16 bits.
        let kept = row.text("table") == nil ? 32.0 : 16
        return FineTuning(model: model, method: method, precision: precision, tokens: batch * prompt, keptInputs: kept).peak
    }

    /// Weights, and where they are quantised the widest product's, widened; short prompts leave nothing else to speak of.
    private func inference(_ model: Model, _ precision: Precision) -> Bytes {
        let quantised = precision.weights.bits < precision.activations.bits
        return model.weightBytes(precision) + (quantised ? precision.activations.bytes(elements: Double(model.vocabulary) * Double(model.hidden)) : .zero)
    }

    /// What a row trains; nil for inference.
    private func tuning(_ row: RowReading, _ model: Model) throws(RowError) -> FineTuning.Method? {
        // litgpt, tutorials/resource-tables.md: LoRA, Adapter, Adapter v2, LoRA on two devices, inference.
        let tables = ["0": "lora", "1": "adapter", "2": "adapter", "4": "inference"]
        let label = row.row.precision?.lowercased() ?? ""
        let named = ["qlora", "lora", "full"].first { label.hasSuffix($0) }
        switch row.text("method") ?? row.text("table").flatMap({ tables[$0] }) ?? named ?? "inference" {
        case "inference": return nil
        case "full": return .full
        case "lora", "qlora", "adapter":
            let stated = row.text("trainable").flatMap { Double($0.filter { $0 != "," }) }
            // Where nobody counts them a thousandth of the weights: rank 8 to 32 at queries and values.
            return .adapters(parameters: stated ?? Double(model.parameters.total) / 1000)
        case let other: throw RowError("memory of \"\(other)\" is not predicted yet")
        }
    }

    private func tunedTokens(_ row: RowReading, _ model: Model) throws(RowError) -> Int? {
        guard let text = row.text("input_len") else { return nil }
        // The longest example of Alpaca sets the peak: 1304 tokens of Llama's vocabulary (litgpt, tutorials/prepare_dataset.md), a
        // sixth fewer of one of half again as many words.
        if text.hasPrefix("Alpaca") { return model.vocabulary > 40_000 ? 1090 : 1304 }
        return Int(text)
    }
}
