import Hardware
import Operators
import Quantities
import Simulation
import Workloads

extension Predictor {
    /// A run whose weights do not all lie on the accelerator: the label names the parts of the machine, the column
    /// `parallelism` what lies elsewhere.
    mutating func offloadRun(_ row: RowReading) throws(RowError) -> ModelRun {
        let place = (row.text("parallelism") ?? "").split(separator: " ").last.map(String.init) ?? ""
        guard let phase = ModelRun.phase(of: row.row.metric == "e2e_output_tps" ? "output_tps" : row.row.metric, outputs: 1) else {
            throw RowError("metric \"\(row.row.metric)\" is not predicted yet for \"offload\"")
        }
        let (accelerator, host) = try parts(of: row)
        var model = try model(row.text("model") ?? "")
        model.maxContext = nil
        let runtime = try runtime(row.row.software ?? "", for: accelerator)
        let precision = try Precision(label: row.row.precision ?? "")
        let outputs = Int(try row.outputs), batch = try row.batch
        var assumptions: [String] = []
        var prompt = 512
        if row.text("input_len") == "mixed" { assumptions.append("prompts of 512 tokens") } else { prompt = try row.count("input_len") }
        if phase == .decode { prompt += outputs / 2 }
        var system = System(single: accelerator, host: host)
        let tensor = row.text("parallelism")?.hasPrefix("tp") == true ? try Self.parallelism(row).tensor : 1
        if tensor > 1 { system = try self.system(of: accelerator, count: tensor, host: host) }
        let parallelism = Parallelism(tensor: tensor)
        var work = ModelJob(model: model, phase: phase, batch: batch, prompt: max(1, prompt), output: phase == .generate ? max(1, outputs) : 1,
                            precision: precision, parallelism: parallelism)
        var run = ModelRun(work: work, system: system, runtime: runtime, assumptions: assumptions)
        switch place {
        case "cpu" where accelerator.kind == .cpu: return run
        case "offload:cpu-experts" where runtime.id == "ktransformers":
            try keepExperts(of: row, on: host, in: &run)
        case "offload:cpu-experts":
            // kt-kernel passes long prompts layer by layer through the accelerators, to which all experts are copied; Kimi-K2's are 4 bits
            // in groups of 32, all else 16 (its config.json). The copies begin where the router has run.
            if runtime.id == "kt-kernel" { run.work.precision = Precision(experts: TensorFormat(bits: 4, number: .int4, group: 32)) }
            run.work.placement.experts = [.init(group: "host", share: 1)]
            run.work.expertFetch = runtime.id == "kt-kernel" ? .onDemand : .prefetchAll
        case "offload:cpu-kv":
            run.work.placement.attention = "host"
        case "offload:disk":
            try keepOnDrive(row, on: accelerator, host, in: &run)
        case "offload:cpu" where row.row.software?.hasPrefix("MoE-Infinity") == true:
            run.work.placement.experts = [.init(group: "host", share: 1)]
        case "offload:cpu", "offload:gpu":
            // FlexGen, section 5: weights and cache in groups of 64 elements of 4 bits.
            if runtime.id == "flexgen", work.precision.weights.bits == 4 {
                work.precision.weights = TensorFormat(bits: 4, number: .int4, group: 64)
                work.precision.cache = work.precision.weights
                run.work = work
            }
            // FlexGen, arXiv 2303.06865, section 4.2: a block of several batches passes each layer once it is there.
            if runtime.id == "flexgen", let parts = Self.blocks(of: work.batch) { work.microBatches = parts }
            work.placement.weights = try shares(of: run, row)
            if runtime.id == "flexgen", place == "offload:cpu", work.model.decoder?.experts == nil { work.placement.cache = [.init(group: "host", share: 1)] }
            run.work = work
        default: throw RowError("offloading \"\(place)\" is not predicted yet")
        }
        return run
    }

    /// The accelerator and the processor that a label names, joined by plus signs; `CPU:` before a processor alone.
    private mutating func parts(of row: RowReading) throws(RowError) -> (Device, Device?) {
        let names = row.row.device.split(separator: " + ").map(String.init), software = row.row.software ?? ""
        var first = names[0]
        if first.hasPrefix("CPU:") { return (try device(Self.placed(String(first.dropFirst(4)), under: software)), nil) }
        // `1-4x RTX4090D-24GB`: the one that attention needs.
        if let digits = first.split(separator: " ").first, digits.hasSuffix("x"), first.count > digits.count { first = String(first.dropFirst(digits.count + 1)) }
        // `T4-16GB+208GB DRAM+1.5TB SSD`.
        first = first.split(separator: "+").first.map(String.init) ?? first
        // A board with twice the memory on the same chip.
        let doubled = first == "RTX4090-48GB"
        if doubled { first = "RTX4090-24GB" }
        var accelerator = try device(first)
        if doubled { accelerator.memory[accelerator.mainMemoryIndex].capacity = accelerator.mainMemory.capacity * 2 }
        // Where the processor is not named, the one that the same authors name elsewhere.
        var processor = names.dropFirst().first { $0.contains("Xeon") } ?? (names.count > 1 ? "2x Xeon Gold 6454S" : "")
        if software.contains("dual socket"), !processor.hasPrefix("2x") { processor = "2x \(processor)" }
        if processor.isEmpty { return (accelerator, accelerator.host.flatMap { try? library.device($0) }) }
        return (accelerator, try device(Self.placed(processor, under: software)))
    }

    /// llama.cpp does not say in which of two memories a weight lies: the one whose processor read the file holds all.
    private static func placed(_ processor: String, under software: String) -> String {
        software.hasPrefix("llama.cpp") && processor.hasPrefix("2x Xeon Gold 6454S") ? "2x-xeon-6454s-one-memory" : processor
    }

    /// Weights beyond the memory of the host on a drive. FlexGen keeps half of them there and the whole cache (FMInference/FlexLLMGen,
    /// benchmark/flexgen: percent 0 50 0 0 0 100 for OPT-175B), Accelerate what the host does not take, ZeRO all.
    private mutating func keepOnDrive(_ row: RowReading, on accelerator: Device, _ host: Device?, in run: inout ModelRun) throws(RowError) {
        run.system = System(single: accelerator, host: host, drive: try device("gcp-local-ssd"))
        let software = row.row.software ?? "", weights = run.work.model.weightBytes(run.work.precision)
        var inHost = 0.0
        if software.hasPrefix("FlexLLMGen") {
            inHost = 0.5
            run.work.placement.cache = [.init(group: "ssd", share: 1)]
            if let parts = Self.blocks(of: run.work.batch) { run.work.microBatches = parts }
        } else if !software.hasPrefix("DeepSpeed") {
            inHost = min(1, Bytes(try row.number("dram_GB", in: 1...1e6) * 1e9) * 0.9 / weights)
        }
        run.work.placement.weights = [.init(group: "host", share: inHost), .init(group: "ssd", share: 1 - inHost)].filter { $0.share > 0 }
    }

    /// FlexGen's blocks: batches of 48 at most, as its policies choose them.
    private static func blocks(of batch: Int) -> Int? { (1...batch).first { batch % $0 == 0 && batch / $0 <= 48 } }

    /// Leaves the routed experts to the processor, and what every token passes to the accelerator.
    private mutating func keepExperts(of row: RowReading, on host: Device?, in run: inout ModelRun) throws(RowError) {
        guard let host, var decoder = run.work.model.decoder, var experts = decoder.experts else { throw RowError("no processor or no experts to leave to it") }
        // The authors also let fewer experts work than the model has trained.
        let text = (row.text("tag") ?? "") + (row.row.software ?? "")
        if text.contains("6exp") { experts.topK = 6 }
        let layers = (0..<decoder.layers).count { decoder.routes($0) }
        let format = row.row.precision == "int8 experts" ? TensorFormat.int8 : run.work.precision.experts
        run.hostExperts = HostExperts(processor: host, runtime: try runtime("llama.cpp", for: host), experts: experts, hidden: run.work.model.hidden,
                                      layers: layers, weights: format)
        decoder.feedForward.dimension = max(1, experts.shared) * experts.sharedDimension
        decoder.experts = nil
        run.work.model.decoder = decoder
    }

    /// Which part of the weights the software leaves on the accelerator: none for ZeRO, else what fits besides cache and activations.
    private func shares(of run: ModelRun, _ row: RowReading) throws(RowError) -> [Placement.Share] {
        guard row.row.software?.hasPrefix("DeepSpeed") != true else { return [.init(group: "host", share: 1)] }
        let weights = run.work.model.weightBytes(run.work.precision)
        let room = run.system.accelerator.device.mainMemory.capacity * run.runtime.memoryFraction - run.runtime.memoryReserved
        guard weights > room * 0.95 else { return [] }
        // A tenth of the memory for what is not weights.
        let kept = max(0, min(1, room * 0.9 / weights))
        return [.init(group: run.system.accelerator.name, share: kept), .init(group: "host", share: 1 - kept)]
    }
}
