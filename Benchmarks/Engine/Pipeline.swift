import EventEngine

/// Customers arrive, are served at station 0, then at station 1, one at a time and first come first served.
///
/// Each of the three delays has its own random numbers, so that the outcome does not depend on how an engine
/// orders events of equal time.
func pipeline(customers: Int) -> Outcome {
    var engine = SimulationEngine()
    var stations = [FIFOServer(), FIFOServer()]
    var arrivals = Delays(state: 1)
    var services = [Delays(state: 2), Delays(state: 3)]
    let arrival = 2
    var arrived = 0

    func serve(at station: Int) {
        engine.schedule(station, after: SimulationTime(picoseconds: services[station].next() * 9 / 10))
    }
    func enter(_ station: Int) {
        if stations[station].request(0, at: engine.now) { serve(at: station) }
    }

    let start = cpuSeconds()
    engine.schedule(arrival, after: SimulationTime(picoseconds: arrivals.next()))
    while let event = engine.next() {
        if event.id == arrival {
            arrived += 1
            if arrived < customers {
                engine.schedule(arrival, after: SimulationTime(picoseconds: arrivals.next()))
            }
            enter(0)
        } else {
            if stations[event.id].release(at: event.time) != nil { serve(at: event.id) }
            if event.id == 0 { enter(1) }
        }
    }
    let waited = stations.map { ($0.waitingSeconds * 1e12).rounded() }.reduce(0, +)
    return Outcome(seconds: cpuSeconds() - start, checks: [engine.now.picoseconds, Int64(waited)])
}
