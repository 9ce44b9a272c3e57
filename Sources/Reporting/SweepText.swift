import Documents
import Quantities
import ResultsStore

/// What a sweep found, for a terminal: how many points there are and what became of them, the best, and the Pareto front.
public struct SweepText {
    /// Points of the front that are listed; a person reads no more.
    private static let mostListed = 15

    public let text: String

    public init(_ sweep: SweepResults, style: Style = .plain) {
        var page = Page(title: sweep.run.name, sweep.run.summary, style: style)
        let feasible = sweep.points.count(where: sweep.isFeasible)
        page.heading("Points")
        page.facts([
            ("answered", "\(counted(Double(sweep.points.count))) of \(counted(Double(sweep.run.due)))"
                + (sweep.run.shards > 1 ? ", shard \(sweep.run.shard) of \(sweep.run.shards)" : "") + ", cost model \(sweep.run.costModel)"),
            ("do not fit", sweep.count(.doesNotFit) > 0 ? counted(Double(sweep.count(.doesNotFit))) : nil),
            ("cannot be", sweep.count(.invalid) > 0 ? counted(Double(sweep.count(.invalid))) : nil),
            ("keep the constraints", sweep.constraints.isEmpty ? nil
                : counted(Double(feasible)) + ": " + sweep.constraints.map { "\($0.metric) \($0.label)" }.joined(separator: ", ")),
        ])
        let varied = sweep.axes.indices.filter { sweep.axes[$0].values.count > 1 }
        let axes = varied.map { TextTable.Column.left(sweep.axes[$0].name, shrinks: true) }
        let metrics = sweep.objectives.map { TextTable.Column.right($0.metric) }
        func figures(_ point: SweepResults.Point) -> [String] {
            sweep.objectives.map { Self.written(sweep.value($0.metric, of: point), unit: sweep.index(of: $0.metric).map { sweep.metrics[$0].unit } ?? "") }
        }
        func cells(_ point: SweepResults.Point) -> [String] {
            let labels = sweep.labels(of: point)
            return varied.map { labels[$0] } + figures(point)
        }

        page.heading("Best")
        if feasible == 0 {
            page.paragraph(sweep.points.contains { $0.outcome == .computed } ? "No point keeps all constraints." : "No point has figures; the first reason: "
                + (sweep.points.first { $0.reason != nil }?.reason ?? "none"))
        } else {
            var table = TextTable([.left("objective")] + axes + metrics)
            for objective in sweep.objectives {
                if let best = sweep.best(for: objective) { table.add(["\(objective.goal.rawValue) \(objective.metric)"] + cells(best)) }
            }
            page.table(table)
        }
        let front = sweep.objectives.count > 1 ? sweep.front : []
        if front.count > 1 {
            page.heading("Pareto front", front.count > Self.mostListed ? "\(Self.mostListed) of \(front.count) points, evenly spread" : "no other point is better in everything")
            var table = TextTable(axes + metrics)
            let step = max(1, Double(front.count - 1) / Double(Self.mostListed - 1))
            for index in 0..<min(front.count, Self.mostListed) { table.add(cells(front[Int((Double(index) * step).rounded())])) }
            page.table(table)
        }
        text = page.text
    }

    /// A figure with its unit, in few digits; empty where there is none.
    public static func written(_ value: Double?, unit: String) -> String {
        guard let value else { return "" }
        return switch unit {
        case "s": Seconds(value).short
        case "J": Joules(value).short
        case "W": Watts(value).short
        case "B": Bytes(value).short
        case "": significant(value, digits: 3)
        default: "\(value >= 1000 ? counted(value.rounded()) : significant(value, digits: 3)) \(unit)"
        }
    }
}
