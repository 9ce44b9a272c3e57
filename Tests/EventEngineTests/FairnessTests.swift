import Testing

@testable import EventEngine

/// Random plans: `count` activities on up to six of `resources` resources, arriving over about as long as they take.
func randomPlan(seed: UInt64, count: Int, resources: Int) -> [Planned] {
    var random = Random(seed: seed)
    return (0 ..< count).map { _ in
        var works: [Int: Double] = [:]
        for _ in 0 ..< Int.random(in: 1 ... 6, using: &random) {
            works[Int.random(in: 0 ..< resources, using: &random)] = Double.random(in: 0.01 ... 1, using: &random) * 1e-5
        }
        let isCapped = Int.random(in: 0 ..< 4, using: &random) == 0
        return Planned(
            start: Double.random(in: 0 ..< 4, using: &random) * 1e-5, works: works,
            minimumSeconds: isCapped ? Double.random(in: 0 ..< 3, using: &random) * 1e-5 : 0)
    }
}

@Suite("Fairness, conservation, determinism")
struct FairnessTests {
    let capacities = [1, 0.5, 2, 1, 0.25, 1, 1, 1.5]

    @Test("Random plans end when a naive simulation with a bisecting max-min solver says", arguments: 1 ... 40 as ClosedRange<UInt64>)
    func naive(seed: UInt64) {
        let plan = randomPlan(seed: seed, count: 4 + Int(seed) % 12, resources: 2 + Int(seed) % 7)
        let ours = run(plan, capacities: capacities).completions.map(\.seconds)
        let reference = NaiveFluid(plan: plan, capacities: capacities).completions()
        for (a, b) in zip(ours, reference) { #expect(abs(a - b) < 1e-6 * b) }
    }

    @Test("Work is conserved: each resource delivers the sum of the works on it", arguments: 1 ... 20 as ClosedRange<UInt64>)
    func conservation(seed: UInt64) {
        let plan = randomPlan(seed: seed, count: 60, resources: capacities.count)
        let busy = run(plan, capacities: capacities).busy
        for resource in capacities.indices {
            let sum = plan.reduce(0) { $0 + ($1.works[resource] ?? 0) }
            #expect(abs(busy[resource] - sum) <= 1e-12 * sum)
        }
    }

    @Test("At any moment no resource has delivered more than its capacity times the time, nor less than before")
    func capacityIsABound() {
        let plan = randomPlan(seed: 77, count: 80, resources: capacities.count)
        var engine = SimulationEngine(capacities: capacities)
        var before = capacities.map { _ in 0.0 }
        for (id, activity) in plan.enumerated() { engine.schedule(id, at: SimulationTime(seconds: activity.start)) }
        while let event = engine.next() {
            for resource in capacities.indices {
                let busy = engine.busySeconds(of: resource)
                #expect(busy <= capacities[resource] * event.time.seconds * (1 + 1e-9) + 1e-16)
                #expect(busy >= before[resource] * (1 - 1e-12))
                before[resource] = busy
            }
            if event.kind == .timer {
                engine.start(event.id, works: works(plan[event.id].works), atLeast: plan[event.id].minimumSeconds)
            }
        }
    }

    @Test("No activity is faster than alone, and a single resource in use is never idle while work waits")
    func bounds() {
        let plan = randomPlan(seed: 5, count: 50, resources: 1)
        let completions = run(plan, capacities: [1]).completions
        for (activity, end) in zip(plan, completions) {
            let alone = max(activity.works[0] ?? 0, activity.minimumSeconds)
            #expect(end.seconds - activity.start >= alone - 2e-12)
        }
        let uncapped = plan.map { Planned(start: 0, works: $0.works) }
        let sum = uncapped.reduce(0) { $0 + ($1.works[0] ?? 0) }
        let end = run(uncapped, capacities: [1]).completions.map(\.seconds).max() ?? 0
        #expect(abs(end - sum) < 1e-10)
    }

    @Test("The same plan gives the same times, bit for bit")
    func repeatable() {
        let plan = randomPlan(seed: 9, count: 100, resources: capacities.count)
        #expect(run(plan, capacities: capacities).completions == run(plan, capacities: capacities).completions)
    }

    @Test("Activities are not disturbed by others that share nothing with them, whatever the order they are started in")
    func unrelatedActivities() {
        // Three groups on eight resources each; they start together with a group alone, in three orders.
        let group = capacities.count
        let plans = (0 ..< 3).map { g in
            randomPlan(seed: UInt64(20 + g), count: 30, resources: group).map { activity in
                Planned(
                    start: (activity.start * 1e5).rounded() * 1e-5,
                    works: Dictionary(uniqueKeysWithValues: activity.works.map { ($0.key + g * group, $0.value) }),
                    minimumSeconds: activity.minimumSeconds)
            }
        }
        let all = capacities + capacities + capacities
        let alone = plans.map { run($0, capacities: all).completions }
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let members = (0 ..< 30).flatMap { n in order.map { (group: $0, member: n) } }
            let completions = run(members.map { plans[$0.group][$0.member] }, capacities: all).completions
            for (member, time) in zip(members, completions) { #expect(time == alone[member.group][member.member]) }
        }
    }

    @Test("Every activity is at a limit: its own, or a full resource where nobody has a larger dominant share")
    func bottlenecks() {
        // Bertsekas and Gallager, Data Networks, section 6.5.2: this property characterises the max-min fair point.
        for seed in 100 ..< 200 as Range<UInt64> {
            let plan = randomPlan(seed: seed, count: 12, resources: 6)
            var engine = SimulationEngine(capacities: capacities)
            for (id, activity) in plan.enumerated() {
                engine.start(id, works: works(activity.works), atLeast: activity.minimumSeconds)
            }
            engine.shared.recomputeShares(at: .zero, queue: &engine.queue)
            let rates = plan.indices.map { 1 / engine.shared.activities[$0].pace }
            let dominant = plan.map { $0.works.map { $0.value / capacities[$0.key] }.max() ?? 0 }
            let shares = zip(rates, dominant).map { $0 * $1 }
            let used = capacities.indices.map { r in zip(plan, rates).reduce(0) { $0 + ($1.0.works[r] ?? 0) * $1.1 } }
            for r in capacities.indices { #expect(used[r] <= capacities[r] * (1 + 1e-9)) }
            for (a, activity) in plan.enumerated() {
                let atOwnLimit = shares[a] > 1 - 1e-9 || rates[a] * activity.minimumSeconds > 1 - 1e-9
                let atBottleneck = activity.works.keys.contains { r in
                    used[r] > capacities[r] * (1 - 1e-9)
                        && plan.indices.allSatisfy { plan[$0].works[r] == nil || shares[$0] <= shares[a] * (1 + 1e-9) }
                }
                #expect(atOwnLimit || atBottleneck)
            }
        }
    }
}
