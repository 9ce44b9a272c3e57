import Documents

extension SweepResults {
    /// The answer as one object: what became of the points, the best for each objective and the front; schema in
    /// Workloads/schemas/sweep.schema.json.
    public var json: JSON {
        [
            "name": JSON(run.name), "version": JSON(run.version), "costModel": JSON(run.costModel), "strategy": JSON(run.strategy),
            "complete": .bool(isComplete), "points": JSON(points.count), "computed": JSON(count(.computed)), "doNotFit": JSON(count(.doesNotFit)),
            "cannotBe": JSON(count(.invalid)), "feasible": JSON(points.count(where: isFeasible)),
            "constraints": .object(constraints.map { .init(key: $0.metric, value: .string($0.label)) }),
            "units": .object(metrics.map { .init(key: $0.name, value: .string($0.unit)) }),
            "best": .array(objectives.map { objective in
                ["objective": JSON(objective.metric), "goal": JSON(objective.goal.rawValue), "point": best(for: objective).map(json) ?? .null]
            }),
            "front": .array(front.map(json)),
        ]
    }

    private func json(_ point: Point) -> JSON {
        [
            "place": JSON(point.place),
            "axes": .object(zip(axes, coordinates(of: point)).map { axis, value in
                .init(key: axis.path, value: Double(value.label) != nil ? .number(value.label) : .string(value.label))
            }),
            "metrics": .object(zip(metrics, point.values).filter { !$0.1.isNaN }.map { .init(key: $0.0.name, value: JSON($0.1)) }),
        ]
    }
}
