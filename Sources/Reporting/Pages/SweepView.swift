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
    /// Axes with more than one value, as indices; of zipped axes, which change together, the first.
    let varied: [Int]
    /// By axis, it and those that are zipped with it.
    private let zipped: [[Int]]

    init(_ sweep: SweepResults) {
        self.sweep = sweep
        feasible = sweep.points.filter(sweep.isFeasible)
        front = sweep.front
        best = sweep.objectives.compactMap { objective in sweep.best(for: objective).map { (objective, $0) } }
        let axes = sweep.axes
        zipped = axes.indices.map { axis in axes.indices.filter { axes[$0].stride == axes[axis].stride && axes[$0].values.count == axes[axis].values.count } }
        varied = axes.indices.filter { [zipped] axis in axes[axis].values.count > 1 && zipped[axis].first == axis }
    }

    /// Every axis with more than one value, zipped ones too.
    var columns: [Int] { sweep.axes.indices.filter { sweep.axes[$0].values.count > 1 } }

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

    func label(_ axis: Int, of point: Point) -> String { sweep.axes[axis].values[sweep.axes[axis].choice(at: point.place)].label }

    /// One coordinate in words: a name as it is, a number behind the name of its axis; zipped ones each with their axis, unless
    /// they say the same.
    func words(_ axis: Int, of point: Point) -> String {
        let labels = zipped[axis].map { label($0, of: point) }
        if Set(labels).count > 1 { return zipped[axis].map { "\(label($0, of: point)) \(sweep.axes[$0].name)" }.joined(separator: ", ") }
        return Double(labels[0]) != nil ? "\(sweep.axes[axis].name) \(labels[0])" : labels[0]
    }

    /// One value of an axis in words: a number behind the name of its axis.
    func words(_ axis: Int, choice: Int) -> String {
        let label = sweep.axes[axis].values[choice].label
        return Double(label) != nil ? "\(sweep.axes[axis].name) \(label)" : label
    }

    /// The coordinates in which a point differs from another.
    func words(of point: Point, unlike other: Point, except: Int) -> String {
        varied.filter { $0 != except && sweep.axes[$0].choice(at: point.place) != sweep.axes[$0].choice(at: other.place) }.map { words($0, of: point) }.joined(separator: ", ")
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
