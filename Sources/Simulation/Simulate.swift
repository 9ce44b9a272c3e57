import CostModels
import EventEngine
import Hardware
import Operators
import Quantities
import Workloads

/// Version of the program, as every report states it.
public let orreryVersion = "0.1.0"

/// How long a job takes on a system, how many joules, whether it fits, and why.
///
/// - Parameter detail: what to work out beside the figures; sensitivities take a run for each resource.
/// - Returns: a report; of training one of memory alone; when the job does not fit, one without timing that says how much is missing where and what would
///   make it fit.
/// - Throws: `DocumentError` where the job cannot be laid onto the system (heads not divisible by the tensor parallelism …),
///   `SimulationError` where the system lacks something that the job needs (a link, a group).
public func simulate(_ job: Job, on system: System, under runtime: Runtime, with costs: some CostModel, detail: Report.Detail = .all) throws -> Report {
    let plan = try Plan(lowering: job, onto: system, under: runtime)
    let ledger = MemoryLedger(placing: plan, on: system, under: runtime)
    var report = Report(of: job, on: system, under: runtime, costModel: costs.name, ledger: ledger)
    guard ledger.fits else {
        if detail.contains(.advice) { report.advice = FitAdvice.proposals(for: job, on: system, under: runtime).map(\.text) }
        return report
    }
    guard !plan.steps.isEmpty else {
        report.notes.append("Of training only the memory is answered: no time, no energy.")
        return report
    }
    let run = try JobRun(plan, on: system, under: runtime, with: costs)
    report.fill(from: run, for: job, bound: try plan.bound(on: system, under: runtime), detail)
    if detail.contains(.sensitivities) { report.sensitivities = try Sensitivity.all(of: plan, on: system, under: runtime, with: costs, baseline: run.latency) }
    return report
}

/// The simulated steps of a job, with how many steps each stands for.
public struct JobRun: Sendable {
    public let plan: Plan
    public let timelines: [Timeline]
    /// By step of the plan.
    public let weights: [Double]
    let system: System
    /// What a calibration says of the accelerators' boards.
    let power: BoardPower?

    /// - Parameter streams: tokens go to clients as they come, while requests come and go.
    public init(_ plan: Plan, on system: System, under runtime: Runtime, with costs: some CostModel, streams: Bool = false) throws(SimulationError) {
        var timelines: [Timeline] = []
        for step in plan.steps {
            var shape = plan.shape(of: step)
            shape.streams = streams
            let host = costs.host(of: shape, on: system.accelerator.device)
            timelines.append(try Timeline(running: step.graph, on: system, under: runtime, with: costs, host: host))
        }
        self.plan = plan
        self.timelines = timelines
        self.system = system
        power = costs.power(of: system.accelerator.device)
        weights = StepWeights(of: plan).weights
    }

    public var latency: Seconds { Seconds(zip(timelines, weights).reduce(0) { $0 + $1.0.duration.value * $1.1 }) }

    /// Time of the steps that are decode steps, or of those that are not.
    public func time(decoding: Bool) -> Seconds {
        var sum = 0.0
        for (index, step) in plan.steps.enumerated() {
            let decodes = if case .decode = step.phase { true } else { false }
            if decodes == decoding { sum += timelines[index].duration.value * weights[index] }
        }
        return Seconds(sum)
    }
}

extension JobRun {
    /// Joules of the boards of the accelerators alone, as their own sensors would add up: without host and storage. Nil
    /// where the accelerator states too little to meter it.
    public var acceleratorEnergy: Joules? {
        let meter = EnergyMeter(self)
        guard !meter.unmetered.contains(system.accelerator.device.id) else { return nil }
        return meter.components.filter { ![.host, .storage].contains($0.component) }.reduce(.zero) { $0 + $1.energy }
    }
}

extension Timeline {
    /// Runs a graph once on a system.
    ///
    /// - Parameter host: what the host does meanwhile as a calibration has it, nil for what the runtime says.
    public init(running graph: OperatorGraph, on system: System, under runtime: Runtime, with costs: some CostModel, host: HostCost? = nil) throws(SimulationError) {
        let prepared = try PreparedGraph(graph, on: system, under: runtime, with: costs)
        let slowness = (system.host?.device.kernel.launch).flatMap { own in runtime.referenceLaunch.map { own / $0 } } ?? 1
        var nodes = [[Int32]](repeating: [], count: graph.lanes.count)
        for (index, node) in graph.nodes.enumerated() { nodes[Int(node.lane)].append(Int32(index)) }
        let threads = graph.lanes.indices.map { lane in
            LaunchThread(nodes: nodes[lane], runtime: runtime, host: host, hostSlowness: slowness, drivesDevice: graph.lanes[lane].group == system.accelerator.name)
        }
        var simulation = StepSimulation(graph, prepared: prepared, threads: threads)
        let records = simulation.run()
        guard records.allSatisfy({ $0.end < .never }) else {
            throw SimulationError("one pass takes more than \(Int(SimulationTime.never.seconds / 86_400)) days on \(system.id), longer than the clock counts; make the job smaller")
        }
        let hostTime = host?.pass ?? runtime.hostPerStep * slowness
        let end = records.map(\.end).max()?.seconds ?? 0
        self.init(graph: graph, records: records, demands: prepared.demands, hostTime: hostTime, duration: hostTime + Seconds(end))
    }
}

extension Plan {
    /// A step as the host sees it.
    public func shape(of step: Step) -> StepShape {
        let decodes = if case .decode = step.phase { true } else { false }
        return StepShape(sequences: sequences, tokens: step.tokens, layers: Int((step.graph.nodes.map(\.layer).max() ?? -1) + 1), decodes: decodes)
    }

    /// The physical bound of all steps.
    public func bound(on system: System, under runtime: Runtime) throws(SimulationError) -> Seconds {
        var sum = 0.0
        for (step, weight) in zip(steps, StepWeights(of: self).weights) {
            sum += try RooflineBound.time(of: step.graph, on: system, under: runtime).value * weight
        }
        return Seconds(sum)
    }
}
