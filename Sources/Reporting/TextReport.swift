import Quantities
import Simulation

/// A report as a person reads it: the answer first, then where the time went, what is in memory, why, and what it rests on.
public struct TextReport {
    let report: Report
    let style: Style

    public init(_ report: Report, style: Style = .plain) {
        self.report = report
        self.style = style
    }

    /// The lines, each ended by a line feed.
    public var text: String {
        let sections = report.fits
            ? [title, answer, operators(atMost: 12), memory, blame(atMost: 6), sensitivities, notes, basis]
            : [title, shortage, memory, advice, notes, basis]
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    var title: [String] {
        let basis = report.basis
        return wrapped(basis.job, width: style.width).map(style.bold)
            + wrapped("on \(basis.system), runtime \(basis.runtime), cost model \(basis.costModel)", width: style.width)
    }

    // MARK: The answer

    var answer: [String] {
        var rows: [(what: String, figure: String, remark: String)] = []
        if let timing = report.timing { rows += timeRows(timing) }
        rows += report.memory.map { memory in
            ("memory of \(memory.group)", "\(memory.peak)", "of \(memory.usable) usable on each: fits")
        }
        let figures = rows.map(\.figure.count).max() ?? 0
        return rows.flatMap { row in
            let label = "  " + row.what.cut(to: 32).padded(to: 32), figure = row.figure.padded(to: figures, .right)
            var lines = wrapped(row.remark, width: style.width, first: label + figure + "  ")
            if !row.figure.isEmpty { lines[0] = label + style.bold(figure) + lines[0].dropFirst(label.count + figure.count) }
            return lines
        }
    }

    private func timeRows(_ timing: Report.Timing) -> [(what: String, figure: String, remark: String)] {
        var rows: [(what: String, figure: String, remark: String)] = []
        if let ttft = timing.ttft {
            rows.append(("time to first token (TTFT)", "\(ttft)", rate(timing.promptTokensPerSecond, "prompt tokens/s")))
            rows += interval(.ttft)
        }
        if let tpot = timing.tpot { rows.append(("time per output token (TPOT)", "\(tpot)", "")) }
        rows += interval(.tpot)
        rows.append(("whole job", "\(timing.latency)", rate(timing.outputTokensPerSecond, "output tokens/s")))
        rows += interval(.latency)
        rows.append(("physical bound", "\(timing.bound)", boundRemark(timing)))
        rows.append(("accelerators busy", percent(timing.busyFraction), "of the time"))
        if let energy = report.energy {
            rows.append(("energy", "\(energy.total)", "\(energy.averagePower) on average"))
            rows += interval(.energy)
            rows += energyRows(energy)
        }
        return rows
    }

    /// Where 90 % of measurements would lie, under the figure itself.
    private func interval(_ figure: Report.Interval.Figure) -> [(what: String, figure: String, remark: String)] {
        report.intervals.filter { $0.figure == figure }.map { interval in
            func text(_ value: Double) -> String { figure == .energy ? "\(Joules(value))" : "\(Seconds(value))" }
            return ("  90 % of measurements", "", "\(text(interval.ninety.lowerBound)) to \(text(interval.ninety.upperBound))")
        }
    }

    private func rate(_ perSecond: Double?, _ what: String) -> String {
        perSecond.map { "\(significant($0)) \(what)" } ?? ""
    }

    private func boundRemark(_ timing: Report.Timing) -> String {
        guard timing.bound > .zero, timing.latency > .zero else { return "" }
        return "the job takes \(significant(timing.latency / timing.bound, digits: 3)) times as long"
    }

    /// The components of the energy in one line, largest first.
    private func energyRows(_ energy: Report.Energy) -> [(what: String, figure: String, remark: String)] {
        guard energy.total > .zero else { return [] }
        let parts = energy.components.filter { $0.energy > .zero }.sorted { $0.energy > $1.energy }
        let text = parts.map { "\($0.component.rawValue) \(percent($0.energy / energy.total))" }.joined(separator: ", ")
        return text.isEmpty ? [] : [("  of which", "", text)]
    }

    // MARK: When it does not fit

    var shortage: [String] {
        let missing = report.memory.filter { !$0.fits }
        return [style.bold("  does not fit")] + missing.flatMap { memory in
            wrapped("each \(memory.group) (\(memory.device)) would have to hold \(memory.peak), but has \(memory.usable) to use"
                    + " of its \(memory.capacity): \(memory.peak - memory.usable) too much", width: style.width, first: "  ")
        }
    }

    var advice: [String] {
        guard !report.advice.isEmpty else {
            return report.fits ? [] : wrapped("No single change of the job was found that makes it fit.", width: style.width)
        }
        return [heading("What would make it fit")]
            + report.advice.flatMap { wrapped($0, width: style.width, first: "  - ") }
    }

    // MARK: What it rests on

    var notes: [String] {
        guard !report.notes.isEmpty else { return [] }
        return [heading("Notes")] + report.notes.flatMap { wrapped($0, width: style.width, first: "  - ") }
    }

    var basis: [String] {
        let basis = report.basis
        let calibration = basis.calibration.map { "calibration \($0)" } ?? "no calibration"
        var lines = wrapped("orrery \(basis.version), cost model \(basis.costModel), \(calibration).", width: style.width, first: "  ")
        lines += sentence("Defaults of the architecture stand in for", basis.inherited)
        lines += sentence("Recalled, not checked against a document:", basis.recalled)
        if let energy = report.energy { lines += wrapped("Energy: \(energy.boundary).", width: style.width, first: "  ") }
        return [heading("Basis")] + lines
    }

    private func sentence(_ opening: String, _ items: [String]) -> [String] {
        guard !items.isEmpty else { return [] }
        let shown = items.prefix(6).joined(separator: ", ")
        let others = items.count > 6 ? " and \(items.count - 6) more" : ""
        return wrapped("\(opening) \(shown)\(others).", width: style.width, first: "  ")
    }

    func heading(_ text: String, _ remark: String = "") -> String {
        style.bold(text) + (remark.isEmpty ? "" : style.dim(" (\(remark))"))
    }
}
