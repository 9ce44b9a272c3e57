import Documents
import Hardware
import Reporting
import ResultsStore
import Scenarios
import Simulation
import Sweeps

extension SweepResults {
    /// The scenario that stands at a place, as the library has it now.
    ///
    /// - Throws: `DocumentError` where the grid of the run names what the library no longer has.
    public func scenario(at place: Int, in library: Library) throws(DocumentError) -> Scenario {
        var grid = try Grid(reading: Document(file: "the grid of \(run.name)", text: run.grid.utf8))
        if let fidelity = Scenario.Fidelity(rawValue: run.costModel), fidelity != grid.fidelity { grid = try grid.with(fidelity) }
        return try Sweep(grid, in: library).scenario(at: place)
    }

    /// The point that the first objective likes best, simulated again; or why there is none to show.
    ///
    /// A library that has changed since the sweep ran would show something else than the sweep found: then nothing is shown.
    public func bestRun(in library: Library) -> (charts: RunCharts?, note: String?) {
        guard let objective = objectives.first, let point = best(for: objective) else { return (nil, nil) }
        do {
            let scenario = try scenario(at: point.place, in: library), report = try scenario.report()
            let stored = value("latency", of: point), again = report.timing?.latency.value
            guard let again, stored.map({ abs($0 - again) <= 1e-9 * again }) ?? true else {
                return (nil, "The best point is not shown from within: the library has changed since the sweep ran, and simulated again it takes something else.")
            }
            return (RunCharts(report, on: scenario.system, steps: try scenario.steps()), nil)
        } catch {
            return (nil, "The best point is not shown from within: \(error)")
        }
    }
}
