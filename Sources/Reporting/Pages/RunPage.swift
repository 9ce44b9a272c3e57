import CostModels
import Documents
import Quantities
import Simulation

/// The page of one run: the answer, then why.
public struct RunPage {
    private let report: Report
    private let charts: RunCharts
    private let name: String
    private let device: String

    /// - Parameters:
    ///   - name: what a person calls the job; its id unless given.
    ///   - device: what a person calls the system, likewise.
    public init(_ charts: RunCharts, name: String? = nil, device: String? = nil) {
        self.charts = charts
        report = charts.report
        self.name = name ?? charts.report.basis.job
        self.device = device ?? charts.report.basis.system
    }

    /// The whole file.
    public var html: String {
        var page = HTMLPage(title: "\(name) on \(device)")
        let basis = report.basis
        page.answer(kicker: "job \(basis.job), system \(basis.system), runtime \(basis.runtime), cost model \(basis.costModel)",
                    heading: "\(name) on \(device)", lede: report.fits ? lede : shortage, tiles: tiles)
        if report.fits { addRunning(to: &page) } else { addShortage(to: &page) }
        page.section("basis", "What it rests on")
        page.card(Self.basis(of: report))
        return page.text(data: JSONReport(report).json, footer: Self.footer(version: basis.version))
    }

    static func footer(version: String) -> String {
        "Made by orrery \(escaped(version)). Everything stands in this file; the figures are in it as JSON, too, in the element with the id <code>data</code>."
    }

    // MARK: The answer

    private var lede: String {
        guard let timing = report.timing else { return "" }
        var sentences = ["The job takes \(Figure(timing.latency.value, .time).html)"]
        if timing.bound > .zero {
            let times = timing.latency / timing.bound
            sentences[0] += ", \(Figure(times, significant(times, digits: 3)).html) times the least that this hardware allows"
        }
        sentences[0] += "."
        if let first = charts.boundTimes.first, charts.total > 0 {
            let share = first.seconds / charts.total
            sentences.append("<strong>\(Figure(share, percent(share)).html) of the time goes into \(escaped(first.bound.meaning)).</strong>")
        }
        if let best = report.sensitivities.max(by: { $0.gain < $1.gain }), best.gain >= 0.0005 {
            sentences.append("What helps most is \(escaped(best.resource.spaced)): 10 % more of it makes the job \(Figure(best.gain, percent(best.gain)).html) faster.")
        }
        return sentences.joined(separator: " ")
    }

    private var shortage: String {
        "<strong class=\"bad\">Does not fit.</strong> " + report.memory.filter { !$0.fits }.map { memory in
            "Each \(escaped(memory.group)) (\(escaped(memory.device))) would have to hold \(Figure(memory.peak.value, .bytes).html), but has "
                + "\(Figure(memory.usable.value, .bytes).html) to use: \(Figure((memory.peak - memory.usable).value, .bytes).html) too much."
        }.joined(separator: " ")
    }

    private var tiles: [HTMLPage.Tile] {
        var tiles: [HTMLPage.Tile] = []
        if let timing = report.timing {
            func rate(_ perSecond: Double?, _ what: String) -> String { perSecond.map { Figure($0, Measure.count).html + " " + what } ?? "" }
            if let ttft = timing.ttft { tiles.append(.init(label: "time to first token", figure: Figure(ttft.value, .time), remark: rate(timing.promptTokensPerSecond, "prompt tokens/s") + interval(.ttft))) }
            if let tpot = timing.tpot { tiles.append(.init(label: "time per output token", figure: Figure(tpot.value, .time), remark: rate(timing.outputTokensPerSecond, "output tokens/s") + interval(.tpot))) }
            let times = timing.bound > .zero ? timing.latency / timing.bound : 0
            tiles.append(.init(label: "whole job", figure: Figure(timing.latency.value, .time),
                               remark: (times > 0 ? "\(Figure(times, significant(times, digits: 3)).html) × the physical bound, \(Figure(timing.bound.value, .time).html)" : "") + interval(.latency)))
            if let first = charts.boundTimes.first, charts.total > 0 {
                tiles.append(.init(label: "bound by", figure: Figure(first.seconds / charts.total, first.bound.rawValue),
                                   remark: "\(Figure(first.seconds / charts.total, percent(first.seconds / charts.total)).html) of the critical path; accelerators busy \(Figure(timing.busyFraction, percent(timing.busyFraction)).html)"))
            }
        }
        if let energy = report.energy {
            tiles.append(.init(label: "energy", figure: Figure(energy.total.value, .energy), remark: "\(Figure(energy.averagePower.value, .power).html) on average" + interval(.energy)))
        }
        for memory in report.memory.prefix(3) {
            let share = memory.peak / memory.usable
            tiles.append(.init(label: "memory of \(memory.group)", figure: Figure(memory.peak.value, .bytes),
                               remark: (memory.fits ? "<span class=\"good\">fits</span>: " : "<span class=\"bad\">does not fit</span>: ")
                                   + "\(Figure(share, percent(share)).html) of \(Figure(memory.usable.value, .bytes).html) usable"))
        }
        return tiles
    }

    /// Where 90 % of measurements would lie, where the cost model says.
    private func interval(_ figure: Report.Interval.Figure) -> String {
        guard let ninety = report.intervals.first(where: { $0.figure == figure })?.ninety else { return "" }
        let measure: Measure = figure == .energy ? .energy : .time
        return "<br>90 % of measurements: \(Figure(ninety.lowerBound, measure).html) to \(Figure(ninety.upperBound, measure).html)"
    }

    // MARK: Why

    private func addRunning(to page: inout HTMLPage) {
        page.section("time", "Where the time goes")
        page.figure(charts.bounds, half: true)
        page.figure(charts.sensitivity, half: true)
        page.figure(charts.breakdown)
        page.section("resources", "Memory and energy")
        page.figure(charts.memory, half: true)
        page.figure(charts.energy, half: true)
        let rooflines = charts.rooflines
        if !rooflines.isEmpty {
            page.section("roofline", "Operators on the roofline")
            for chart in rooflines { page.figure(chart) }
        }
        let timelines = charts.timelines
        if !timelines.isEmpty {
            page.section("timeline", "What ran when")
            for chart in timelines { page.figure(chart) }
        }
        page.section("operators", "Every operator")
        page.card("<p class=\"note\">Time in which each ran; together more than the job where they overlap. Rates are those of one device while it runs the operator.</p>"
                  + HTMLPage.html(of: operators), long: true)
    }

    private func addShortage(to page: inout HTMLPage) {
        page.section("memory", "What is missing")
        page.figure(charts.memory)
        page.section("advice", "What would make it fit")
        page.card(report.advice.isEmpty ? "<p>No single change of the job was found that makes it fit.</p>"
                  : "<ul>" + report.advice.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>")
    }

    private var operators: ChartTable {
        let several = Set(report.operators.map(\.device)).count > 1, whole = report.timing?.latency ?? Seconds(1)
        return ChartTable(["operator"] + (several ? ["on"] : []) + ["count", "time", "share", "bound by", "compute", "traffic", "energy", "carried out as"],
                          report.operators.sorted { $0.latency > $1.latency }.map { row in
            func rate(_ work: Double, _ measure: Measure) -> ChartTable.Cell {
                work > 0 && row.deviceTime > .zero ? .number(work / row.deviceTime.value, measure.text(work / row.deviceTime.value)) : .text("")
            }
            return [.text(row.name)] + (several ? [.text(row.device)] : []) + [
                .number(row.count, counted(row.count)), .number(row.latency.value, Measure.time.text(row.latency.value)),
                .number(row.latency / whole, percent(row.latency / whole)), .text(row.boundBy.rawValue), rate(row.flops.value, .computeRate), rate(row.bytes.value, .bandwidth),
                .number(row.energy.value, Measure.energy.text(row.energy.value)), .text(row.choice),
            ]
        })
    }

    // MARK: What it rests on

    static func basis(of report: Report) -> String {
        let basis = report.basis
        var html = "<p>orrery \(escaped(basis.version)), cost model \(escaped(basis.costModel)), "
            + (basis.calibration.map { "calibration <strong>\(escaped($0))</strong>, fitted to measured runs" } ?? "<strong>no calibration</strong>: datasheets and the model alone") + ".</p>"
        func list(_ opening: String, _ items: [String]) -> String {
            items.isEmpty ? "" : "<p>\(opening) " + items.map { "<code>\(escaped($0))</code>" }.joined(separator: ", ") + ".</p>"
        }
        html += list("Defaults of the architecture stand in for", basis.inherited)
        html += list("Recalled, not checked against a document:", basis.recalled)
        if let energy = report.energy { html += "<p>Energy: \(escaped(energy.boundary)).</p>" }
        if !report.notes.isEmpty { html += "<ul>" + report.notes.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>" }
        return html
    }
}
