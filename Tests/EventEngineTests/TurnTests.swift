import Testing

@testable import EventEngine

@Suite("Activities in turn")
struct TurnTests {
    let tensor = 0, memory = 1, link = 2

    /// Completion times in microseconds of activities that start at time zero: kernels share fairly, transfers go in turn.
    private func together(kernels: [[Int: Double]], transfers: [[Int: Double]]) -> [Double] {
        func planned(_ works: [[Int: Double]], inTurn: Bool) -> [Planned] {
            works.map { Planned(start: 0, works: $0.mapValues { $0 * 1e-6 }, inTurn: inTurn) }
        }
        let plan = planned(kernels, inTurn: false) + planned(transfers, inTurn: true)
        return run(plan, capacities: [1, 1, 1]).completions.map { $0.seconds * 1e6 }
    }

    @Test("Transfers on one link follow each other in the order of their start; on two links neither waits")
    func order() {
        #expect(agree(together(kernels: [], transfers: [[link: 10], [link: 5], [link: 1]]), [10, 15, 16]))
        #expect(agree(together(kernels: [], transfers: [[link: 10], [memory: 7]]), [10, 7]))
    }

    @Test("A transfer that wants less than half of a memory gets it all; the kernel has the rest until it ends")
    func first() {
        // 0.8 of the memory for 10 us leaves 2 us of the kernel.
        #expect(agree(together(kernels: [[memory: 10]], transfers: [[link: 10, memory: 2]]), [12, 10]))
    }

    @Test("A kernel keeps half of a memory, or as much as it can use")
    func reserve() {
        #expect(agree(together(kernels: [[memory: 10]], transfers: [[memory: 10]]), [20, 20]))
        // It can use 0.3: seven of the transfer's ten are done when the kernel ends.
        #expect(agree(together(kernels: [[tensor: 10, memory: 3]], transfers: [[memory: 10]]), [10, 13]))
    }

    @Test("A transfer behind another that fills the link stands still, and kernels have all of the memory it does not use")
    func standing() {
        #expect(agree(together(kernels: [[memory: 9]], transfers: [[link: 10], [link: 10, memory: 5]]), [9, 10, 20]))
    }

    /// The kernel can use all of the memory once its engine is faster; the transfer goes on at the pace of its link.
    @Test("A kernel that a faster engine lets hurry does not hold up a transfer")
    func fasterEngine() {
        let slow = together(kernels: [[tensor: 10, memory: 8]], transfers: [[link: 20, memory: 4]])
        let fast = together(kernels: [[tensor: 5, memory: 8]], transfers: [[link: 20, memory: 4]])
        #expect(agree(slow, [10, 20]) && agree(fast, [10, 20]))
    }

    @Test("Work is conserved and no resource delivers more than its capacity", arguments: 1 ... 20 as ClosedRange<UInt64>)
    func conservation(seed: UInt64) {
        var plan = randomPlan(seed: seed, count: 60, resources: 5)
        for index in plan.indices where index.isMultiple(of: 3) { plan[index].inTurn = true }
        let capacities = [1, 0.5, 2, 1, 0.25]
        let (completions, busy) = run(plan, capacities: capacities)
        let end = completions.max()?.seconds ?? 0
        for (resource, capacity) in capacities.enumerated() {
            let sum = plan.reduce(0.0) { $0 + ($1.works[resource] ?? 0) }
            #expect(abs(busy[resource] - sum) <= 1e-12 * sum)
            #expect(sum <= capacity * end)
        }
        for (activity, completion) in zip(plan, completions) {
            let works = activity.works.map { $0.value / capacities[$0.key] }
            let alone = max(activity.minimumSeconds, works.max() ?? 0)
            #expect(completion.seconds - activity.start >= alone - 2e-12)
        }
    }
}
