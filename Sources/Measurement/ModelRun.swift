import CostModels
import Documents
import Hardware
import LearnedModels
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
    /// Requests come and go so that `work.batch` of them always run: each takes its prefill and its share of the decode steps.
    var steady: (prompt: Int, output: Double)?
    /// Experts that a processor computes.
    var hostExperts: HostExperts?

    static let phases: Set<String> = ["prefill", "decode", "e2e_batch", "energy", "offload"]

    /// The phase that a metric is about, nil for metrics that are not predicted.
    static func phase(of metric: String, outputs: Int) -> ModelJob.Phase? {
        switch metric {
        case "ttft", "batch_ttft", "prefill_tps", "prefill_ms_per_token", "prefill_energy": .prefill
        case "tpot", "decode_tps", "decode_tps_total", "decode_time", "achieved_mem_bw", "decode_energy", "steady_power": .decode
        case "e2e_latency", "output_tps", "output_tps_per_gpu", "avg_gpu_power_total", "energy_per_total_token", "avg_power_frac_tdp": .generate
        // The peak of a generation is in its prefill (Splitwise, ISCA 2024, section III-F).
        case "peak_power_frac_tdp": .prefill
        case "avg_device_power": outputs > 1 ? .generate : .prefill
        case "energy_per_request", "energy_per_output_token", "itl_mean": .decode
        default: nil
        }
    }

    /// The figure of a metric in its unit, and the same at the physical bound where that is a time.
    ///
    /// - Parameter measure: what the row makes of a time and joules.
    func predict(_ measure: RunMeasure, under costs: any CostModel) throws(RowError) -> (value: Double, bound: Double?, boundBy: Bound) {
        let parts = try waves()
        var latency = Seconds.zero, bound = Seconds.zero, energy: Joules? = .zero, boundBy = Bound.latency
        for (work, times) in parts {
            let run: JobRun
            do {
                let plan = try Plan(lowering: Job(id: "measured run", work: .model(work)), onto: system, under: runtime)
                run = try JobRun(plan, on: system, under: runtime, with: costs, streams: steady != nil)
                bound += try plan.bound(on: system, under: runtime) * times
                if let hostExperts {
                    let constants = ((costs as? Learned)?.base ?? costs as? Cycle)?.calibration?.wholeConstants
                    for (step, weight) in zip(plan.steps, run.weights) where weight > 0 {
                        latency += (costs is Roofline ? hostExperts.bound(tokens: step.tokens) : hostExperts.time(tokens: step.tokens, under: constants)) * (weight * times)
                        bound += hostExperts.bound(tokens: step.tokens) * (weight * times)
                    }
                }
            } catch { throw RowError("\(error)") }
            latency += run.latency * times
            if let sum = energy, let more = run.acceleratorEnergy { energy = sum + more * times } else { energy = nil }
            if boundBy == .latency { boundBy = run.mainBound }
        }
        guard latency.value.isFinite, latency.value > 0 else { throw RowError("\"\(system.accelerator.device.id)\" cannot run it") }
        guard let value = measure.figure(latency, energy) else {
            throw RowError("metric \"\(measure.metric)\" in \"\(measure.unit)\" is not predicted, or \"\(system.accelerator.device.id)\" states no power")
        }
        return (value, measure.figure(latency, nil) == nil ? nil : measure.figure(bound, nil), boundBy)
    }

    /// The job as it runs: at once, or where its cache does not fit and the engine queues requests, one group of sequences
    /// after the other, each as large as fits. In a steady state what one request takes.
    func waves() throws(RowError) -> [(work: ModelJob, times: Double)] {
        if let steady {
            var prefill = work
            prefill.phase = .prefill
            prefill.batch = 1
            prefill.prompt = steady.prompt
            return [(work, steady.output / Double(work.batch)), (prefill, 1)]
        }
        // Where weights lie elsewhere, how much of them stays is an assumption: that it ran says that there was room.
        if hostExperts != nil || !work.placement.weights.isEmpty || !work.placement.experts.isEmpty { return [(work, 1)] }
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

    /// Bytes that so many sequences lack. An engine that queues requests passes the prompts of a batch in portions, so that
    /// no more activations are alive than those of one.
    private func missing(_ batch: Int) throws(RowError) -> Bytes {
        func ledger(_ batch: Int) throws(RowError) -> MemoryLedger {
            var work = work
            work.batch = batch
            do {
                let plan = try Plan(lowering: Job(id: "measured run", work: .model(work)), onto: system, under: runtime)
                return MemoryLedger(placing: plan, on: system, under: runtime)
            } catch { throw RowError("\(error)") }
        }
        var all = try ledger(batch)
        if batch > 1, Self.queueing.contains(runtime.id) {
            for (index, one) in try ledger(1).entries.enumerated() where index < all.entries.count { all.entries[index].activations = one.activations }
        }
        return all.missing
    }

    /// The row shows that it ran: where not even one sequence fits into what the runtime usually takes, it was given all.
    mutating func allowForWhatRan() throws(RowError) {
        guard steady == nil, try missing(Self.queueing.contains(runtime.id) ? 1 : work.batch) > .zero else { return }
        runtime.memoryFraction = 1
        runtime.memoryReserved = .zero
        assumptions.append("the runtime may fill the memory, because the row shows that it ran")
    }

    /// Engines that admit requests as memory allows.
    private static let queueing: Set<String> = ["vllm", "vllm-2023", "tensorrt-llm", "deepspeed-mii", "deepspeed-habana", "sambaflow"]
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
