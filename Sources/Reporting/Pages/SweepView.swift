import Quantities
import ResultsStore

/// A sweep as its page looks at it: which points answer, which of them are on the front, and how all figures are written.
struct SweepView: Sendable {
    typealias Point = SweepResults.Point

    let sweep: SweepResults
    /// Computed and within all constraints.
    let feasible: [Point]
    let front: [Point]
    /// The best for each objective, where there is one.
    let best: [(objective: SweepResults.Objective, point: Point)]
    /// Axes with more than one value, as indices.
    let varied: [Int]

    init(_ sweep: SweepResults) {
        self.sweep = sweep
        feasible = sweep.points.filter(sweep.isFeasible)
        front = sweep.front
        best = sweep.objectives.compactMap { objective in sweep.best(for: objective).map { (objective, $0) } }
        varied = sweep.axes.indices.filter { sweep.axes[$0].values.count > 1 }
    }

    // MARK: Words

    static func measure(ofUnit unit: String) -> Measure {
        switch unit {
        case "s": .time
        case "J": .energy
        case "W": .power
        case "B": .bytes
        case "": .count
        default: Measure(unit: unit)
        }
    }

    func measure(_ metric: String) -> Measure { Self.measure(ofUnit: sweep.metrics.first { $0.name == metric }?.unit ?? "") }
    func title(_ metric: String) -> String { sweep.metrics.first { $0.name == metric }?.title ?? metric }
    func value(_ metric: String, of point: Point) -> Double { sweep.value(metric, of: point) ?? .nan }
    func text(_ metric: String, of point: Point) -> String { measure(metric).text(value(metric, of: point)) }
    func goal(_ objective: SweepResults.Objective) -> String { objective.goal == .min ? "lowest" : "highest" }

    /// One coordinate in words: a name as it is, a number behind the name of its axis.
    func words(_ axis: Int, of point: Point) -> String {
        let value = sweep.axes[axis].values[sweep.axes[axis].choice(at: point.place)]
        return Double(value.label) != nil ? "\(sweep.axes[axis].name) \(value.label)" : value.label
    }

    func words(of point: Point, axes: [Int]? = nil) -> String {
        let words = (axes ?? varied).map { self.words($0, of: point) }
        return words.isEmpty ? "the only point" : words.joined(separator: ", ")
    }

    /// Objectives, and what constraints limit, each once.
    var figures: [String] {
        var names: [String] = []
        for name in sweep.objectives.map(\.metric) + sweep.constraints.map(\.metric) where !names.contains(name) && sweep.index(of: name) != nil { names.append(name) }
        return names
    }

    func tip(of point: Point) -> String {
        words(of: point) + ": " + figures.map { "\(title($0)) \(text($0, of: point))" }.joined(separator: ", ")
    }

    func constraintText(_ constraint: SweepResults.Constraint) -> String { "\(title(constraint.metric)) \(constraint.label.replacingRelation)" }

    var constraintsText: String { sweep.constraints.map(constraintText).joined(separator: ", ") }

    // MARK: Choices

    /// The axis whose values get colours: of those that take two to seven values among some points, one of names before one of
    /// numbers, then the one with the most values.
    func telling(among points: [Point]) -> (axis: Int, choices: [Int])? {
        let candidates = varied.map { axis in (axis: axis, choices: Set(points.map { sweep.axes[axis].choice(at: $0.place) }).sorted()) }
            .filter { (2...7).contains($0.choices.count) }
        return candidates.max { (sweep.axes[$0.axis].isNumeric ? 0 : 1, $0.choices.count, -$0.axis) < (sweep.axes[$1.axis].isNumeric ? 0 : 1, $1.choices.count, -$1.axis) }
    }

    /// At most so many, evenly chosen, the first and the last among them.
    static func thinned<Element>(_ elements: [Element], to limit: Int) -> [Element] {
        guard elements.count > limit, limit > 1 else { return elements }
        return (0..<limit).map { elements[$0 * (elements.count - 1) / (limit - 1)] }
    }

    /// How much worse a value is than the best, as a fraction: 0.12 for 12 % more of what should be little.
    func excess(_ objective: SweepResults.Objective, _ value: Double, over best: Double) -> Double {
        objective.goal == .min ? value / best - 1 : best / value - 1
    }
}

private extension String {
    /// `<= 50 ms` as a page writes it.
    var replacingRelation: String {
        if hasPrefix("<=") { return "≤" + dropFirst(2) }
        if hasPrefix(">=") { return "≥" + dropFirst(2) }
        return self
    }
}
