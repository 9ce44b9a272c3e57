import Testing

@testable import EventEngine

@Suite("Event queue")
struct EventQueueTests {
    /// The hold model: takes the earliest event and puts a successor at a random delay, many times over.
    func hold(population: Int, events: Int) -> (sum: Int, last: Int64) {
        var random = Random(seed: 0)
        random.state = 88_172_645_463_325_252
        var queue = EventQueue()
        var sum = 0, last: Int64 = 0
        for id in 0 ..< population { queue.push(id, at: .init(picoseconds: 1 + Int64(random.next() >> 44))) }
        for _ in 0 ..< events {
            guard let (time, id) = queue.pop() else { break }
            sum += id
            last = time.picoseconds
            queue.push(id, at: .init(picoseconds: last + 1 + Int64(random.next() >> 44)))
        }
        return (sum, last)
    }

    /// The hold model on an array kept in order by linear search.
    func holdInSortedArray(population: Int, events: Int) -> (sum: Int, last: Int64) {
        var random = Random(seed: 0)
        random.state = 88_172_645_463_325_252
        var pending: [(time: Int64, id: Int)] = []
        func insert(_ time: Int64, _ id: Int) {
            pending.insert((time, id), at: pending.firstIndex { $0.time > time } ?? pending.count)
        }
        var sum = 0, last: Int64 = 0
        for id in 0 ..< population { insert(1 + Int64(random.next() >> 44), id) }
        for _ in 0 ..< events {
            let (time, id) = pending.removeFirst()
            sum += id
            last = time
            insert(last + 1 + Int64(random.next() >> 44), id)
        }
        return (sum, last)
    }

    @Test("The hold model goes through the same events as an array in order", arguments: [1, 2, 3, 10, 300])
    func sortedArray(population: Int) {
        #expect(hold(population: population, events: 3_000) == holdInSortedArray(population: population, events: 3_000))
    }

    /// The golden figures come from the program whose figures for 10⁷ events `Benchmarks/run-engine` checks.
    @Test("After 100 000 events the hold model arrives where std::priority_queue arrives")
    func golden() {
        #expect(hold(population: 1_000, events: 100_000) == (49_887_335, 52_681_387))
    }

    @Test("Events of equal time leave in the order they came in")
    func ties() {
        var queue = EventQueue()
        var random = Random(seed: 2)
        let events = (0 ..< 1_000).map { (time: Int64.random(in: 0 ..< 20, using: &random), place: $0, id: 7 * $0 % 1_000) }
        for event in events { queue.push(event.id, at: .init(picoseconds: event.time)) }
        var left: [Int] = []
        while let (_, id) = queue.pop() { left.append(id) }
        #expect(left == events.sorted { ($0.time, $0.place) < ($1.time, $1.place) }.map(\.id))
    }

    @Test("Any mixture of pushes and pops takes the earliest event there is, and counts right")
    func mixture() {
        var queue = EventQueue(minimumCapacity: 1)
        var reference: [(time: Int64, id: Int)] = []
        var random = Random(seed: 3)
        for id in 0 ..< 5_000 {
            if Int.random(in: 0 ..< 5, using: &random) < 3 {
                let time = Int64.random(in: 0 ..< 1_000, using: &random)
                queue.push(id, at: .init(picoseconds: time))
                reference.append((time, id))
            } else {
                let earliest = reference.indices.min { (reference[$0].time, $0) < (reference[$1].time, $1) }
                let popped = queue.pop()
                #expect(popped?.id == earliest.map { reference[$0].id })
                if let earliest { reference.remove(at: earliest) }
            }
            let (count, isEmpty) = (queue.count, queue.isEmpty)
            #expect(count == reference.count && isEmpty == reference.isEmpty)
            guard id % 7 == 0 else { continue }
            let first = queue.firstTime().picoseconds
            #expect(first == reference.map(\.time).min() ?? .max)
        }
    }

    @Test("The largest id and the latest time come back whole")
    func limits() {
        var queue = EventQueue()
        queue.push(EventKey.idLimit - 1, at: .never)
        queue.push(0, at: .zero)
        let events = [queue.pop(), queue.pop(), queue.pop()]
        #expect(events.map { $0?.time } == [.zero, .never, nil])
        #expect(events.map { $0?.id } == [0, EventKey.idLimit - 1, nil])
    }

    @Test("An id of more than 28 bits, a negative time and the 2³⁶th event are refused, not garbled")
    func beyondLimits() async {
        await #expect(processExitsWith: .failure) {
            var queue = EventQueue()
            queue.push(EventKey.idLimit, at: .zero)
        }
        await #expect(processExitsWith: .failure) {
            var queue = EventQueue()
            queue.push(0, at: SimulationTime(picoseconds: -1))
        }
        await #expect(processExitsWith: .failure) {
            var queue = EventQueue()
            queue.sequence = UInt64.max - EventKey.sequenceStep + 1
            queue.push(0, at: .zero)
        }
    }
}
