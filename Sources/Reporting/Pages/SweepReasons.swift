import ResultsStore

/// Why points have no answer: reasons that differ in their numbers alone are one reason.
struct SweepReasons {
    private struct Kind {
        var example: String
        var points = 0
        var isAlone = true
    }

    private var kinds: [String: Kind] = [:]

    init(_ sweep: SweepResults) {
        for point in sweep.points where point.outcome != .computed {
            let reason = point.reason ?? "no reason is recorded"
            let key = reason.reduce(into: "") { key, letter in
                let digit = letter.isNumber || letter == "."
                if !digit || key.last != "#" { key.append(digit ? "#" : letter) }
            }
            var kind = kinds[key] ?? Kind(example: reason)
            kind.points += 1
            if kind.example != reason { kind.isAlone = false }
            kinds[key] = kind
        }
    }

    /// The most frequent first, what is left over in one.
    func rows(atMost limit: Int) -> [[ChartTable.Cell]] {
        func row(_ points: Int, _ text: String) -> [ChartTable.Cell] { [.number(Double(points), counted(Double(points))), .text(text)] }
        let sorted = kinds.values.sorted { ($1.points, $0.example) < ($0.points, $1.example) }
        let rest = sorted.dropFirst(limit).reduce(0) { $0 + $1.points }
        return sorted.prefix(limit).map { row($0.points, $0.isAlone ? $0.example : "such as: \($0.example)") }
            + (rest > 0 ? [row(rest, "\(sorted.count - limit) other reasons")] : [])
    }
}
