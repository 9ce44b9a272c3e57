import EventEngine
import Foundation
import Testing

@Suite("FIFO server")
struct FIFOServerTests {
    /// Serves customers whose gaps and services are given, first come first served, and returns their times in line.
    func waits(slots: Int, gaps: [Int64], service: Int64) -> (waits: [Int64], server: FIFOServer, end: SimulationTime) {
        var engine = SimulationEngine()
        var server = FIFOServer(slots: slots)
        var arrivals = [Int64](), waits = [Int64](repeating: -1, count: gaps.count)
        let departure = gaps.count
        func serve(_ customer: Int) {
            waits[customer] = engine.now.picoseconds - arrivals[customer]
            engine.schedule(departure, after: .init(picoseconds: service))
        }
        engine.schedule(0, after: .init(picoseconds: gaps[0]))
        while let event = engine.next() {
            if event.id == departure {
                if let next = server.release(at: event.time) { serve(next) }
            } else {
                arrivals.append(event.time.picoseconds)
                if server.request(event.id, at: event.time) { serve(event.id) }
                if event.id + 1 < gaps.count { engine.schedule(event.id + 1, after: .init(picoseconds: gaps[event.id + 1])) }
            }
        }
        return (waits, server, engine.now)
    }

    @Test("D/D/1: arrivals every 7 and services of 10 make the n-th customer wait 3 n")
    func deterministicOverload() {
        let (waits, server, end) = waits(slots: 1, gaps: Array(repeating: 7, count: 500), service: 10)
        #expect(waits == (0 ..< 500).map { 3 * Int64($0) })
        #expect(end.picoseconds == 7 + 500 * 10)
        #expect(server.busySeconds == 5_000e-12)
        #expect(server.waitingSeconds == 3e-12 * Double(500 * 499 / 2))
    }

    @Test("D/D/2: two slots at arrivals every 7 and services of 10 leave nobody waiting")
    func deterministicPair() {
        #expect(waits(slots: 2, gaps: Array(repeating: 7, count: 500), service: 10).waits == Array(repeating: 0, count: 500))
    }

    @Test("A batch of 10 on 3 slots is served three by three, in order")
    func batch() {
        let gaps = [Int64](repeating: 0, count: 10)
        #expect(waits(slots: 3, gaps: gaps, service: 4).waits == [0, 0, 0, 4, 4, 4, 8, 8, 8, 12])
    }

    @Test("M/D/1: the mean wait is ρ / (2 (1 − ρ)) services (Pollaczek and Khinchine)", arguments: [0.3, 0.6])
    func pollaczekKhinchine(load: Double) {
        var random = Random(seed: 4)
        let service: Int64 = 1_000_000, customers = 40_000
        let gaps = (0 ..< customers).map { _ in
            Int64(-log(Double.random(in: Double.leastNonzeroMagnitude ..< 1, using: &random)) * Double(service) / load)
        }
        let (waits, server, end) = waits(slots: 1, gaps: gaps, service: service)
        let mean = waits.reduce(0.0) { $0 + Double($1) } / Double(customers) / Double(service)
        let expected = load / (2 * (1 - load))
        #expect(abs(mean / expected - 1) < 0.05)
        #expect(abs(server.busySeconds / end.seconds / load - 1) < 0.02)
        #expect(abs(server.waitingSeconds / (mean * 1e-6 * Double(customers)) - 1) < 1e-9)
    }

    @Test("A line that grows while it goes round keeps its order")
    func growingLine() {
        var server = FIFOServer()
        var waiting: [Int] = [], served: [Int] = []
        let isServedAtOnce = server.request(-1, at: .zero)
        #expect(isServedAtOnce)
        for round in 1 ..< 40 {
            for _ in 0 ..< round {
                if !server.request(waiting.count, at: .zero) { waiting.append(waiting.count) }
            }
            for _ in 0 ..< round / 2 { served += server.release(at: .zero).map { [$0] } ?? [] }
        }
        while let id = server.release(at: .zero) { served.append(id) }
        #expect(served == waiting && waiting.count == 780)
        #expect(server.busySlots == 0 && server.waitingCount == 0)
    }

    @Test("A slot that nobody holds cannot be released")
    func releaseWithoutRequest() async {
        await #expect(processExitsWith: .failure) {
            var server = FIFOServer()
            _ = server.release(at: .zero)
        }
    }
}
