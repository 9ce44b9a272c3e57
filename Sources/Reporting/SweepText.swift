import Quantities
import ResultsStore

/// The answer of a sweep in a terminal: the best points, the front, and what has no answer.
public struct SweepText {
    private let view: SweepView
    private let style: Style

    public init(_ sweep: SweepResults, style: Style = .plain) {
        view = SweepView(sweep)
        self.style = style
    }

    /// The lines, each ended by a line feed.
    public var text: String {
        let sweep = view.sweep, all = sweep.points.count
        var page = Page(title: sweep.run.name, sweep.run.summary, style: style)
        page.facts([
            ("points", "\(counted(Double(all))): \(counted(Double(view.feasible.count))) within the constraints, \(counted(Double(sweep.count(.computed) - view.feasible.count))) beyond them, "
                + "\(counted(Double(sweep.count(.doesNotFit)))) do not fit, \(counted(Double(sweep.count(.invalid)))) cannot be"),
            ("constraints", view.constraintsText.withPlainSpaces),
        ])
        page.heading("Best")
        if view.best.isEmpty { page.paragraph("No point keeps all constraints.") }
        page.facts(view.best.map { ("\(view.goal($0.objective)) \(view.title($0.objective.metric))", (view.text($0.objective.metric, of: $0.point) + " with " + view.words(of: $0.point)).withPlainSpaces) })
        if view.front.count > 1 {
            let shown = SweepView.thinned(view.front, to: 16)
            page.heading("Pareto front", shown.count < view.front.count ? "\(shown.count) of \(view.front.count), evenly chosen" : "\(view.front.count) points")
            var table = TextTable(view.varied.map { .left(sweep.axes[$0].name, shrinks: true) } + view.figures.map { .right(view.title($0)) })
            for point in shown {
                table.add(view.varied.map { sweep.axes[$0].values[sweep.axes[$0].choice(at: point.place)].label } + view.figures.map { view.text($0, of: point).withPlainSpaces })
            }
            page.table(table)
        }
        return page.text
    }
}

extension String {
    /// Without the space that keeps a figure and its unit on one line of a page.
    var withPlainSpaces: String { String(map { $0 == "\u{A0}" ? " " : $0 }) }
}
