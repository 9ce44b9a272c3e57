import EventEngine

/// A chain of operators per stream, as a simulation of inference runs them: issue (timer), latency (timer),
/// then an activity over five resources until it completes. Streams share one set of resources, or have one each.
///
/// The checks are the number of completions and the end time.
func operators(streams: Int, sharing: Bool, nodes: Int) -> Outcome {
    var engine = SimulationEngine(resources: sharing ? 5 : 5 * streams)
    var delays = Delays()
    var completed = 0
    let issue = SimulationTime(picoseconds: 2_000_000), latency = SimulationTime(picoseconds: 500_000)
    let start = cpuSeconds()
    for stream in 0 ..< streams { engine.schedule(2 * stream, after: issue) }
    while let event = engine.next() {
        switch event.kind {
        case .timer where event.id % 2 == 0:
            engine.schedule(event.id + 1, after: latency)
        case .timer:
            let stream = event.id / 2
            let first = sharing ? 0 : 5 * stream
            let time = Double(delays.next()) * 1e-11
            engine.start(
                stream,
                works: [
                    first: time, first + 1: 0.1 * time, first + 2: 0.8 * time, first + 3: 0.5 * time,
                    first + 4: 0.05 * time,
                ])
        case .completion:
            completed += 1
            if completed + streams <= nodes { engine.schedule(2 * event.id, after: issue) }
        }
    }
    return Outcome(seconds: cpuSeconds() - start, checks: [Int64(completed), engine.now.picoseconds])
}
