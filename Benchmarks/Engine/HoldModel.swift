import EventEngine

/// xorshift64 (Marsaglia 2003, triple 13 7 17); delays are uniform in 1 … 2²⁰ ps.
struct Delays {
    var state: UInt64 = 88_172_645_463_325_252

    mutating func next() -> Int64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int64(1 + (state >> 44))
    }
}

/// What a run of a model took and arrived at; two correct engines differ in `seconds` only.
struct Outcome {
    var seconds: Double
    /// Numbers that depend on the order of all events.
    var checks: [Int64]
}

/// Keeps `population` events pending: takes the earliest and puts a successor at a random delay, `events` times.
func hold(population: Int, events: Int) -> Outcome {
    var queue = EventQueue(minimumCapacity: population)
    var delays = Delays()
    var sum = 0, last = SimulationTime.zero
    for id in 0 ..< population { queue.push(id, at: SimulationTime(picoseconds: delays.next())) }
    let start = cpuSeconds()
    for _ in 0 ..< events {
        guard let (time, id) = queue.pop() else { break }
        sum += id
        last = time
        queue.push(id, at: SimulationTime(picoseconds: time.picoseconds + delays.next()))
    }
    return Outcome(seconds: cpuSeconds() - start, checks: [Int64(sum), last.picoseconds])
}

/// `hold` through the whole engine: the same events as timers.
func holdTimers(population: Int, events: Int) -> Outcome {
    var engine = SimulationEngine()
    var delays = Delays()
    var sum = 0
    for id in 0 ..< population { engine.schedule(id, at: SimulationTime(picoseconds: delays.next())) }
    let start = cpuSeconds()
    for _ in 0 ..< events {
        guard let event = engine.next() else { break }
        sum += event.id
        engine.schedule(event.id, after: SimulationTime(picoseconds: delays.next()))
    }
    return Outcome(seconds: cpuSeconds() - start, checks: [Int64(sum), engine.now.picoseconds])
}
