import Documents
import Quantities
import ResultsStore
import Simulation

/// The page of a sweep: the best points under the constraints and why, then the front, the axes, and the best point from within.
public struct SweepPage {
    private let charts: SweepCharts
    private let view: SweepView
    private let best: RunCharts?
    private let measured: (any Chart)?
    private let notes: [String]

    /// - Parameters:
    ///   - best: the point that the first objective likes best, simulated again.
    ///   - measured: how predictions stand against measured runs, where there are any.
    ///   - notes: what else a reader should know.
    public init(_ charts: SweepCharts, best: RunCharts? = nil, measured: (any Chart)? = nil, notes: [String] = []) {
        self.charts = charts
        view = charts.view
        self.best = best
        self.measured = measured
        self.notes = notes
    }

    private var sweep: SweepResults { view.sweep }

    /// The whole file.
    public var html: String {
        var page = HTMLPage(title: sweep.run.name)
        page.answer(kicker: sweep.run.summary.isEmpty ? "a sweep, cost model \(sweep.run.costModel)" : sweep.run.summary, heading: sweep.run.name, lede: lede, tiles: tiles)
        page.section("best", "The best points, and why", view.constraintsText.isEmpty ? "" : "Constraints: \(escaped(view.constraintsText)).")
        page.card(why)
        if !view.front.isEmpty { page.card(frontTable, long: true) }
        if !charts.fronts.isEmpty {
            page.section("front", "What can be traded for what")
            for chart in charts.fronts { page.figure(chart) }
        }
        let effects = charts.effects
        if !effects.isEmpty {
            page.section("axes", "What each axis is worth")
            for (index, chart) in effects.enumerated() { page.figure(chart, half: !(index == effects.count - 1 && effects.count % 2 == 1)) }
            page.figure(charts.parallel)
        }
        if let best { addBest(best, to: &page) }
        if let measured {
            page.section("measured", "Against measured runs")
            page.figure(measured)
        }
        page.section("unanswered", "Points without an answer")
        page.card(unanswered, long: true)
        addBasis(to: &page)
        return page.text(data: data, footer: RunPage.footer(version: sweep.run.version))
    }

    // MARK: The answer

    private var lede: String {
        guard let (objective, point) = view.best.first else {
            return view.sweep.count(.computed) == 0 ? "<strong class=\"bad\">No point has an answer.</strong> \(unansweredShort)"
                : "<strong class=\"bad\">No point keeps all constraints.</strong> \(nearest)"
        }
        let under = sweep.constraints.isEmpty ? "" : " with \(escaped(view.constraintsText))"
        return "The \(view.goal(objective)) \(escaped(view.title(objective.metric)))\(under) is <strong>\(figure(objective.metric, point)), with \(escaped(view.words(of: point)))</strong>."
    }

    private func figure(_ metric: String, _ point: SweepView.Point) -> String { Figure(view.value(metric, of: point), view.measure(metric)).html }

    private var tiles: [HTMLPage.Tile] {
        var tiles = view.best.prefix(4).map { objective, point in
            HTMLPage.Tile(label: "\(view.goal(objective)) \(view.title(objective.metric))", figure: Figure(view.value(objective.metric, of: point), view.measure(objective.metric)),
                          remark: escaped(view.words(of: point)))
        }
        let computed = sweep.count(.computed), all = sweep.points.count
        tiles.append(.init(label: "points within the constraints", figure: Figure(Double(view.feasible.count), counted(Double(view.feasible.count))),
                           remark: "of \(Figure(Double(all), counted(Double(all))).html); \(Figure(Double(sweep.count(.doesNotFit)), counted(Double(sweep.count(.doesNotFit)))).html) do not fit, "
                               + "\(Figure(Double(computed - view.feasible.count), counted(Double(computed - view.feasible.count))).html) break a constraint"))
        if !sweep.isComplete {
            tiles.append(.init(label: "not finished", figure: Figure(Double(all), counted(Double(all))), remark: "of \(counted(Double(sweep.run.due))) points are there", classes: "bad"))
        }
        return tiles
    }

    /// With no feasible point: how close the closest comes to each limit.
    private var nearest: String {
        sweep.constraints.compactMap { constraint in
            let values = sweep.points.filter { $0.outcome == .computed }.map { view.value(constraint.metric, of: $0) }.filter { !$0.isNaN }
            guard let closest = constraint.relation == .atMost ? values.min() : values.max() else { return nil }
            let verb = constraint.holds(closest) ? "kept by some alone" : "kept by none"
            return "\(escaped(view.constraintText(constraint))) is \(verb): the best reaches \(Figure(closest, view.measure(constraint.metric)).html)."
        }.joined(separator: " ")
    }

    private var unansweredShort: String {
        "\(counted(Double(sweep.count(.doesNotFit)))) do not fit, \(counted(Double(sweep.count(.invalid)))) cannot be."
    }

    // MARK: Why

    private var why: String {
        guard let (objective, point) = view.best.first else { return "<p>\(nearest)</p>" }
        var items: [String] = []
        if let bound = best?.boundTimes.first, let total = best?.total, total > 0 {
            let share = bound.seconds / total
            items.append("\(Figure(share, percent(share)).html) of its time goes into \(escaped(bound.bound.meaning)).")
        }
        items += relaxed(objective, point) + runnersUp(objective, point)
        let heading = "<h3>Why \(escaped(view.words(of: point)))</h3>"
        return heading + (items.isEmpty ? "<p>It is the only point within the constraints.</p>" : "<ul>" + items.map { "<li>\($0)</li>" }.joined() + "</ul>")
    }

    /// What each constraint costs: the best point if it were not there.
    private func relaxed(_ objective: SweepResults.Objective, _ point: SweepView.Point) -> [String] {
        sweep.constraints.compactMap { constraint in
            var free = sweep
            free.constraints.removeAll { $0 == constraint }
            guard let other = free.best(for: objective), other.place != point.place else {
                return "\(escaped(view.constraintText(constraint))) costs nothing: the best point without it is the same."
            }
            let value = view.value(objective.metric, of: other), excess = view.excess(objective, view.value(objective.metric, of: point), over: value)
            guard excess > 0.0005 else { return "\(escaped(view.constraintText(constraint))) costs nothing." }
            return "Without the limit on \(escaped(view.title(constraint.metric))) \(escaped(view.words(of: other))) would do it with \(Figure(value, view.measure(objective.metric)).html), "
                + "at a \(escaped(view.title(constraint.metric))) of \(figure(constraint.metric, other))."
        }
    }

    /// The best points that differ from the best of all on one axis.
    private func runnersUp(_ objective: SweepResults.Objective, _ point: SweepView.Point) -> [String] {
        let sign = objective.goal == .min ? 1.0 : -1.0, value = view.value(objective.metric, of: point)
        return view.varied.prefix(6).compactMap { axis in
            let own = sweep.axes[axis].choice(at: point.place)
            let others = view.feasible.filter { sweep.axes[axis].choice(at: $0.place) != own && !view.value(objective.metric, of: $0).isNaN }
            guard let next = others.min(by: { sign * view.value(objective.metric, of: $0) < sign * view.value(objective.metric, of: $1) }) else {
                return "No other \(escaped(sweep.axes[axis].name)) keeps all constraints."
            }
            let other = view.value(objective.metric, of: next), excess = view.excess(objective, other, over: value), changes = view.words(of: next, unlike: point, except: axis)
            return "\(escaped(sweep.axes[axis].name.capitalisedFirst)): the next best is \(escaped(view.words(axis, of: next))), \(excess < 0.0005 ? "as good" : "\(Figure(excess, percent(excess)).html) worse"), "
                + figure(objective.metric, next) + (changes.isEmpty ? "" : " with \(escaped(changes))") + "."
        }
    }

    private var frontTable: String {
        let shown = SweepView.thinned(view.front, to: 16)
        let count = shown.count < view.front.count ? "\(shown.count) of \(counted(Double(view.front.count))) points on the front, evenly chosen" : "The \(shown.count == 1 ? "one point" : "\(shown.count) points") on the front"
        return "<h3>\(count)</h3><p class=\"note\">No other point within the constraints is as good in every objective and better in one.</p>"
            + HTMLPage.html(of: charts.table(of: shown), best: view.best.first.flatMap { best in shown.firstIndex { $0.place == best.point.place } })
    }

    // MARK: From within

    private func addBest(_ best: RunCharts, to page: inout HTMLPage) {
        let point = view.best.first.map { view.words(of: $0.point) } ?? ""
        page.section("inside", "The best point from within", "\(escaped(point)), simulated again.")
        let intervals = best.report.intervals.map { interval -> String in
            let measure: Measure = interval.figure == .energy ? .energy : .time
            return "\(interval.figure.words) \(Figure(interval.ninety.lowerBound, measure).html) to \(Figure(interval.ninety.upperBound, measure).html)"
        }
        if !intervals.isEmpty { page.card("<p>90 % of measurements of it would lie within these, as far as its kernels decide: \(intervals.joined(separator: "; ")).</p>") }
        page.figure(best.bounds, half: true)
        page.figure(best.sensitivity, half: true)
        page.figure(best.breakdown)
        page.figure(best.memory, half: true)
        page.figure(best.energy, half: true)
        for chart in best.rooflines + best.timelines { page.figure(chart) }
    }

    private var unanswered: String {
        var rows: [[ChartTable.Cell]] = sweep.constraints.map { constraint in
            let broken = sweep.points.count { point in point.outcome == .computed && !(sweep.value(constraint.metric, of: point).map(constraint.holds) ?? false) }
            return [.number(Double(broken), counted(Double(broken))), .text("break \(view.constraintText(constraint))")]
        }
        rows += SweepReasons(sweep).rows(atMost: 12)
        return rows.isEmpty ? "<p>Every point has an answer.</p>" : HTMLPage.html(of: ChartTable(["points", "reason"], rows))
    }

    private func addBasis(to page: inout HTMLPage) {
        page.section("basis", "What it rests on")
        var html = "<p>orrery \(escaped(sweep.run.version)), cost model \(escaped(sweep.run.costModel)), strategy \(escaped(sweep.run.strategy)).</p>"
        html += SweepBasis(sweep).html
        if !notes.isEmpty { html += "<ul>" + notes.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>" }
        page.card(html)
        guard !sweep.specs.isEmpty else { return }
        let table = ChartTable(["file", "kind", "SHA-256"], sweep.specs.map { [.text($0.name), .text($0.kind), .text(String($0.hash.prefix(16)) + "…")] })
        page.card("<h3>Files</h3><p class=\"note\">As they were when the sweep ran; the store holds their contents.</p><details><summary>\(sweep.specs.count) files with their hashes</summary>\(HTMLPage.html(of: table))</details>")
    }

    // MARK: For programs

    private var data: JSON {
        func point(_ point: SweepView.Point) -> JSON {
            ["place": JSON(point.place),
             "axes": .object(sweep.axes.map { .init(key: $0.name, value: .string($0.values[$0.choice(at: point.place)].label)) }),
             "metrics": .object(sweep.metrics.enumerated().map { .init(key: $1.name, value: JSON(point.values[$0])) })]
        }
        return ["run": ["id": JSON(Int(sweep.run.id)), "name": .string(sweep.run.name), "version": .string(sweep.run.version), "costModel": .string(sweep.run.costModel)],
                "points": ["all": JSON(sweep.points.count), "computed": JSON(sweep.count(.computed)), "doNotFit": JSON(sweep.count(.doesNotFit)), "cannotBe": JSON(sweep.count(.invalid)),
                           "withinConstraints": JSON(view.feasible.count)],
                "constraints": .array(sweep.constraints.map { ["metric": .string($0.metric), "relation": .string($0.relation.rawValue), "bound": JSON($0.bound)] }),
                "best": .array(view.best.map { ["objective": .string($0.objective.metric), "goal": .string($0.objective.goal.rawValue), "point": point($0.point)] }),
                "front": .array(SweepView.thinned(view.front, to: 500).map(point)),
                "bestRun": best.map { JSONReport($0.report).json } ?? nil]
    }
}

private extension Report.Interval.Figure {
    var words: String {
        switch self {
        case .latency: "the whole job"
        case .ttft: "time to first token"
        case .tpot: "time per output token"
        case .energy: "energy"
        }
    }
}
