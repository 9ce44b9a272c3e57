import CostModels
import Documents
import Hardware
import Operators
import Quantities
import Workloads

extension Predictor {
    /// The job, system and runtime of a row about a whole model.
    mutating func modelRun(_ row: RowReading) throws(RowError) -> ModelRun {
        let outputs = try row.count("output_len", or: 1, in: 0...RowReading.counts.upperBound)
        guard let phase = ModelRun.phase(of: row.row.metric, outputs: outputs) else {
            throw RowError("metric \"\(row.row.metric)\" is not predicted yet")
        }
        let device = try device(row.row.device)
        let stated = try Self.statedModel(row)
        var model = if let stated { stated } else { try model(row.text("model") ?? "") }
        // It ran: whatever its configuration says of the longest context.
        model.maxContext = nil
        let runtime = try runtime(row.row.software ?? "", for: device)
        let precision = try Precision(label: row.row.precision ?? "")
        let (tensor, pipeline) = try Self.parallelism(row)
        var system = try system(of: device, count: tensor * pipeline)
        var placement = Placement()
        if let drive = try drive(row) {
            system = System(single: device, drive: drive)
            placement.weights = [Placement.Share(group: "ssd", share: 1)]
        }
        var assumptions: [String] = []
        var prompt: Int
        if row.text("input_len") == "short", row.text("source") == "gpt-fast" {
            // pytorch-labs/gpt-fast, generate.py: the prompt is "Hello, my name is" unless another is given.
            prompt = 6
            assumptions.append("the prompt is gpt-fast's own")
        } else {
            guard row.text("input_len") != nil else { throw RowError("no input_len") }
            prompt = try row.count("input_len", in: 0...RowReading.counts.upperBound)
        }
        // Reading the cache is linear in the context: the step at the mean context stands for all.
        if phase == .decode, stated == nil { prompt += outputs / 2 }
        let batch = try row.count("batch", or: 1, in: 1...(1 << 20))
        let work = ModelJob(model: model, phase: phase, batch: batch, prompt: max(1, prompt), output: phase == .generate ? max(1, outputs) : 1,
                            precision: precision, parallelism: Parallelism(tensor: tensor, pipeline: pipeline), placement: placement)
        return ModelRun(work: work, system: system, runtime: runtime, assumptions: assumptions)
    }

    /// `tp4`, `tp8_pp2`; nothing where one device is named.
    private static func parallelism(_ row: RowReading) throws(RowError) -> (tensor: Int, pipeline: Int) {
        let devices = try row.count("n_devices", or: 1, in: 1...4096)
        guard let label = row.text("parallelism") else {
            guard devices == 1 else { throw RowError("\(devices) devices, but no parallelism") }
            return (1, 1)
        }
        guard !label.contains("no NVLink") else { throw RowError("no system of the library joins these devices by PCI Express") }
        var tensor = 1, pipeline = 1
        for part in label.split(separator: "_") {
            if part.hasPrefix("tp"), let size = Int(part.dropFirst(2)), (1...1024).contains(size) {
                tensor = size
            } else if part.hasPrefix("pp"), let size = Int(part.dropFirst(2)), (1...1024).contains(size) {
                pipeline = size
            } else if part != "ep1", part != "dp1" {
                throw RowError("parallelism \"\(label)\" is not predicted yet")
            }
        }
        return (tensor, pipeline)
    }

    /// Figures of a model's own, without any device: the size of its weights, of its cache.
    mutating func memoryFigure(_ row: RowReading) throws(RowError) -> Double {
        let metric = row.row.metric
        guard ["weight_size", "kv_cache_dram", "kv_capacity_tokens"].contains(metric) else { throw RowError("metric \"\(metric)\" is not predicted yet") }
        let model = try model(row.text("model") ?? ""), precision = try Precision(label: row.row.precision ?? "")
        let perToken = model.cacheBytesPerToken(precision.cache)
        let bytes: Bytes
        switch metric {
        case "weight_size": bytes = model.weightBytes(precision)
        case "kv_cache_dram": bytes = perToken * Double(try row.count("input_len")) * Double(try row.count("batch", or: 1))
        default:
            let device = try device(row.row.device), runtime = try runtime(row.row.software ?? "", for: device)
            let room = device.mainMemory.capacity * runtime.memoryFraction - runtime.memoryReserved - model.weightBytes(precision)
            guard room > .zero, perToken > .zero else { throw RowError("the weights leave no room for a cache") }
            return room / perToken
        }
        switch row.row.unit {
        case "GB": return bytes.value / 1e9
        case "GiB": return bytes.value / 1073741824
        default: throw RowError("unit \"\(row.row.unit)\" is not known for a size")
        }
    }

    // MARK: Looking up

    /// A model by its name at Hugging Face, its last part, or without what only says how it was tuned.
    mutating func model(_ label: String) throws(RowError) -> Model {
        if let known = models[label] { return try known.get() }
        var found: Result<Model, RowError> = .failure(RowError("model \"\(label)\" is not in the library"))
        var names = [label, label.split(separator: "/").last.map(String.init) ?? label]
        let tunings = ["-hf", "-instruct", "-chat", "-it", "-base"]
        while let ending = tunings.first(where: { (names.last ?? "").lowercased().hasSuffix($0) }) {
            names.append(String((names.last ?? "").dropLast(ending.count)))
        }
        for name in names where !name.isEmpty {
            guard let document = try? library.find(name, on: .models), let model = try? Model(reading: document, id: label) else { continue }
            found = .success(model)
            break
        }
        if models.count < Self.mostLabels { models[label] = found }
        return try found.get()
    }

    /// The runtime whose id or alias is the longest word of the software's name: `PyTorch gpt-fast (compile)` is gpt-fast.
    mutating func runtime(_ software: String, for device: Device) throws(RowError) -> Runtime {
        let words = software.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }.map(String.init)
        var best: (name: String, runtime: Runtime)?
        for runtime in runtimes where runtime.runsOn.contains(device.kind) {
            for name in [runtime.id] + runtime.aliases where words.contains(name.lowercased()) && name.count > best?.name.count ?? 0 {
                best = (name, runtime)
            }
        }
        // One framework drives several kinds of device, each by a runtime of its own: `pytorch-cpu` is PyTorch, too.
        if best == nil, let sibling = runtimes.first(where: { $0.runsOn == [device.kind] && words.contains(String($0.id.prefix { $0 != "-" })) }) {
            return sibling
        }
        guard let best else { throw RowError("software \"\(software)\" is no runtime of the library for a \(device.kind.rawValue)") }
        return best.runtime
    }

    /// So many of a device: alone with its usual host, or the smallest system that joins as many, cut down to them.
    ///
    /// A board for a sibling (same family, same fastest port) stands in where no system has the device itself.
    mutating func system(of device: Device, count: Int) throws(RowError) -> System {
        guard count > 1 else {
            let host = device.host.flatMap { try? library.device($0) }
            return System(single: device, host: host)
        }
        guard var system = board(joining: count, of: device) else { throw RowError("no system of the library joins \(count) × \"\(device.id)\"") }
        let name = system.accelerator.name
        let nodes = (count + system.accelerator.count - 1) / system.accelerator.count
        for index in system.groups.indices where system.groups[index].name == name {
            system.groups[index].device = device
            system.groups[index].count = count / nodes
        }
        system.nodes = nodes
        return system
    }

    mutating func board(joining count: Int, of device: Device) -> System? {
        func port(_ device: Device) -> (String, Double)? { device.ports.max { $0.bandwidth < $1.bandwidth }.map { ($0.name, $0.bandwidth.value) } }
        let large = systems.filter { $0.acceleratorCount >= count }
        let base = device.id.split(separator: "@").first.map(String.init) ?? device.id
        let own = large.filter { $0.accelerator.device.id == base }
        let fitting = own.isEmpty ? large.filter { other in
            guard other.accelerator.device.architecture == device.architecture, let a = port(other.accelerator.device), let b = port(device) else { return false }
            return a == b
        } : own
        return fitting.min { ($0.nodes, $0.acceleratorCount, $0.id) < ($1.nodes, $1.acceleratorCount, $1.id) }
    }
}

extension Precision {
    /// The formats that a precision label of a measured run stands for.
    init(label: String) throws(RowError) {
        switch label.lowercased() {
        case "bf16", "bf16 none": self.init(weights: .bf16, activations: .bf16)
        case "fp16", "fp16/bf16", "bf16/fp16": self.init(weights: .fp16, activations: .fp16)
        case "fp32": self.init(weights: .fp32, activations: .fp32)
        case "fp8": self.init(weights: .fp8, activations: .fp16, math: .fp8)
        case "int8": self.init(weights: .int8, activations: .bf16)
        // The decoders of ReferenceKernels: every matrix, the output head too, in the narrow format.
        case "w8a32_g128":
            let weights = TensorFormat(bits: 8, number: .int8, group: 128)
            self.init(weights: weights, activations: .fp32, embeddings: weights)
        case "w4a32_g128":
            let weights = TensorFormat(bits: 4, number: .int4, group: 128)
            self.init(weights: weights, activations: .fp32, embeddings: weights)
        case "w4a16", "int4": self.init(weights: TensorFormat(bits: 4, number: .int4, group: 128), activations: .fp16)
        // llama.cpp, ggml-common.h: 32 elements of 8 bits with one 16-bit scale.
        case "q8_0": self.init(weights: TensorFormat(bits: 8, number: .int8, group: 32), activations: .fp16)
        // OCP Microscaling Formats 1.0: 32 elements of 4 bits with one 8-bit scale; only the experts of gpt-oss are stored so.
        case "mxfp4": self.init(weights: .bf16, activations: .bf16, experts: TensorFormat(bits: 4, number: .fp4, group: 32, scaleBits: 8))
        default: throw RowError(label.isEmpty ? "no precision" : "precision \"\(label)\" is not known for a whole model")
        }
    }
}
