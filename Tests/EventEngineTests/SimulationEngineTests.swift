import Testing

@testable import EventEngine

@Suite("Simulation engine")
struct SimulationEngineTests {
    @Test("Timers and completions of one picosecond come in the order of schedule and start")
    func ties() {
        var engine = SimulationEngine(resources: 3)
        let time = SimulationTime(seconds: 10e-6)
        engine.start(0, works: [0: 10e-6])
        engine.schedule(1, at: time)
        engine.start(2, works: [1: 10e-6])
        engine.start(3, works: [2: 5e-6])
        engine.start(4, works: [2: 5e-6])
        engine.schedule(5, at: time)
        var order: [Int] = []
        while let event = engine.next() {
            #expect(event.time == time)
            order.append(event.id)
        }
        #expect(order == [0, 1, 2, 3, 4, 5])
    }

    @Test("Activities that were slowed and sped up and end together end in the order of starting")
    func tiesAfterChanges() {
        var engine = SimulationEngine(resources: 1)
        for id in 0 ..< 20 { engine.start(id, works: [0: 1e-6]) }
        engine.start(99, works: [0: 0.5e-6])
        var order: [Int] = []
        while let event = engine.next() { order.append(event.id) }
        let end = engine.now
        #expect(order == [99] + Array(0 ..< 20))
        #expect(end == SimulationTime(seconds: 20.5e-6))
    }

    @Test("What starts at the picosecond in which another activity ends does not delay that end")
    func dueActivityIsDone() {
        // Three end at 3 µs and 0.4 ps, which is 3 µs; ten that start then must not stretch the 0.4 ps left.
        var engine = SimulationEngine(resources: 1)
        for id in 0 ..< 3 { engine.start(id, works: [0: 3.000_000_4e-6 / 3]) }
        var events = [engine.next()]
        for id in 10 ..< 20 { engine.start(id, works: [0: 1e-6]) }
        events += [engine.next(), engine.next(), engine.next()]
        #expect(events.map { $0?.id } == [0, 1, 2, 10])
        #expect(events.map { $0?.time.picoseconds } == [3_000_000, 3_000_000, 3_000_000, 13_000_000])
    }

    @Test("A timer at never does not fire, and an engine without events is at its end")
    func never() {
        var engine = SimulationEngine()
        engine.schedule(1, at: .never)
        engine.schedule(2, after: SimulationTime(picoseconds: 5))
        let events = [engine.next(), engine.next()], end = engine.now
        #expect(events == [Event(time: SimulationTime(picoseconds: 5), kind: .timer, id: 2), nil])
        #expect(end.picoseconds == 5)
    }

    @Test("The past cannot be scheduled, nor an id that would look like an activity")
    func refusals() async {
        await #expect(processExitsWith: .failure) {
            var engine = SimulationEngine()
            engine.schedule(0, at: SimulationTime(picoseconds: 5))
            _ = engine.next()
            engine.schedule(0, at: SimulationTime(picoseconds: 4))
        }
        await #expect(processExitsWith: .failure) {
            var engine = SimulationEngine()
            engine.schedule(SimulationEngine.idLimit, at: .zero)
        }
    }

    @Test("A long activity that a thousand short ones slow leaves no trail of events behind")
    func noTrail() {
        var engine = SimulationEngine(resources: 1)
        engine.start(1_000, works: [0: 1e-3])
        engine.start(0, works: [0: 1e-6])
        var completed = 0, pending = 0
        while let event = engine.next() {
            completed += 1
            pending = max(pending, engine.queue.count)
            if event.id < 999 { engine.start(event.id + 1, works: [0: 1e-6]) }
        }
        let end = engine.now.seconds
        #expect(completed == 1_001)
        #expect(pending <= 4)
        #expect(abs(end - 2e-3) < 1e-9)
    }
}
