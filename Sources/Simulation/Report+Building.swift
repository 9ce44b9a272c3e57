import CostModels
import Hardware
import Operators
import Quantities
import Workloads

extension Report {
    /// What is known before anything ran: the basis and the memory.
    init(of job: Job, on system: System, under runtime: Runtime, costModel: String, ledger: MemoryLedger) {
        let accelerator = system.accelerator.device
        basis = Basis(version: orreryVersion, job: job.id, system: system.id, runtime: runtime.id, costModel: costModel, calibration: nil,
                      inherited: accelerator.inherited, recalled: accelerator.provenance.recalled)
        fits = ledger.fits
        memory = ledger.entries.map {
            DeviceMemory(group: $0.group, device: $0.device.id, capacity: $0.device.mainMemory.capacity, peak: $0.peak, weights: $0.weights,
                         gradients: $0.gradients, optimizer: $0.optimizer, cache: $0.cache, activations: $0.activations, workspace: $0.workspace, usable: $0.usable)
        }
        advice = []
        operators = []
        blame = []
        sensitivities = []
        notes = []
    }

    /// Adds what a run showed.
    mutating func fill(from run: JobRun, for job: Job, bound: Seconds, _ detail: Detail = .all) {
        timing = Timing(of: run, for: job, bound: bound)
        let meter = EnergyMeter(run)
        let unmetered = meter.unmetered
        if unmetered.contains(run.system.accelerator.device.id) {
            notes.append("No energy: \(run.system.accelerator.device.id) states no idle power, and its architecture has no default.")
        } else {
            let total = meter.total
            energy = Energy(total: total, components: meter.components, boundary: Self.boundary(of: run.system, without: unmetered), averagePower: total / run.latency)
        }
        if detail.contains(.operators) { operators = OperatorTable(of: run).rows }
        if detail.contains(.blame) { fillBlame(from: run) }
    }

    private mutating func fillBlame(from run: JobRun) {
        var seconds: [CriticalPath.Blame: Double] = [:]
        for (timeline, weight) in zip(run.timelines, run.weights) where weight > 0 {
            for (who, time) in CriticalPath(of: timeline).blame { seconds[who, default: 0] += time.value * weight }
        }
        blame = seconds.map { BlameRow(name: $0.key.name, bound: $0.key.bound, seconds: Seconds($0.value)) }
            .sorted { ($1.seconds, $0.name, $0.bound.rawValue) < ($0.seconds, $1.name, $1.bound.rawValue) }
    }

    private static func boundary(of system: System, without unmetered: [String]) -> String {
        let inside = system.groups.filter { !unmetered.contains($0.device.id) }.map { group in
            "\(group.count * system.nodes) × \(group.device.name)" + (group.device.power.boundary.map { " (\($0))" } ?? "")
        }
        let outside = unmetered.isEmpty ? "" : "; without \(unmetered.joined(separator: ", ")), which state no power"
        return "boards of " + inside.joined(separator: ", ") + outside + "; no fans, no power supply losses"
    }
}

extension Report.Timing {
    init(of run: JobRun, for job: Job, bound: Seconds) {
        let plan = run.plan
        latency = run.latency
        self.bound = bound
        let beforeDecode = run.time(decoding: false), decode = run.time(decoding: true)
        if plan.decodeSteps > 0 { tpot = decode / Double(plan.decodeSteps) }
        if case .model(let work) = job.work {
            switch work.phase {
            case .prefill:
                ttft = beforeDecode
                promptTokensPerSecond = Double(plan.sequences * work.prompt) / latency.value
            case .decode:
                outputTokensPerSecond = Double(plan.sequences * plan.decodeSteps) / latency.value
            case .generate:
                ttft = beforeDecode
                promptTokensPerSecond = Double(plan.sequences * work.prompt) / beforeDecode.value
                outputTokensPerSecond = Double(plan.sequences * work.output) / latency.value
            case .train: break
            }
        }
        var busy = 0.0, all = 0.0
        for (timeline, weight) in zip(run.timelines, run.weights) {
            for (lane, description) in timeline.graph.lanes.enumerated()
            where description.group == run.system.accelerator.name && description.beside == nil {
                busy += weight * Double(description.multiplicity) * timeline.busy(devicesOf: lane).value
                all += weight * Double(description.multiplicity) * timeline.duration.value
            }
        }
        busyFraction = all > 0 ? busy / all : 0
    }
}
