import Documents
import ResultsStore
import Scenarios
import Workloads

/// Tries every value of every axis once, so that a grid with a slip of the pen is refused before anything runs.
///
/// A value that is wrong by itself (an unknown key, a name that nothing has, a size without a unit) is an error of the grid; one
/// that contradicts others (eight ways to cut nine heads) is an answer at its places.
final class GridTrial {
    /// Values of one axis that are tried; of longer axes the first and the last ones.
    private static let mostTried = 200

    private let bench: Bench
    private let grid: Grid
    private var phases: Set<ModelJob.Phase?> = []
    private var priceless: Set<String> = []
    private(set) var specs: [RunDeclaration.Spec] = []

    init(_ bench: Bench) {
        self.bench = bench
        grid = bench.grid
    }

    func run() throws(DocumentError) {
        let first = firstKept
        _ = try attempt(first, axis: nil)
        for (axis, values) in grid.axes.enumerated() {
            let count = values.choices.count
            let tried = count <= Self.mostTried ? Array(0..<count) : Array(0..<Self.mostTried / 2) + Array(count - Self.mostTried / 2..<count)
            for choice in tried where choice != first[axis] {
                var choices = first
                choices[axis] = choice
                _ = try attempt(choices, axis: (axis, choice))
            }
        }
        try checkPrices()
        try checkMetrics()
        specs = bench.specs
    }

    /// The first place that the filters keep, the very first where they keep none near.
    private var firstKept: [Int] {
        for place in 0..<min(grid.places, 100_000) {
            let choices = grid.choices(at: place)
            if grid.isKept(choices) { return choices }
        }
        return grid.choices(at: 0)
    }

    private func attempt(_ choices: [Int], axis: (Int, Int)?) throws(DocumentError) {
        do throws(DocumentError) {
            let scenario = try bench.build(choices).scenario
            if case .model(let work) = scenario.job.work { phases.insert(work.phase) } else { phases.insert(nil) }
            let device = scenario.system.accelerator.device.id
            if grid.prices?.perHour[device] == nil { priceless.insert(device) }
        } catch {
            // What a file or a name is missing is wrong wherever it stands; so is what the reader could not take.
            guard error.isMalformed || error.path.isEmpty && !error.message.contains("does not run") else { return }
            guard !error.path.hasPrefix("axes"), let (axis, choice) = axis ?? culprit(error, choices) else { throw error }
            let targets = grid.axes[axis].targets.map(\.text).joined(separator: ", ")
            let place = error.file == grid.file ? error.path : error.path.isEmpty ? error.file : "\(error.file): \(error.path)"
            throw DocumentError(file: grid.file, path: "axes.\(targets)[\(choice)]", message: "\(place): \(error.message)", isMalformed: true)
        }
    }

    /// Of the first place, every axis is tried at once: the one whose value stands where the error is.
    /// An unknown key is found by the object that has it, so that its name has to be the last of the axis's path.
    private func culprit(_ error: DocumentError, _ choices: [Int]) -> (Int, Int)? {
        for (axis, values) in grid.axes.enumerated() {
            for target in values.targets where !target.path.isEmpty {
                let key = target.text.split(separator: ".").last.map(String.init) ?? ""
                if error.path == target.path.description || error.path == target.text || error.message.hasPrefix("unknown key \"\(key)\"") {
                    return (axis, choices[axis])
                }
            }
        }
        return nil
    }

    private func checkPrices() throws(DocumentError) {
        guard grid.needsPrices, !priceless.isEmpty else { return }
        let names = priceless.sorted()
        throw DocumentError(file: grid.file, path: "prices.perHour", message: "has no price of \(list(names)), which the objectives or constraints ask for; state what one costs an hour, and the source")
    }

    /// What no job of the grid has is a slip, not a constraint that nothing keeps.
    private func checkMetrics() throws(DocumentError) {
        func exists(_ metric: String) -> Bool {
            switch Metric(rawValue: metric) {
            case .ttft: phases.contains(.prefill) || phases.contains(.generate)
            case .tpot: phases.contains(.decode) || phases.contains(.generate)
            case .throughput, .energyPerToken, .costPerMillionTokens: phases.contains { $0 != nil }
            default: true
            }
        }
        // Values of one axis at a time do not show every phase that two axes of jobs make together.
        guard !phases.isEmpty else { return }
        if let constraint = grid.constraints.first(where: { !exists($0.metric) }) {
            throw DocumentError(file: grid.file, path: "constraints.\(constraint.metric)", message: "no job of the grid has a \(Metric(rawValue: constraint.metric)?.title ?? "")")
        }
        if let index = grid.objectives.firstIndex(where: { !exists($0.metric) }) {
            let metric = Metric(rawValue: grid.objectives[index].metric)
            throw DocumentError(file: grid.file, path: "objectives[\(index)]", message: "no job of the grid has a \(metric?.title ?? "")")
        }
    }
}
