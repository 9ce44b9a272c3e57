import CostModels
import Documents
import Hardware
import Operators
import Quantities
import Simulation
import Workloads

/// What a row about a whole model asks to be predicted: a job on a system under a runtime, and which of its figures.
struct ModelRun {
    var work: ModelJob
    var system: System
    var runtime: Runtime
    /// What was assumed where the row leaves something open.
    var assumptions: [String] = []

    static let phases: Set<String> = ["prefill", "decode", "e2e_batch", "energy"]

    /// The phase that a metric is about, nil for metrics that are not predicted.
    static func phase(of metric: String, outputs: Int) -> ModelJob.Phase? {
        switch metric {
        case "ttft", "batch_ttft", "prefill_tps", "prefill_ms_per_token", "prefill_energy": .prefill
        case "tpot", "decode_tps", "decode_tps_total", "decode_time", "achieved_mem_bw", "decode_energy", "steady_power": .decode
        case "e2e_latency", "output_tps", "output_tps_per_gpu", "avg_gpu_power_total", "energy_per_total_token", "avg_power_frac_tdp": .generate
        // The peak of a generation is in its prefill (Splitwise, ISCA 2024, section III-F).
        case "peak_power_frac_tdp": .prefill
        case "avg_device_power": outputs > 1 ? .generate : .prefill
        default: nil
        }
    }

    /// The figure of a metric in its unit, and the same at the physical bound where that is a time.
    ///
    /// - Parameter outputs: tokens that each sequence of the row generates.
    func predict(_ metric: String, _ unit: String, outputs: Int, under costs: any CostModel) throws(RowError) -> (value: Double, bound: Double?, boundBy: Bound) {
        let parts = try waves()
        var latency = Seconds.zero, bound = Seconds.zero, energy: Joules? = .zero, boundBy = Bound.latency
        for (work, times) in parts {
            let run: JobRun
            do {
                let plan = try Plan(lowering: Job(id: "measured run", work: .model(work)), onto: system, under: runtime)
                run = try JobRun(plan, on: system, under: runtime, with: costs)
                bound += try plan.bound(on: system, under: runtime) * times
            } catch { throw RowError("\(error)") }
            latency += run.latency * times
            if let sum = energy, let more = run.acceleratorEnergy { energy = sum + more * times } else { energy = nil }
            boundBy = run.mainBound
        }
        guard latency.value.isFinite, latency.value > 0 else { throw RowError("\"\(system.accelerator.device.id)\" cannot run it") }
        let sequences = Double(work.batch), prompt = Double(work.prompt), generated = Double(outputs)
        func figure(_ time: Seconds, _ energy: Joules?) -> Double? {
            let t = time.value
            switch (metric, unit) {
            case ("ttft", "s"), ("batch_ttft", "s"), ("tpot", "s"), ("e2e_latency", "s"): return t
            case ("ttft", "ms"), ("batch_ttft", "ms"), ("tpot", "ms"), ("e2e_latency", "ms"): return t * 1e3
            case ("prefill_tps", _): return sequences * prompt / t
            case ("prefill_ms_per_token", _): return t * 1e3 / prompt
            case ("decode_time", "s"): return t * generated
            case ("decode_tps", _), ("decode_tps_total", _): return sequences / t
            case ("achieved_mem_bw", "GB/s"): return work.weightBytes.value / Double(max(1, work.parallelism.tensor)) / t / 1e9
            case ("output_tps", _): return sequences * generated / t
            case ("output_tps_per_gpu", _): return sequences * generated / t / Double(work.parallelism.devices)
            case ("prefill_energy", "J"): return energy?.value
            case ("decode_energy", "J"): return energy.map { $0.value * generated }
            case ("avg_gpu_power_total", "W"), ("avg_device_power", "W"), ("steady_power", "W"): return energy.map { $0.value / t }
            case ("energy_per_total_token", _): return energy.map { $0.value / (sequences * (prompt + generated)) }
            case ("avg_power_frac_tdp", _), ("peak_power_frac_tdp", _):
                guard let limit = system.accelerator.device.power.limit else { return nil }
                return energy.map { $0.value / t / limit.value / Double(system.acceleratorCount) }
            default: return nil
            }
        }
        guard let value = figure(latency, energy) else {
            throw RowError("metric \"\(metric)\" in \"\(unit)\" is not predicted, or \"\(system.accelerator.device.id)\" states no power")
        }
        return (value, figure(latency, nil) == nil ? nil : figure(bound, nil), boundBy)
    }

    /// The job as it runs: at once, or where its cache does not fit and the engine queues requests, one group of sequences
    /// after the other, each as large as fits.
    private func waves() throws(RowError) -> [(work: ModelJob, times: Double)] {
        func missing(_ batch: Int) throws(RowError) -> Bytes {
            var work = work
            work.batch = batch
            do {
                let plan = try Plan(lowering: Job(id: "measured run", work: .model(work)), onto: system, under: runtime)
                return MemoryLedger(placing: plan, on: system, under: runtime).missing
            } catch { throw RowError("\(error)") }
        }
        let lacking = try missing(work.batch)
        guard lacking > .zero else { return [(work, 1)] }
        let place = "\(system.accelerator.count) × \"\(system.accelerator.device.id)\""
        guard Self.queueing.contains(runtime.id), work.phase == .generate, work.batch > 1 else { throw RowError("does not fit on \(place)") }
        guard try missing(1) == .zero else { throw RowError("not even one sequence fits on \(place)") }
        var fitting = 1, over = work.batch
        while over - fitting > 1 {
            let middle = (fitting + over) / 2
            if try missing(middle) == .zero { fitting = middle } else { over = middle }
        }
        let (full, rest) = work.batch.quotientAndRemainder(dividingBy: fitting)
        var parts = [(work: work, times: Double(full))]
        parts[0].work.batch = fitting
        if rest > 0 {
            parts.append((work, 1))
            parts[1].work.batch = rest
        }
        return parts
    }

    /// Engines that admit requests as memory allows.
    private static let queueing: Set<String> = ["vllm", "tensorrt-llm"]
}

extension ModelJob {
    /// Weights that every token reads: all but the embedding table, as gpt-fast counts them (generate.py, `_get_model_size`).
    fileprivate var weightBytes: Bytes {
        precision.weights.bytes(elements: Double(model.parameters.total - model.parameters.embeddings))
    }
}

extension JobRun {
    /// What bounds the operators that take most of the time.
    fileprivate var mainBound: Bound {
        var seconds: [Bound: Double] = [:]
        for (timeline, weight) in zip(timelines, weights) {
            for node in timeline.graph.nodes.indices {
                let demand = timeline.demand(of: node)
                seconds[demand.boundBy, default: 0] += demand.duration.value * weight
            }
        }
        return seconds.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? .latency
    }
}
