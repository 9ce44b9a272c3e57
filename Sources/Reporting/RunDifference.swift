import CostModels
import Quantities
import Simulation

/// Two answers side by side: where one loses its time against the other, and to what.
///
/// The critical path of a run adds up to its time, so that the differences of the paths, operator by operator, add up to
/// the difference of the times.
public struct RunDifference: Sendable {
    /// Time on the critical path that both sides spend on the same thing.
    public struct Row: Sendable {
        /// An operator, or a bound.
        public var name: String
        public var first: Seconds
        public var second: Seconds
        /// What bounds most of that time; nil where a side has none of it.
        public var firstBound: Bound?
        public var secondBound: Bound?

        public var difference: Seconds { second - first }
    }

    /// The second side simulated again with something of the first.
    public struct Exchange: Sendable {
        /// `memory bandwidth`, `runtime`.
        public var what: String
        /// What the sides have of it, in words.
        public var first: String
        public var second: String
        /// The second side's time with the first side's share of it.
        public var latency: Seconds

        public init(what: String, first: String, second: String, latency: Seconds) {
            self.what = what
            self.first = first
            self.second = second
            self.latency = latency
        }
    }

    public let first: Report
    public let second: Report
    /// Those that close most of the gap first.
    public let exchanges: [Exchange]

    public init(_ first: Report, _ second: Report, exchanges: [Exchange] = []) {
        self.first = first
        self.second = second
        let gap = (second.timing?.latency ?? .zero) - (first.timing?.latency ?? .zero), target = second.timing?.latency ?? .zero
        // What the exchange changes in the direction of the first side.
        self.exchanges = exchanges.sorted { gap >= .zero ? $0.latency < $1.latency : target - $0.latency < target - $1.latency }
    }

    /// The sides in words, where they differ.
    public var names: (first: String, second: String) {
        let a = first.basis, b = second.basis
        var differing: [(String, String)] = []
        if a.job != b.job { differing.append((a.job, b.job)) }
        if a.system != b.system { differing.append((a.system, b.system)) }
        if a.runtime != b.runtime { differing.append((a.runtime, b.runtime)) }
        if a.costModel != b.costModel { differing.append((a.costModel, b.costModel)) }
        let changed = (Self.change(first), Self.change(second))
        if changed.0 != changed.1 { differing.append((changed.0 ?? "as in its file", changed.1 ?? "as in its file")) }
        guard !differing.isEmpty else { return ("A: \(a.job) on \(a.system)", "B: \(b.job) on \(b.system)") }
        return ("A: " + differing.map(\.0).joined(separator: ", "), "B: " + differing.map(\.1).joined(separator: ", "))
    }

    /// What was changed on the command line, out of the notes.
    private static func change(_ report: Report) -> String? {
        let opening = "Changed on the command line: "
        return report.notes.first { $0.hasPrefix(opening) }.map { String($0.dropFirst(opening.count).dropLast()) }
    }

    /// Whether both have a time.
    public var bothRan: Bool { first.timing != nil && second.timing != nil }

    /// The second side's time less the first's.
    public var gap: Seconds { (second.timing?.latency ?? .zero) - (first.timing?.latency ?? .zero) }

    /// By operator, the largest difference first, whichever its sign.
    public var operators: [Row] { rows { $0.name } }

    /// By what bounded the time.
    public var bounds: [Row] { rows { $0.bound.rawValue } }

    private func rows(by key: (Report.BlameRow) -> String) -> [Row] {
        struct Sum {
            var seconds = 0.0
            var byBound: [Bound: Double] = [:]
        }
        func sums(_ report: Report) -> [String: Sum] {
            report.blame.reduce(into: [:]) { sums, row in
                sums[key(row), default: Sum()].seconds += row.seconds.value
                sums[key(row), default: Sum()].byBound[row.bound, default: 0] += row.seconds.value
            }
        }
        func main(_ sum: Sum?) -> Bound? { Bound.allCases.max { sum?.byBound[$0] ?? 0 < sum?.byBound[$1] ?? 0 }.flatMap { sum?.byBound[$0] == nil ? nil : $0 } }
        let a = sums(first), b = sums(second)
        let all = Set(a.keys).union(b.keys).map { name in
            Row(name: name, first: Seconds(a[name]?.seconds ?? 0), second: Seconds(b[name]?.seconds ?? 0), firstBound: main(a[name]), secondBound: main(b[name]))
        }
        return all.sorted { (abs($1.difference.value), $0.name) < (abs($0.difference.value), $1.name) }
    }

    /// Work of all operators: operations and bytes of both sides.
    public var work: (flops: (Double, Double), bytes: (Double, Double)) {
        func sum(_ report: Report, _ value: (Report.OperatorRow) -> Double) -> Double { report.operators.reduce(0) { $0 + value($1) } }
        return ((sum(first) { $0.flops.value }, sum(second) { $0.flops.value }), (sum(first) { $0.bytes.value }, sum(second) { $0.bytes.value }))
    }

    /// What explains most of the gap, as a sentence; empty where there is none to explain.
    public var explanation: String {
        guard bothRan, abs(gap.value) > 1e-15 else { return bothRan ? "Both take the same time." : "" }
        var sentences: [String] = []
        if let row = bounds.first(where: { $0.difference.value * gap.value > 0 }), let bound = Bound(rawValue: row.name) {
            let share = row.difference / gap
            sentences.append((share > 1.0005 ? "More than the whole difference (\(percent(share)))" : "\(percent(share)) of the difference") + " is time for \(bound.meaning).")
        }
        if let row = operators.first(where: { $0.difference.value * gap.value > 0 }) {
            sentences.append("The operator with the largest part is \(row.name), with \(percent(row.difference / gap)).")
        }
        if let best = exchanges.first, let own = second.timing?.latency {
            let closed = (own - best.latency) / gap
            if closed > 0.005 {
                sentences.append("With the \(best.what) of A (\(best.first) instead of \(best.second)) B would take \(Measure.time.text(best.latency.value)): that alone closes \(percent(closed)) of the gap.")
            }
        }
        return sentences.joined(separator: " ")
    }
}
