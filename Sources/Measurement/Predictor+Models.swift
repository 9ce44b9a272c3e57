import CostModels
import Documents
import Hardware
import Operators
import Quantities
import Workloads

extension Predictor {
    /// The job, system and runtime of a row about a whole model.
    mutating func modelRun(_ row: RowReading) throws(RowError) -> ModelRun {
        if row.row.phase == "offload", row.text("layers") == nil { return try offloadRun(row) }
        let outputs = try row.outputs
        guard let phase = ModelRun.phase(of: row.row.metric, outputs: Int(outputs)) else {
            throw RowError("metric \"\(row.row.metric)\" is not predicted yet")
        }
        let device = try device(row.row.device)
        let stated = try Self.statedModel(row)
        var model = if let stated { stated } else { try model(row.text("model") ?? "") }
        let longest = model.maxContext
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
        var prompt = try row.prompt(assuming: &assumptions), generated = Int(outputs.rounded())
        if let longest, phase == .generate, runtime.id == "vllm", prompt + generated > longest, prompt <= longest {
            // vLLM ends a request at the longest context (vllm/engine, LLMEngine._check_stop).
            generated = max(1, longest - prompt)
            assumptions.append("generation ends at the longest context of the model, \(longest)")
        }
        let batch = try row.batch
        var run = ModelRun(work: ModelJob(model: model, phase: phase, batch: batch, prompt: max(1, prompt), output: phase == .generate ? max(1, generated) : 1,
                                          precision: precision, parallelism: Parallelism(tensor: tensor, pipeline: pipeline)),
                           system: system, runtime: runtime, assumptions: [])
        if ["energy_per_request", "energy_per_output_token", "itl_mean"].contains(row.row.metric) {
            guard row.text("max_num_seqs") != nil else { throw RowError("\"\(row.row.metric)\" is predicted where the batch is the requests that run, with max_num_seqs in op_params") }
            run.steady = (max(1, prompt), outputs)
        }
        if let experts = model.decoder?.experts, row.text("source") == "Argonne-LLM-Inference-Bench" {
            // vllm, benchmarks/benchmark_latency.py of early 2024, on which the benchmark is built: every prompt is one token again and
            // again, so that all sequences choose the same experts.
            run.work.routing = .counts((0..<experts.count).map { $0 < experts.topK ? 1 : 0 })
            assumptions.append("all prompts are alike and choose the same experts")
        }
        // Reading the cache is linear in the context: the step at the mean context stands for all.
        if phase == .decode, stated == nil { prompt += generated / 2 }
        run.work.placement = placement
        run.work.prompt = max(1, prompt)
        run.assumptions = assumptions
        try run.allowForWhatRan()
        return run
    }

    /// `tp4`, `tp8_pp2`; nothing where one device is named.
    static func parallelism(_ row: RowReading) throws(RowError) -> (tensor: Int, pipeline: Int) {
        let devices = try row.count("n_devices", or: 1, in: 1...4096)
        guard let label = row.text("parallelism") else {
            guard devices == 1 else { throw RowError("\(devices) devices, but no parallelism") }
            return (1, 1)
        }
        var tensor = 1, pipeline = 1
        for part in label.split(separator: " ").first?.split(separator: "_") ?? [] {
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

    // MARK: Looking up

    /// A model by its name at Hugging Face, its last part, or without what only says how it was tuned.
    mutating func model(_ label: String) throws(RowError) -> Model {
        if let known = models[label] { return try known.get() }
        var found: Result<Model, RowError> = .failure(RowError("model \"\(label)\" is not in the library"))
        var names = [label, label.split(separator: "/").last.map(String.init) ?? label]
        // Names of Llama 3 and 3.1 differ between the two places in whether Meta stands before them.
        if let last = names.last, last.lowercased().hasPrefix("meta-") { names.append(String(last.dropFirst(5))) }
        let tunings = ["-hf", "-instruct", "-chat", "-it", "-base"]
        while let ending = tunings.first(where: { (names.last ?? "").lowercased().hasSuffix($0) }) {
            names.append(String((names.last ?? "").dropLast(ending.count)))
        }
        for name in names where !name.isEmpty {
            guard let document = try? library.find(name, on: .models), let model = try? Model(reading: document, id: label) else { continue }
            found = .success(model)
            break
        }
        if Self.isKept(label, besides: models.count) { models[label] = found }
        return try found.get()
    }

    /// The runtime whose id or alias is the longest run of words in the software's name: `PyTorch gpt-fast (compile)` is gpt-fast.
    ///
    /// A name that ends in a kind of device is that runtime on such a device: `llama.cpp` on a GPU is `llama-cpp-gpu`.
    mutating func runtime(_ software: String, for device: Device) throws(RowError) -> Runtime {
        let label = "\(device.kind.rawValue) \(software)"
        if let known = runtimesByLabel[label] { return try known.get() }
        let found: Result<Runtime, RowError>
        do throws(RowError) { found = .success(try lookUpRuntime(software, for: device)) } catch { found = .failure(error) }
        if Self.isKept(label, besides: runtimesByLabel.count) { runtimesByLabel[label] = found }
        return try found.get()
    }

    private mutating func lookUpRuntime(_ software: String, for device: Device) throws(RowError) -> Runtime {
        let words = software.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }.map(Self.plain)
        let phrase = " " + words.joined(separator: " ") + " ", kind = device.kind.rawValue
        var best: (length: Int, runtime: Runtime)?
        for runtime in runtimes where runtime.runsOn.contains(device.kind) {
            for name in [runtime.id] + runtime.aliases {
                var plain = name.lowercased().split(separator: " ").map(Self.plain).joined(separator: " ")
                if plain.hasSuffix(kind), plain.count > kind.count, !phrase.contains(" \(plain) ") { plain.removeLast(kind.count) }
                if phrase.contains(" \(plain) "), plain.count > best?.length ?? 0 { best = (plain.count, runtime) }
            }
        }
        // One framework drives several kinds of device, each by a runtime of its own: `pytorch-cpu` is PyTorch, too.
        if best == nil, let sibling = runtimes.first(where: { $0.runsOn == [device.kind] && words.contains(String($0.id.prefix { $0 != "-" })) }) {
            return sibling
        }
        guard let best else { throw RowError("software \"\(software)\" is no runtime of the library for a \(kind)") }
        return best.runtime
    }

    /// A word without the marks that spellings differ in.
    private static func plain(_ word: some StringProtocol) -> String { String(word.filter { $0.isLetter || $0.isNumber }) }

    /// So many of a device: alone with its usual host, or the smallest system that joins as many, cut down to them.
    ///
    /// A board for a sibling (same family, same fastest port) stands in where no system has the device itself.
    ///
    /// - Parameter host: the processor, where it is another than the usual one.
    mutating func system(of device: Device, count: Int, host: Device? = nil) throws(RowError) -> System {
        guard count > 1 else {
            return System(single: device, host: host ?? device.host.flatMap { try? library.device($0) })
        }
        guard var system = board(joining: count, of: device) else { throw RowError("no system of the library joins \(count) × \"\(device.id)\"") }
        let name = system.accelerator.name
        let nodes = (count + system.accelerator.count - 1) / system.accelerator.count
        for index in system.groups.indices where system.groups[index].name == name {
            system.groups[index].device = device
            system.groups[index].count = count / nodes
        }
        if let host { for index in system.groups.indices where system.groups[index].device.kind == .cpu { system.groups[index].device = host } }
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

extension RowReading {
    /// Tokens that each sequence generates; a mean may be no whole number. 1 where the row does not say.
    var outputs: Double {
        get throws(RowError) { text("output_len") == nil ? 1 : try number("output_len", in: 0...Double(RowReading.counts.upperBound)) }
    }

    /// Sequences at once, a mean rounded.
    var batch: Int {
        get throws(RowError) { text("batch") == nil ? 1 : max(1, Int(try number("batch", in: 0...Double(1 << 20)).rounded())) }
    }

    /// Tokens of each prompt.
    func prompt(assuming assumptions: inout [String]) throws(RowError) -> Int {
        if let stated = Self.prompts.first(where: { $0.label == text("input_len") && $0.source == text("source") }) {
            assumptions.append(stated.reason)
            return stated.tokens
        }
        return try count("input_len", in: 0...RowReading.counts.upperBound)
    }

    /// Prompts that rows name instead of counting their tokens.
    private static let prompts: [(source: String, label: String?, tokens: Int, reason: String)] = [
        // pytorch-labs/gpt-fast, generate.py: the prompt is "Hello, my name is" unless another is given.
        ("gpt-fast", "short", 6, "the prompt is gpt-fast's own"),
        // litgpt, generate/base.py: "What food do llamas eat?" unless another is given, and 50 new tokens.
        ("litgpt-resource", nil, 8, "the prompt is litgpt's own"),
        // Kwon et al., SOSP 2023, figure 11: ShareGPT has 161 tokens of input on average.
        ("ML.ENERGY-v2", "task:chat", 161, "prompts as in ShareGPT, 161 tokens on average"),
        // Chen et al., arXiv 2107.03374: a signature and a docstring; about 450 characters [recalled].
        ("ML.ENERGY-v2", "task:code", 140, "prompts as in HumanEval, 140 tokens on average"),
    ]
}

extension Precision {
    /// The formats that a precision label of a measured run stands for.
    init(label: String) throws(RowError) {
        // A label may name besides what is trained: `bf16 lora`; quantised weights are those of QLoRA (arXiv 2305.14314).
        switch label.lowercased() {
        case "bf16 lora", "bf16 full", "bf16 adapter": self.init(weights: .bf16, activations: .bf16)
        case "bf16 qlora": try self.init(label: "bf16 bnb.nf4-dq")
        case "bf16", "bf16 none": self.init(weights: .bf16, activations: .bf16)
        case "fp16", "fp16/bf16", "bf16/fp16": self.init(weights: .fp16, activations: .fp16)
        case "fp32": self.init(weights: .fp32, activations: .fp32)
        case "fp8": self.init(weights: .fp8, activations: .fp16, math: .fp8)
        // Routed experts in 8-bit integers for AMX, the rest as q4_k_m (KTransformers, doc/en/DeepseekR1_V3_tutorial.md).
        case "int8 experts": self.init(weights: TensorFormat(bits: 4.5), activations: .fp16, experts: .int8)
        case "int8": self.init(weights: .int8, activations: .bf16)
        // The decoders of ReferenceKernels: every matrix, the output head too, in the narrow format.
        case "w8a32_g128":
            let weights = TensorFormat(bits: 8, number: .int8, group: 128)
            self.init(weights: weights, activations: .fp32, embeddings: weights)
        case "w4a32_g128":
            let weights = TensorFormat(bits: 4, number: .int4, group: 128)
            self.init(weights: weights, activations: .fp32, embeddings: weights)
        // bitsandbytes, functional.py: 64 weights share a 32-bit scale, or 8 bits of one that was quantised again.
        case "bf16 bnb.nf4": self.init(weights: TensorFormat(bits: 4, number: .int4, group: 64, scaleBits: 32), activations: .bf16)
        case "bf16 bnb.nf4-dq": self.init(weights: TensorFormat(bits: 4, number: .int4, group: 64, scaleBits: 8), activations: .bf16)
        // llama.cpp, ggml-common.h: blocks of 256 with 6-bit scales and 16-bit scales of those, 4.5 bits a weight.
        case "q4_k", "q4_k_m": self.init(weights: TensorFormat(bits: 4.5), activations: .fp16)
        case "w4a16", "int4": self.init(weights: TensorFormat(bits: 4, number: .int4, group: 128), activations: .fp16)
        // llama.cpp, ggml-common.h: 32 elements of 8 bits with one 16-bit scale.
        case "q8_0": self.init(weights: TensorFormat(bits: 8, number: .int8, group: 32), activations: .fp16)
        // OCP Microscaling Formats 1.0: 32 elements of 4 bits with one 8-bit scale; only the experts of gpt-oss are stored so.
        case "mxfp4": self.init(weights: .bf16, activations: .bf16, experts: TensorFormat(bits: 4, number: .fp4, group: 32, scaleBits: 8))
        default: throw RowError(label.isEmpty ? "no precision" : "precision \"\(label)\" is not known for a whole model")
        }
    }
}
