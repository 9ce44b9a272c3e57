import Fuzzing
import Orrery
import Testing

@Suite("Every shipped job on every shipped machine")
struct EveryPairTests {
    private let catalogue: Catalogue

    init() throws { catalogue = try Catalogue.shared.get() }

    @Test("On every device that can run it a job is answered in sound numbers, above the bound, with all its work accounted for")
    func devices() throws { try check(catalogue.machines) }

    @Test("The same on every system")
    func systems() throws { try check(catalogue.systems) }

    private func check(_ systems: [System]) throws {
        var ran = 0, small = 0, cannot = 0
        for system in systems {
            for job in catalogue.jobs {
                guard let runtime = catalogue.runtime(for: job, on: system) else { cannot += 1; continue }
                for fidelity in Scenario.Fidelity.allCases {
                    let what = "\(job.id) on \(system.id) under \(runtime.id), \(fidelity.rawValue)"
                    do {
                        let plan = try Plan(lowering: job, onto: system, under: runtime)
                        let report = try answer(job, system, runtime, fidelity)
                        for flaw in flaws(in: report) { Issue.record("\(what): \(flaw)") }
                        guard report.fits else { small += 1; continue }
                        try conserved(plan, report, what)
                        ran += 1
                    } catch is DocumentError { cannot += 1 } catch is SimulationError { cannot += 1 }
                }
            }
        }
        print("\(ran) answers on \(systems.count) machines; \(small) do not fit, \(cannot) cannot run there")
        #expect(ran > 100)
    }

    private func answer(_ job: Job, _ system: System, _ runtime: Runtime, _ fidelity: Scenario.Fidelity) throws -> Report {
        switch fidelity {
        case .roofline: try simulate(job, on: system, under: runtime, with: Roofline(), sensitivities: false)
        case .cycle, .learned: try simulate(job, on: system, under: runtime, with: Cycle(), sensitivities: false)
        }
    }

    /// FLOPs and bytes of the answer are those of the graphs, each as often as its step.
    private func conserved(_ plan: Plan, _ report: Report, _ what: String) throws {
        var flops = 0.0, bytes = 0.0
        for (step, weight) in zip(plan.steps, plan.weights) {
            for node in step.graph.nodes {
                let operation = step.graph.uses[Int(node.use)].operation, times = weight * Double(step.graph.lanes[Int(node.lane)].multiplicity)
                flops += operation.flops.value * times
                bytes += (operation.traffic.memory.value + operation.traffic.link.value) * times
            }
        }
        let counted = report.operators.reduce(into: (flops: 0.0, bytes: 0.0)) { $0.flops += $1.flops.value; $0.bytes += $1.bytes.value }
        #expect(abs(counted.flops - flops) <= 1e-9 * flops, "\(what): \(counted.flops) of \(flops) FLOP")
        #expect(abs(counted.bytes - bytes) <= 1e-9 * bytes, "\(what): \(counted.bytes) of \(bytes) B")
    }
}

extension Plan {
    /// How many steps each simulated one stands for: the trapezoid between contexts, counted by hand.
    var weights: [Double] {
        let decodes = steps.indices.filter { if case .decode = steps[$0].phase { true } else { false } }
        return steps.indices.map { decodes.contains($0) ? Double(decodeSteps) / Double(decodes.count) : 1 }
    }
}
