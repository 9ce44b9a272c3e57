import Documents
import Quantities
import Simulation

/// The page of two answers side by side.
public struct DifferencePage {
    private let difference: RunDifference

    public init(_ difference: RunDifference) { self.difference = difference }

    /// In the order of the page.
    public var charts: [any Chart] {
        let all: [(any Chart)?] = [operators, bounds, exchanges]
        return all.compactMap { $0 }
    }

    /// The whole file.
    public var html: String {
        let names = difference.names
        var page = HTMLPage(title: "\(names.first) against \(names.second)")
        page.answer(kicker: "cost model \(difference.first.basis.costModel)", heading: "\(names.first) against \(names.second)", lede: lede, tiles: tiles)
        if difference.bothRan {
            page.section("operators", "Operator by operator")
            page.figure(operators)
            page.section("why", "Which resource explains it")
            page.figure(bounds, half: exchanges != nil)
            page.figure(exchanges, half: true)
        }
        page.section("figures", "All figures")
        page.card(HTMLPage.html(of: figures))
        for (side, report) in [("A", difference.first), ("B", difference.second)] {
            page.section("basis-\(side.lowercased())", "What \(side) rests on")
            page.card(RunPage.basis(of: report))
        }
        let data: JSON = ["difference": difference.json, "a": JSONReport(difference.first).json, "b": JSONReport(difference.second).json]
        return page.text(data: data, footer: RunPage.footer(version: difference.first.basis.version))
    }

    private var lede: String {
        guard let a = difference.first.timing?.latency, let b = difference.second.timing?.latency else {
            let missing = [("A", difference.first), ("B", difference.second)].filter { !$0.1.fits }.map(\.0).joined(separator: " and ")
            return "<strong class=\"bad\">\(missing) \(missing.count > 1 ? "do" : "does") not fit.</strong>"
        }
        let ratio = max(a, b) / max(min(a, b), Seconds(1e-300))
        let verdict = a == b ? "Both take \(Figure(a.value, .time).html)." : "<strong>\(a < b ? "A" : "B") is \(Figure(ratio, significant(ratio, digits: 3)).html) times as fast</strong>: "
            + "\(Figure(a.value, .time).html) against \(Figure(b.value, .time).html)."
        return verdict + " " + escaped(difference.explanation)
    }

    private var tiles: [HTMLPage.Tile] {
        difference.figures.prefix(6).compactMap { figure in
            guard let a = figure.first, let b = figure.second else { return nil }
            let ratio = a > 0 ? b / a : .nan
            return HTMLPage.Tile(label: figure.name, figure: Figure(ratio, ratio.isFinite ? significant(ratio, digits: 3) + " ×" : "–"),
                                 remark: "B ÷ A; A \(Figure(a, figure.measure).html), B \(Figure(b, figure.measure).html)")
        }
    }

    private var figures: ChartTable {
        ChartTable(["", "A", "B", "B ÷ A"], difference.figures.map { figure in
            func cell(_ value: Double?) -> ChartTable.Cell { value.map { .number($0, figure.measure.text($0)) } ?? .text("–") }
            return [.text(figure.name), cell(figure.first), cell(figure.second), (figure.first ?? 0) > 0 && figure.second != nil ? .number((figure.second ?? 0) / (figure.first ?? 1), difference.ratio(figure.first, figure.second)) : .text("")]
        })
    }

    // MARK: Charts

    var operators: PairChart? {
        guard difference.bothRan, let first = difference.operators.first else { return nil }
        let rows = difference.operators, shown = rows.prefix(rows.count == 15 ? 15 : 14)
        var pairs = shown.map { PairChart.Pair($0.name, $0.first.value, $0.second.value, remark: remark($0)) }
        let rest = rows.dropFirst(shown.count)
        if !rest.isEmpty { pairs.append(.init("\(rest.count) others", rest.reduce(0) { $0 + $1.first.value }, rest.reduce(0) { $0 + $1.second.value })) }
        return PairChart(name: "operators", title: "\(first.name) makes the largest difference, \(signed(first.difference.value))",
                         note: "Time on the critical path by operator, the largest difference first. All differences together are that of the whole job, \(signed(difference.gap.value)).",
                         pairs: pairs, sides: difference.names, measure: .time, axis: "time on the critical path", labels: "operator")
    }

    var bounds: PairChart? {
        guard difference.bothRan, let first = difference.bounds.first else { return nil }
        return PairChart(name: "bounds", title: "Time bound by \(first.name) differs most, \(signed(first.difference.value))", note: "Time on the critical path by what bounded it.",
                         pairs: difference.bounds.map { .init($0.name, $0.first.value, $0.second.value, remark: difference.share($0)) }, sides: difference.names,
                         measure: .time, axis: "time on the critical path", labels: "bound by")
    }

    var exchanges: BarChart? {
        guard difference.bothRan, let best = difference.exchanges.first, let own = difference.second.timing?.latency.value else { return nil }
        let bars = [BarChart.Bar("B as it is", own, hue: .orange)] + difference.exchanges.map { BarChart.Bar("with A's \($0.what)", $0.latency.value, remark: difference.closed(by: $0), hue: .violet) }
            + [BarChart.Bar("A", difference.first.timing?.latency.value ?? 0, hue: .blue)]
        return BarChart(name: "exchanges", title: "With A's \(best.what) B would take \(Measure.time.text(best.latency.value))",
                        note: "B simulated again with one thing of A at a time, and which part of the gap that closes. Together they need not add up: what one frees another may still hold back.",
                        bars: bars, measure: .time, axis: "whole job", labels: "simulated")
    }

    private func remark(_ row: RunDifference.Row) -> String { [difference.share(row), difference.boundText(row)].filter { !$0.isEmpty }.joined(separator: ", ") }
    private func signed(_ seconds: Double) -> String { (seconds < 0 ? "−" : "+") + Measure.time.text(abs(seconds)) }
}
