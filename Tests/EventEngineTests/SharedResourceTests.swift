import Testing

@testable import EventEngine

@Suite("Activities on shared resources")
struct SharedResourceTests {
    let compute = 0, memory = 1, link = 2

    @Test("Alone, an activity takes as long as its largest work, to the picosecond")
    func alone() {
        let plan = [Planned(start: 0, works: [compute: 3e-6, memory: 10.000_001e-6, link: 9e-6])]
        #expect(run(plan, capacities: [1, 1, 1]).completions.map(\.picoseconds) == [10_000_001])
    }

    @Test("Two equal activities take twice as long, three take three times as long")
    func equalSharing() {
        #expect(agree(together([memory: 10], [memory: 10]), [20, 20]))
        #expect(agree(together([memory: 10, compute: 4], [memory: 10, compute: 4], [memory: 10, compute: 4]), [30, 30, 30]))
    }

    @Test("Activities bound by different resources overlap perfectly")
    func disjoint() {
        #expect(together([memory: 10], [compute: 7], [link: 11]) == [10, 7, 11])
    }

    @Test("Resources that are shared but not full slow nobody")
    func sharedButNotFull() {
        #expect(together([compute: 10, memory: 3], [link: 10, memory: 7]) == [10, 10])
    }

    @Test("A compute-bound activity that uses 30 % of memory shares a full memory at equal dominant shares")
    func partialUse() {
        // Memory fills at s (0.3 + 1) = 1. Both have done 10 of 13 µs when the first ends; then the second is alone.
        #expect(agree(together([compute: 10, memory: 3], [memory: 20]), [13, 23]))
    }

    @Test("What activities settled elsewhere leave of a resource goes to those who can use it")
    func secondLevel() {
        // Compute fills at shares of 1/2; of memory these two take 0.1, the third runs at 0.9.
        let times = together([compute: 10, memory: 2], [compute: 10], [memory: 9])
        #expect(agree(times, [20, 20, 10]))
    }

    @Test("An activity that arrives late slows the other from then on only")
    func lateArrival() {
        let plan = [Planned(start: 0, works: [memory: 10e-6]), Planned(start: 5e-6, works: [memory: 10e-6])]
        #expect(run(plan, capacities: [1, 1]).completions.map(\.picoseconds) == [15_000_000, 20_000_000])
    }

    @Test("An activity starting when another completes finds the resource free")
    func backToBack() {
        let plan = [Planned(start: 0, works: [memory: 10e-6]), Planned(start: 10e-6, works: [memory: 10e-6])]
        #expect(run(plan, capacities: [1, 1]).completions.map(\.picoseconds) == [10_000_000, 20_000_000])
    }

    @Test("Half the capacity takes twice the time, twice the capacity serves two at full rate")
    func capacities() {
        #expect(together([memory: 10], capacities: [1, 0.5]) == [20])
        #expect(together([memory: 10, compute: 8], capacities: [4, 2]) == [5])
        #expect(agree(together([memory: 10], [memory: 10], capacities: [1, 2]), [10, 10]))
    }

    @Test("A capacity that changes counts from then on; at zero, activities stand still until it is raised")
    func changingCapacity() {
        var engine = SimulationEngine(resources: 1)
        engine.start(7, works: [0: 10e-6])
        var stalled: (running: Int, busy: Double) = (0, 0)
        for (time, capacity) in [(4e-6, 0.5), (8e-6, 0), (50e-6, 2)] {
            engine.schedule(0, at: SimulationTime(seconds: time))
            let timer = engine.next()
            #expect(timer == Event(time: SimulationTime(seconds: time), kind: .timer, id: 0))
            engine.setCapacity(of: 0, to: capacity)
            guard capacity == 0 else { continue }
            let nothing = engine.next()
            #expect(nothing == nil)
            stalled = (engine.runningCount, engine.busySeconds(of: 0))
        }
        #expect(stalled.running == 1 && abs(stalled.busy - 6e-6) < 1e-17)
        let done = engine.next(), running = engine.runningCount
        #expect(done == Event(time: SimulationTime(seconds: 52e-6), kind: .completion, id: 7))
        #expect(running == 0)
    }

    @Test("A cap on the rate makes an activity last its minimum and leaves the rest to others")
    func cappedRate() {
        func capped(_ plan: [Planned]) -> [Double] { run(plan, capacities: [1]).completions.map { $0.seconds * 1e6 } }
        let slow = Planned(start: 0, works: [0: 10e-6], minimumSeconds: 40e-6)
        #expect(agree(capped([slow]), [40]))
        #expect(agree(capped([slow, slow, slow, slow]), [40, 40, 40, 40]))
        #expect(agree(capped([slow, Planned(start: 0, works: [0: 15e-6])]), [40, 20]))
        // Five would need 5/4 of the capacity: each gets a fifth.
        #expect(agree(capped([slow, slow, slow, slow, slow]), [50, 50, 50, 50, 50]))
    }

    @Test("An activity without works takes its minimum, or no time at all")
    func noWorks() {
        let plan = [
            Planned(start: 1e-6, works: [:]), Planned(start: 1e-6, works: [:], minimumSeconds: 3e-6),
            Planned(start: 2e-6, works: [0: 0]),
        ]
        #expect(run(plan, capacities: [1]).completions.map(\.picoseconds) == [1_000_000, 4_000_000, 2_000_000])
    }

    @Test("Works on the same resource add up")
    func repeatedResource() {
        var engine = SimulationEngine(resources: 2)
        engine.start(0, works: [1: 2e-6, 1: 3e-6])
        let done = engine.next(), busy = engine.busySeconds(of: 1)
        #expect(done?.time == SimulationTime(seconds: 5e-6))
        #expect(abs(busy - 5e-6) < 1e-20)
    }

    @Test("Works and resources that cannot be are refused")
    func refusals() async {
        await #expect(processExitsWith: .failure) { _ = [0: -1e-6] as Works }
        await #expect(processExitsWith: .failure) { _ = [0: Double.nan] as Works }
        await #expect(processExitsWith: .failure) {
            var engine = SimulationEngine(resources: 1)
            engine.start(0, works: [1: 1e-6])
        }
        await #expect(processExitsWith: .failure) {
            var works = Works()
            for resource in 0 ... Works.maximumCount { works.add(1, on: resource) }
        }
        await #expect(processExitsWith: .failure) { _ = SimulationEngine(capacities: [-1]) }
    }
}
