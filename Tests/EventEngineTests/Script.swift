import EventEngine

/// An activity of a test: when it starts and what it needs.
struct Planned {
    var start: Double
    var works: [Int: Double]
    var minimumSeconds = 0.0
    var inTurn = false
}

/// Runs `plan` through the engine; completion times in the order of `plan`, and seconds each resource was busy.
func run(_ plan: [Planned], capacities: [Double]) -> (completions: [SimulationTime], busy: [Double]) {
    var engine = SimulationEngine(capacities: capacities)
    var completions = [SimulationTime](repeating: .never, count: plan.count)
    for (id, activity) in plan.enumerated() { engine.schedule(id, at: SimulationTime(seconds: activity.start)) }
    while let event = engine.next() {
        switch event.kind {
        case .timer:
            let activity = plan[event.id]
            engine.start(event.id, works: works(activity.works), atLeast: activity.minimumSeconds, inTurn: activity.inTurn)
        case .completion: completions[event.id] = event.time
        }
    }
    return (completions, capacities.indices.map { engine.busySeconds(of: $0) })
}

/// `works` in the order of resources, as dictionaries have none.
func works(_ byResource: [Int: Double]) -> Works {
    var works = Works()
    for (resource, work) in byResource.sorted(by: { $0.key < $1.key }) { works.add(work, on: resource) }
    return works
}

/// Completion times in microseconds of activities that start at time zero, on resources of capacity 1.
func together(_ works: [Int: Double]..., capacities: [Double] = [1, 1, 1]) -> [Double] {
    run(works.map { Planned(start: 0, works: $0.mapValues { $0 * 1e-6 }) }, capacities: capacities)
        .completions.map { $0.seconds * 1e6 }
}

/// Whether times in microseconds agree to the picosecond.
func agree(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1.000_001e-6 }
}
