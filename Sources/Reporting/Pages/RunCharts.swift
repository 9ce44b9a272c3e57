import CostModels
import Hardware
import Operators
import Quantities
import Simulation
import Workloads

/// The charts of one run, as far as what is known of it reaches.
///
/// A report alone gives its breakdowns; the system adds the roofline, the timelines what ran when.
public struct RunCharts: Sendable {
    let report: Report
    let system: System?
    let steps: [ChromeTrace.Step]

    public init(_ report: Report, on system: System? = nil, steps: [ChromeTrace.Step] = []) {
        self.report = report
        self.system = system
        self.steps = steps
    }

    /// In the order of the page.
    public var all: [any Chart] {
        let charts: [(any Chart)?] = [bounds, sensitivity, breakdown, memory, energy]
        return charts.compactMap { $0 } + rooflines + timelines
    }

    public func named(_ name: String) -> (any Chart)? { all.first { $0.name == name } }

    // MARK: Where the time goes

    var total: Double { report.blame.reduce(0) { $0 + $1.seconds.value } }

    /// Seconds on the critical path by what bound them, most first.
    var boundTimes: [(bound: Bound, seconds: Double)] {
        var times: [Bound: Double] = [:]
        for row in report.blame { times[row.bound, default: 0] += row.seconds.value }
        return Bound.allCases.compactMap { bound in times[bound].map { (bound, $0) } }.sorted { $0.seconds > $1.seconds }
    }

    var bounds: BarChart? {
        let times = boundTimes
        guard let first = times.first, total > 0 else { return nil }
        return BarChart(
            name: "bounds", title: "\(percent(first.seconds / total)) of the time goes into \(first.bound.meaning)",
            note: "The critical path, the chain of waits that made the job this long, by what each stretch of it waited for.",
            bars: times.map { .init($0.bound.rawValue, $0.seconds, remark: percent($0.seconds / total), hue: $0.bound.hue) },
            measure: .time, axis: "time on the critical path", labels: "bound by")
    }

    var breakdown: BarChart? {
        guard total > 0, let first = report.blame.max(by: { $0.seconds < $1.seconds }) else { return nil }
        let bars = report.blame.map { BarChart.Bar($0.name, $0.seconds.value, remark: percent($0.seconds.value / total) + ", " + $0.bound.rawValue, hue: $0.bound.hue) }
        let shown = BarChart.largest(bars, atMost: 14) { percent($0 / total) }
        let bounds = Bound.allCases.filter { bound in report.blame.contains { $0.bound == bound } && shown.contains { $0.hue == bound.hue } }
        return BarChart(
            name: "breakdown", title: "\(first.name) alone takes \(percent(first.seconds.value / total)), bound by \(first.bound.rawValue)",
            note: "The critical path by operator and by what bound it; all bars together are the whole job, \(Measure.time.text(total)).",
            bars: shown, measure: .time, axis: "time on the critical path", labels: "operator", legend: bounds.map { ("bound by \($0.rawValue)", $0.hue) })
    }

    var sensitivity: BarChart? {
        guard let best = report.sensitivities.max(by: { $0.gain < $1.gain }) else { return nil }
        let title = best.gain >= 0.0005 ? "10 % more \(best.resource.spaced) would make the job \(percent(best.gain)) faster" : "10 % more of no resource would make the job faster"
        return BarChart(
            name: "sensitivity", title: title, note: "Each bar is the whole job simulated again with a tenth more of one resource.",
            bars: report.sensitivities.sorted { $0.gain > $1.gain }.map { .init($0.resource.spaced, $0.gain, remark: Measure.time.text($0.latency.value)) },
            measure: .percent, axis: "speed-up", labels: "10 % more of")
    }

    // MARK: What it fills and draws

    var memory: StackChart? {
        guard let fullest = report.memory.max(by: { $0.peak / $0.usable < $1.peak / $1.usable }) else { return nil }
        let title = report.fits ? "\(fullest.group) memory is \(percent(fullest.peak / fullest.usable)) full at its fullest"
            : "\(fullest.group) memory would have to hold \(significant(fullest.peak / fullest.usable, digits: 3)) times what it can"
        let trains = report.memory.contains { $0.gradients + $0.optimizer > .zero }
        return StackChart(
            name: "memory", title: title, note: "Of each device of a group, by kind. Usable is what the runtime may fill.",
            stacks: report.memory.map { memory in
                .init(label: memory.group == memory.device ? memory.group : "\(memory.group) (\(memory.device))",
                      parts: ([memory.weights] + (trains ? [memory.gradients, memory.optimizer] : [memory.cache]) + [memory.activations, memory.workspace]).map(\.value),
                      limits: (memory.usable < memory.capacity ? [("usable", memory.usable.value)] : []) + [("capacity", memory.capacity.value)])
            },
            parts: ["weights"] + (trains ? ["gradients", "optimizer"] : ["KV cache"]) + ["activations", "runtime"], measure: .bytes, axis: "memory of one device", labels: "memory of")
    }

    var energy: BarChart? {
        guard let energy = report.energy, energy.total > .zero else { return nil }
        let parts = energy.components.filter { $0.energy > .zero }.sorted { $0.energy > $1.energy }
        guard let first = parts.first else { return nil }
        return BarChart(
            name: "energy", title: "\(percent(first.energy / energy.total)) of the energy is \(first.component.meaning)",
            note: "\(Measure.energy.text(energy.total.value)) in all, \(Measure.power.text(energy.averagePower.value)) on average. Inside the boundary: \(energy.boundary).",
            bars: parts.map { .init($0.component.rawValue, $0.energy.value, remark: percent($0.energy / energy.total)) },
            measure: .energy, axis: "energy", labels: "component")
    }
}

extension Report.Energy.Component {
    /// In words that go on after "… of the energy is".
    var meaning: String {
        switch self {
        case .compute: "arithmetic"
        case .cache: "moving bytes through caches"
        case .memory: "moving bytes of the main memory"
        case .link: "moving bytes over links"
        case .static: "drawn by the boards whatever runs on them"
        case .host: "drawn by the host"
        case .storage: "drawn by storage"
        }
    }
}
