import Quantities
import ResultsStore

/// The charts of a sweep.
public struct SweepCharts: Sendable {
    let view: SweepView
    private var sweep: SweepResults { view.sweep }

    public init(_ sweep: SweepResults) { view = SweepView(sweep) }

    /// In the order of the page.
    public var all: [any Chart] {
        let across: [any Chart] = parallel.map { [$0] } ?? []
        return fronts + effects + across
    }

    /// More marks than this are a crowd.
    private static let mostMarks = 160

    // MARK: The front

    /// Objectives in pairs, the first with each other; a single objective with what is limited or else produced.
    var fronts: [ScatterChart] {
        let objectives = sweep.objectives.filter { sweep.index(of: $0.metric) != nil }
        guard let first = objectives.first else { return [] }
        guard objectives.count == 1 else {
            return objectives.dropFirst().prefix(3).enumerated().map { index, other in
                scatter(index == 0 ? "pareto" : "pareto-\(index + 1)", x: (other.metric, other.goal), y: (first.metric, first.goal), front: view.front, joined: objectives.count == 2)
            }
        }
        let partners: [(String, SweepResults.Objective.Goal)] = sweep.constraints.map { ($0.metric, $0.relation == .atMost ? .min : .max) }
            + [("tpot", .min), ("throughput", .max), ("latency", .min), ("energy", .min)]
        guard let partner = partners.first(where: { partner in partner.0 != first.metric && view.feasible.contains { !view.value(partner.0, of: $0).isNaN } }) else { return [] }
        let pair = [first, .init(metric: partner.0, goal: partner.1)]
        return [scatter("pareto", x: partner, y: (first.metric, first.goal), front: Self.front(of: view, pair), joined: true)]
    }

    /// The feasible points that no other betters in both of two figures.
    private static func front(of view: SweepView, _ pair: [SweepResults.Objective]) -> [SweepView.Point] {
        var sweep = view.sweep
        sweep.objectives = pair
        return sweep.front
    }

    private func scatter(_ name: String, x: (metric: String, goal: SweepResults.Objective.Goal), y: (metric: String, goal: SweepResults.Objective.Goal),
                         front: [SweepView.Point], joined: Bool) -> ScatterChart {
        let shown = SweepView.thinned(front, to: Self.mostMarks), marked = Set(front.map(\.place))
        let telling = view.telling(among: shown), series = telling.map { telling in telling.choices.map { view.words(telling.axis, choice: $0) } } ?? ["on the front"]
        let differing = view.varied.filter { axis in axis != telling?.axis && Set(shown.map { sweep.axes[axis].choice(at: $0.place) }).count > 1 }
        // What the colour says need not be written, unless it is all that differs.
        func spread(_ axis: Int) -> Int { Set(shown.map { sweep.axes[axis].choice(at: $0.place) }).count }
        let labelled = differing.isEmpty ? telling.map { [$0.axis] } ?? [] : Array(differing.sorted { (spread($1), $0) < (spread($0), $1) }.prefix(2))
        let points = shown.map { point in
            ScatterChart.Point(x: view.value(x.metric, of: point), y: view.value(y.metric, of: point),
                               series: telling.flatMap { telling in telling.choices.firstIndex(of: sweep.axes[telling.axis].choice(at: point.place)) } ?? 0,
                               label: labelled.isEmpty ? "" : view.words(of: point, axes: labelled), tip: view.tip(of: point))
        }
        let others = view.feasible.filter { !marked.contains($0.place) }.map { (x: view.value(x.metric, of: $0), y: view.value(y.metric, of: $0)) }
        var note = "Marks are the points that no other betters in "
            + (joined ? "both figures" : "all \(sweep.objectives.count) objectives at once") + "; \(counted(Double(others.count))) other points within the constraints are the cells beneath, the darker the more."
        if shown.count < front.count { note += " Of \(counted(Double(front.count))) points on the front, \(shown.count) are marked, evenly chosen." }
        if let telling { note += " Colour and shape say the \(sweep.axes[telling.axis].name)." }
        return ScatterChart(
            name: name, title: frontTitle(x, y, front), note: note,
            x: (view.title(x.metric), view.measure(x.metric), x.goal == .min ? .lower : .higher), y: (view.title(y.metric), view.measure(y.metric), y.goal == .min ? .lower : .higher),
            points: points, others: others, series: series, crowd: "other points within the constraints", joined: joined, table: table(of: shown))
    }

    private func frontTitle(_ x: (metric: String, goal: SweepResults.Objective.Goal), _ y: (metric: String, goal: SweepResults.Objective.Goal), _ front: [SweepView.Point]) -> String {
        func best(_ metric: String, _ goal: SweepResults.Objective.Goal) -> SweepView.Point? {
            front.min { goal == .min ? view.value(metric, of: $0) < view.value(metric, of: $1) : view.value(metric, of: $0) > view.value(metric, of: $1) }
        }
        guard let low = best(y.metric, y.goal), let fast = best(x.metric, x.goal) else { return "No point keeps all constraints" }
        guard low.place != fast.place else { return "One point is best in both: \(view.text(y.metric, of: low)) at \(view.text(x.metric, of: low))" }
        return "\(view.title(y.metric).capitalisedFirst) from \(view.text(y.metric, of: low)) at \(view.text(x.metric, of: low)) to \(view.text(y.metric, of: fast)) at \(view.text(x.metric, of: fast))"
    }

    /// Points with their coordinates and figures.
    func table(of points: [SweepView.Point]) -> ChartTable {
        ChartTable(view.columns.map { sweep.axes[$0].name } + view.figures.map { view.title($0) }, points.map { point in
            view.columns.map { .text(view.label($0, of: point)) } + view.figures.map { metric in
                let value = view.value(metric, of: point)
                return value.isNaN ? .text("") : .number(value, view.measure(metric).text(value))
            }
        })
    }

    // MARK: What each axis is worth

    /// For every axis: the best that each of its values reaches, whatever stands on the others.
    var effects: [BarChart] {
        guard let objective = sweep.objectives.first, !view.feasible.isEmpty else { return [] }
        return view.varied.map { effect(of: $0, on: objective) }
    }

    private func effect(of axis: Int, on objective: SweepResults.Objective) -> BarChart {
        let values = sweep.axes[axis].values, sign = objective.goal == .min ? 1.0 : -1.0
        var best = [Double?](repeating: nil, count: values.count), counts = [Int](repeating: 0, count: values.count)
        for point in view.feasible {
            let choice = sweep.axes[axis].choice(at: point.place), value = view.value(objective.metric, of: point)
            counts[choice] += 1
            if !value.isNaN, best[choice].map({ sign * value < sign * $0 }) ?? true { best[choice] = value }
        }
        let measure = view.measure(objective.metric), known = values.indices.filter { best[$0] != nil }
        let winner = known.min { sign * (best[$0] ?? 0) < sign * (best[$1] ?? 0) }, loser = known.max { sign * (best[$0] ?? 0) < sign * (best[$1] ?? 0) }
        let shown = values.count > 18 ? known.sorted { sign * (best[$0] ?? 0) < sign * (best[$1] ?? 0) }.prefix(18).sorted() : Array(values.indices)
        let bars = shown.map { choice -> BarChart.Bar in
            var bar = BarChart.Bar(values[choice].label, best[choice] ?? 0, hue: choice == winner ? .blue : .grey)
            bar.isKnown = best[choice] != nil
            if !bar.isKnown { bar.remark = "none within the constraints" }
            return bar
        }
        var title = "\(sweep.axes[axis].name): no value keeps all constraints"
        if let winner, let loser, let top = best[winner], let bottom = best[loser] {
            let gap = view.excess(objective, bottom, over: top)
            title = winner == loser || gap < 0.0005 ? "\(sweep.axes[axis].name): \(winner == loser ? "only \(values[winner].label) keeps all constraints" : "makes no difference to the best")"
                : "\(sweep.axes[axis].name): \(values[winner].label) reaches \(measure.text(top)), \(values[loser].label) no better than \(measure.text(bottom))"
        }
        let sampled = shown.count < values.count ? " The best 18 of \(values.count) values." : ""
        return BarChart(name: "axis-\(sweep.axes[axis].name.slug)", title: title,
                        note: "The \(view.goal(objective)) \(view.title(objective.metric)) with each value, whatever stands on the other axes, within the constraints.\(sampled)",
                        bars: bars, measure: measure, axis: "\(view.goal(objective)) \(view.title(objective.metric))", labels: sweep.axes[axis].name)
    }

    // MARK: All axes at once

    var parallel: ParallelChart? {
        let figures = Array(view.figures.prefix(4)), axes = Array(view.varied.prefix(9))
        guard !axes.isEmpty, axes.count + figures.count > 1, !view.front.isEmpty else { return nil }
        let shown = SweepView.thinned(view.front, to: 40), marked = Set(view.front.map(\.place))
        let crowd = SweepView.thinned(view.feasible.filter { !marked.contains($0.place) }, to: 200)
        let telling = view.telling(among: shown)
        func line(_ point: SweepView.Point, _ series: Int?) -> ParallelChart.Line {
            .init(values: axes.map { Double(sweep.axes[$0].choice(at: point.place)) } + figures.map { view.value($0, of: point) }, series: series, tip: series == nil ? "" : view.tip(of: point))
        }
        let lines = crowd.map { line($0, nil) } + shown.map { point in
            line(point, telling.flatMap { telling in telling.choices.firstIndex(of: sweep.axes[telling.axis].choice(at: point.place)) } ?? 0)
        }
        let fixed = axes.filter { axis in Set(view.front.map { sweep.axes[axis].choice(at: $0.place) }).count == 1 }
        let title = fixed.isEmpty ? "No axis has a single best value: the front takes several on each"
            : "All points on the front have " + fixed.map { view.words($0, of: view.front[0]) }.joined(separator: ", ")
        return ParallelChart(
            name: "parallel", title: title,
            note: "Each line is a point, crossing every axis at its value. Coloured: \(shown.count) of \(counted(Double(view.front.count))) on the front"
                + (crowd.isEmpty ? "." : "; grey: a sample of \(crowd.count) of the \(counted(Double(view.feasible.count - view.front.count))) others within the constraints."),
            axes: axes.map { .init(name: sweep.axes[$0].name, labels: sweep.axes[$0].values.map(\.label)) } + figures.map { .init(name: view.title($0), measure: view.measure($0)) },
            lines: lines.filter { $0.values.allSatisfy(\.isFinite) }, series: telling.map { telling in telling.choices.map { view.words(telling.axis, choice: $0) } } ?? ["on the front"],
            crowd: "others", table: table(of: shown))
    }
}

extension String {
    var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
    /// Letters and digits of a name, for anchors and file names.
    var slug: String { String(unicodeScalars.map { $0.properties.isAlphabetic || ("0"..."9").contains($0) ? Character($0) : "-" }) }
}
