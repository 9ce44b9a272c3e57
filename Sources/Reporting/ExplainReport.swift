import CostModels
import Hardware
import Operators
import Quantities
import Simulation

/// A report told step by step: what the time went into, what held each operator back, and what would help.
///
/// For a reader who knows the model, not the machine: each table is introduced by what it means.
public struct ExplainReport {
    private let report: Report
    private let system: System
    private let style: Style

    public init(_ report: Report, on system: System, style: Style = .plain) {
        self.report = report
        self.system = system
        self.style = style
    }

    /// The lines, each ended by a line feed.
    public var text: String {
        let plain = TextReport(report, style: style)
        guard let timing = report.timing else { return plain.text }
        let sections = [plain.title, plain.answer, story(timing), plain.blame(atMost: 16), bounds, roofline, choices, plain.sensitivities,
                        plain.notes, plain.basis]
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    /// The longest stretch of the critical path and the best remedy, in sentences.
    private func story(_ timing: Report.Timing) -> [String] {
        let total = report.blame.reduce(Seconds.zero) { $0 + $1.seconds }
        guard total > .zero else { return [] }
        var byBound: [Bound: Seconds] = [:]
        for row in report.blame { byBound[row.bound, default: .zero] += row.seconds }
        let order = Bound.allCases.filter { byBound[$0] != nil }.sorted { (byBound[$0] ?? .zero) > (byBound[$1] ?? .zero) }
        guard let main = order.first, let time = byBound[main] else { return [] }
        var sentences = ["\(percent(time / total)) of the time on the critical path goes into \(main.meaning)."]
        if let row = report.blame.filter({ $0.bound == main }).max(by: { $0.seconds < $1.seconds }), row.name != "host" {
            sentences.append("The largest part of that is \(row.name), with \(row.seconds).")
        }
        if let best = report.sensitivities.max(by: { $0.gain < $1.gain }), best.gain >= 0.0005 {
            sentences.append("What helps most is \(best.resource.spaced): 10 % more of it makes the job \(percent(best.gain)) faster.")
        }
        if timing.bound > .zero {
            sentences.append("No software could be faster than \(timing.bound) on this hardware; this run takes"
                             + " \(significant(timing.latency / timing.bound, digits: 3)) times that.")
        }
        return [plainHeading("In short")] + wrapped(sentences.joined(separator: " "), width: style.width, first: "  ")
    }

    private func plainHeading(_ text: String, _ remark: String = "") -> String { TextReport(report, style: style).heading(text, remark) }

    /// The bounds that occur, explained, over all operators.
    private var bounds: [String] {
        let plain = TextReport(report, style: style)
        let present = Bound.allCases.filter { bound in report.operators.contains { $0.boundBy == bound } }
        let legend = present.flatMap { wrapped("\($0.meaning).", width: style.width, first: "  " + $0.rawValue.padded(to: 12)) }
        return plain.operators(atMost: report.operators.count) + (legend.isEmpty ? [] : ["", style.dim("  What \"bound by\" means:")] + legend)
    }

    /// Arithmetic intensity of every operator against the balance of its device (Williams et al., "Roofline", CACM 2009).
    private var roofline: [String] {
        var table = TextTable([.left("operator", shrinks: true), .left("device"), .right("FLOP/byte"), .left("side"), .right("of peak compute"), .right("of peak bandwidth")])
        var balances: [String] = [], exceeds = false
        for group in system.groups {
            let device = group.device
            guard let peak = device.headlinePeak, let bandwidth = device.mainMemory.bandwidth, bandwidth > .zero else { continue }
            let rows = report.operators.filter { $0.device == group.name && $0.flops > .zero && $0.bytes > .zero && $0.deviceTime > .zero && !$0.isExchange }
            guard !rows.isEmpty else { continue }
            let balance = peak.rate.value / bandwidth.value
            balances.append("\(device.name): \(peak.rate.short) in \(peak.format.rawValue) over \(bandwidth.short) make \(significant(balance, digits: 3)) FLOP/byte")
            for row in rows.sorted(by: { $0.latency > $1.latency }) {
                let intensity = row.flops.value / row.bytes.value
                exceeds = exceeds || row.bytes / row.deviceTime > bandwidth
                table.add([row.name, group.name, significant(intensity, digits: 3), intensity < balance ? "memory" : "compute",
                           percent(row.flops / row.deviceTime / peak.rate),
                           percent(row.bytes / row.deviceTime / bandwidth)])
            }
        }
        guard !balances.isEmpty else { return [] }
        let opening = "An operator that does fewer operations on each byte than the balance of its device can at best run at the pace of"
            + " the memory, one that does more at the pace of compute. Balance of " + balances.joined(separator: "; ") + "."
        let remark = exceeds ? wrapped("More than 100 % of the bandwidth: the operands did not cross the bus of the memory, but stayed in a cache or were"
                                       + " computed on in the memory itself.", width: style.width, first: "  ") : []
        return [plainHeading("Roofline")] + wrapped(opening, width: style.width, first: "  ") + table.lines(style) + remark
    }

    /// How the longest operators are carried out.
    private var choices: [String] {
        let rows = report.operators.filter { !$0.choice.isEmpty }.sorted { $0.latency > $1.latency }
        guard !rows.isEmpty else { return [] }
        var table = TextTable([.left("operator", shrinks: true), .left("carried out as", shrinks: true)])
        for row in rows { table.add([row.name, row.choice]) }
        return [plainHeading("Kernels", "chosen as a vendor library would: the fastest of its candidates")] + table.lines(style)
    }
}

extension Bound {
    /// In words for a reader who does not know the term.
    var meaning: String {
        switch self {
        case .compute: "arithmetic: the matrix or vector units are busy"
        case .vector: "work beside the arithmetic: widening weights, exponentials"
        case .memory: "moving bytes between the main memory and the engines"
        case .cache: "moving bytes between the last-level cache and the engines"
        case .link: "moving bytes over a link between devices"
        case .power: "the power limit: clocks and memory give way until the board stays under it"
        case .latency: "fixed costs: starting, filling and draining a kernel, message latency"
        case .launch: "waiting for the host to launch the next kernel"
        case .dependency: "waiting for a result of another stream or device"
        }
    }
}

extension Report.OperatorRow {
    /// Its bytes cross a link: a roofline of the main memory says nothing about it.
    var isExchange: Bool { kind == "copy" || Collective.Kind(rawValue: kind) != nil }
}
