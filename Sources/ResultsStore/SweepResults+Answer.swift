extension SweepResults {
    public func index(of metric: String) -> Int? { metrics.firstIndex { $0.name == metric } }

    /// In the unit of the metric; nil where the point has no such figure.
    public func value(_ metric: String, of point: Point) -> Double? {
        guard let index = index(of: metric), !point.values[index].isNaN else { return nil }
        return point.values[index]
    }

    /// The value of each axis at a point.
    public func coordinates(of point: Point) -> [Axis.Value] { axes.map { $0.values[$0.choice(at: point.place)] } }

    public func labels(of point: Point) -> [String] { coordinates(of: point).map(\.label) }

    /// The first constraint that a computed point breaks; nil when it keeps all. A figure that is missing keeps none.
    public func brokenConstraint(by point: Point) -> Constraint? {
        constraints.first { constraint in value(constraint.metric, of: point).map { !constraint.holds($0) } ?? true }
    }

    /// Computed, and within all constraints.
    public func isFeasible(_ point: Point) -> Bool { point.outcome == .computed && brokenConstraint(by: point) == nil }

    /// The feasible point that an objective likes best, the first of equals.
    public func best(for objective: Objective) -> Point? {
        guard let index = index(of: objective.metric) else { return nil }
        let sign = objective.goal == .min ? 1.0 : -1.0
        var best: Point?
        for point in points where !point.values[index].isNaN && isFeasible(point) {
            if best.map({ sign * point.values[index] < sign * $0.values[index] }) ?? true { best = point }
        }
        return best
    }

    /// The Pareto front of the feasible points: those that no other is at least as good as in every objective and better in
    /// one. Of points with equal figures the first stands for all. In the order of the first objective, best first.
    public var front: [Point] {
        let indices = objectives.compactMap { index(of: $0.metric) }
        guard indices.count == objectives.count, !objectives.isEmpty else { return [] }
        let signs = objectives.map { $0.goal == .min ? 1.0 : -1.0 }
        func costs(_ point: Point) -> [Double] { zip(indices, signs).map { point.values[$0] * $1 } }
        var candidates: [(costs: [Double], point: Point)] = []
        for point in points where isFeasible(point) {
            let costs = costs(point)
            if !costs.contains(where: \.isNaN) { candidates.append((costs, point)) }
        }
        // After sorting, a point can only be dominated by one that stands before it.
        candidates.sort { $0.costs == $1.costs ? $0.point.place < $1.point.place : $0.costs.lexicographicallyPrecedes($1.costs) }
        var front: [(costs: [Double], point: Point)] = []
        for candidate in candidates where !front.contains(where: { zip($0.costs, candidate.costs).allSatisfy { $0 <= $1 } }) { front.append(candidate) }
        return front.map(\.point)
    }

    public func count(_ outcome: Outcome) -> Int { points.count { $0.outcome == outcome } }

    /// Whether every place that this file is to hold has been answered.
    public var isComplete: Bool { run.finished != nil }
}
