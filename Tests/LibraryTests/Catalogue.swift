import Foundation
import Orrery
import Testing

/// The shipped files, read once, and their jobs cut down to what a test has time for.
struct Catalogue: Sendable {
    let library: Library
    let jobs: [Job]
    let runtimes: [Runtime]
    /// Every device by itself, with its usual host, at full power and in each of its modes.
    let machines: [System]
    let systems: [System]

    static let shared = Result { try Catalogue() }

    private init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
        let library = try Library(root)
        self.library = library
        jobs = try library.ids(.jobs).map { try library.job($0).shortened }
        runtimes = try library.ids(.runtimes).map { try library.runtime($0) }
        machines = try library.ids(.devices).flatMap { id in
            let modes = try library.device(id).modes.map { "\(id)@\($0.name)" }
            return try ([id] + modes).map { try library.system(ofDevice: $0) }
        }
        systems = try library.ids(.systems).map { try library.system($0) }
    }

    static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    /// The job's own runtime where it drives this kind of accelerator, else the leanest that does.
    func runtime(for job: Job, on system: System) -> Runtime? {
        let fitting = runtimes.filter { $0.runsOn.contains(system.accelerator.device.kind) }
        return fitting.first { $0.id == job.runtime } ?? fitting.min { ($0.hostPerKernel, $0.id) < ($1.hostPerKernel, $1.id) }
    }

    /// What a job is on a system, nil where it cannot run there or does not fit, and for training, which has no time.
    func setting(_ job: Job, on system: System) -> Setting? {
        guard let runtime = runtime(for: job, on: system), let plan = try? Plan(lowering: job, onto: system, under: runtime), !plan.steps.isEmpty,
              MemoryLedger(placing: plan, on: system, under: runtime).fits else { return nil }
        return Setting(job: job, system: system, runtime: runtime, plan: plan)
    }
}

/// A job that fits where it is to run.
struct Setting: Sendable, CustomStringConvertible {
    let job: Job
    let system: System
    let runtime: Runtime
    let plan: Plan

    var description: String { "\(job.id) on \(system.id) under \(runtime.id)" }

    /// Seconds of the whole job with one resource better by a factor.
    func latency(_ fidelity: Scenario.Fidelity, _ resource: Device.Resource = .compute, by factor: Double = 1) throws -> Double {
        let system = system.scaled(resource, by: factor), runtime = runtime.scaled(resource, by: factor)
        return switch fidelity {
        case .roofline: try JobRun(plan, on: system, under: runtime, with: Roofline()).latency.value
        case .cycle, .learned: try JobRun(plan, on: system, under: runtime, with: Cycle()).latency.value
        }
    }

    /// Whether kernels run on devices of several groups, as where a host attends while the accelerator sends it the next tokens.
    ///
    /// There no rule of sharing is free of scheduling anomalies (Graham, "Bounds on multiprocessing timing anomalies", 1969): a
    /// transfer that nobody waits for and that got faster takes more of the host's memory for a while from the attention that
    /// everybody waits for. Transfers in turn before kernels leave them to one job of the library, opt-13b-host-attention.
    var spansGroups: Bool { plan.steps.contains { Set($0.graph.lanes.map(\.group)).count > 1 } }

    /// What an anomaly may amount to: 0.25 % where kernels run on several groups (0.21 % at worst, measured), nothing elsewhere.
    var slack: Double { spansGroups ? 2.5e-3 : 1e-9 }

    /// Events fall on whole picoseconds: what rounding may add up to over the operators of the job.
    var rounding: Double { plan.steps.reduce(0) { $0 + Double($1.graph.nodes.count) } * Double(max(1, plan.decodeSteps)) * 1e-12 }
}

extension Job {
    /// The same job with few layers and few output tokens: operators keep their shapes, only their number falls.
    var shortened: Job {
        guard case .model(var work) = self.work else { return self }
        let stages = work.parallelism.pipeline
        func shortened(_ stack: Stack) -> Stack {
            var stack = stack
            stack.layers = min(stack.layers, max(4, stages, (stack.experts?.firstDense ?? 0) + 2))
            return stack
        }
        work.model.encoder = work.model.encoder.map(shortened)
        work.model.decoder = work.model.decoder.map(shortened)
        work.output = min(work.output, 4)
        var job = self
        job.work = .model(work)
        return job
    }

    /// The same job with another workload, nil for a single operator.
    func changed(_ change: (inout ModelJob) -> Void) -> Job? {
        guard case .model(var work) = self.work else { return nil }
        change(&work)
        var job = self
        job.work = .model(work)
        return job
    }
}
