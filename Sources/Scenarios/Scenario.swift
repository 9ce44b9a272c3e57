import CostModels
import Documents
import Hardware
import LearnedModels
import Reporting
import Simulation
import Workloads

/// A job, where it runs, and how closely to look: all that an answer depends on.
public struct Scenario: Sendable {
    /// The cost models by the name that a person chooses them with.
    public enum Fidelity: String, CaseIterable, Sendable {
        case roofline, cycle, learned
    }

    public var job: Job
    public var system: System
    public var runtime: Runtime
    public var fidelity: Fidelity
    /// What corrects the cycle model on the accelerator; the roofline is a bound and takes none.
    public var calibration: Calibration?
    /// What the learned fidelity asks; without one it is the cycle model.
    public var learned: LearnedModel?
    /// What was decided for the reader and belongs into the report.
    public var notes: [String] = []

    public init(job: Job, system: System, runtime: Runtime, fidelity: Fidelity = .cycle, calibration: Calibration? = nil) {
        self.job = job
        self.system = system
        self.runtime = runtime
        self.fidelity = fidelity
        self.calibration = calibration
    }

    /// - Parameter detail: what to work out beside the figures.
    public func report(_ detail: Report.Detail = .all) throws -> Report {
        var report = switch fidelity {
        case .roofline: try simulate(job, on: system, under: runtime, with: Roofline(), detail: detail)
        case .cycle: try simulate(job, on: system, under: runtime, with: cycle, detail: detail)
        case .learned: try learnedReport(detail)
        }
        if fidelity != .roofline { report.basis.calibration = calibration?.title }
        report.notes = notes + report.notes
        return report
    }

    private var cycle: Cycle { Cycle(calibration: calibration) }

    private func learnedReport(_ detail: Report.Detail) throws -> Report {
        guard let learned else { return try simulate(job, on: system, under: runtime, with: cycle, detail: detail) }
        let costs = Learned(learned, calibration: calibration, software: runtime.id)
        var report = try simulate(job, on: system, under: runtime, with: costs, detail: detail)
        if report.timing != nil, detail.contains(.intervals) { try report.addIntervals(from: costs, running: Plan(lowering: job, onto: system, under: runtime), on: system) }
        return report
    }

    /// Accelerators that the job takes: one for a single operator, which runs on one.
    public var devicesTaken: Int {
        if case .model(let work) = job.work { work.parallelism.devices } else { 1 }
    }

    /// What happens when, for a trace viewer; each simulated step once.
    public func trace() throws -> ChromeTrace {
        let run = try run()
        return ChromeTrace(of: Self.steps(of: run), on: system, holding: run.plan.allocations)
    }

    /// The simulated steps with what happened in each.
    public func steps() throws -> [ChromeTrace.Step] { Self.steps(of: try run()) }

    private func run() throws -> JobRun {
        let plan = try Plan(lowering: job, onto: system, under: runtime)
        return switch (fidelity, learned) {
        case (.roofline, _): try JobRun(plan, on: system, under: runtime, with: Roofline())
        case (.learned, let learned?): try JobRun(plan, on: system, under: runtime, with: Learned(learned, calibration: calibration, software: runtime.id))
        case (.cycle, _), (.learned, nil): try JobRun(plan, on: system, under: runtime, with: cycle)
        }
    }

    private static func steps(of run: JobRun) -> [ChromeTrace.Step] {
        zip(run.plan.steps, run.timelines).map { ChromeTrace.Step(name: $0.phase.title, timeline: $1) }
    }
}

extension Plan.Phase {
    var title: String {
        switch self {
        case .prefill: "prefill"
        case .decode(let context): "decode step at context \(context)"
        case .single: "operator"
        }
    }
}
