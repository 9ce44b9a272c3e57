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
            guard row.text("note")?.contains("variant not stated") != true else { throw RowError("the row does not know which variant of the device it was, and so how much memory it had") }
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

    /// The most that one device holds: of a step of training, or of inference.
    private mutating func peak(_ row: RowReading) throws(RowError) -> Bytes {
        if let training = try training(row) {
            // What PyTorch's allocator has reserved, or what stands in tensors.
            return row.text("kind")?.contains("reserved") == true ? training.reserved : training.peak.total
        }
        var model = try model(row)
        if row.text("source")?.hasPrefix("litgpt") == true { model.tiedEmbeddings = false }
        return inference(model, try precision(row))
    }

    /// Weights, and where they are quantised the widest product's, widened; short prompts leave nothing else to speak of.
    private func inference(_ model: Model, _ precision: Precision) -> Bytes {
        let quantised = precision.weights.bits < precision.activations.bits
        return model.weightBytes(precision) + (quantised ? precision.activations.bytes(elements: Double(model.vocabulary) * Double(model.hidden)) : .zero)
    }
}
