import EventEngine
import Testing

@Suite("Simulation time")
struct SimulationTimeTests {
    @Test("Seconds are rounded to the nearest picosecond, halves to even")
    func rounding() {
        #expect(SimulationTime(seconds: 1e-12).picoseconds == 1)
        #expect(SimulationTime(seconds: 1.49e-12).picoseconds == 1)
        #expect(SimulationTime(seconds: 1.51e-12).picoseconds == 2)
        #expect(SimulationTime(seconds: 2.5e-12).picoseconds == 2)
        #expect(SimulationTime(seconds: 0x1.fffffffffffffp-2 * 1e-12).picoseconds == 0)
        #expect(SimulationTime(seconds: -3e-9).picoseconds == -3_000)
        #expect(SimulationTime(seconds: 3_600).picoseconds == 3_600_000_000_000_000)
    }

    @Test("Picoseconds survive the way to seconds and back for half an hour")
    func roundTrip() {
        var random = Random(seed: 1)
        for _ in 0 ..< 1_000 {
            let time = SimulationTime(picoseconds: Int64.random(in: 0 ... 1_800_000_000_000_000, using: &random))
            #expect(SimulationTime(seconds: time.seconds) == time)
        }
    }

    @Test("What cannot be represented is never, and never stays never")
    func saturation() {
        #expect(SimulationTime(seconds: .infinity) == .never)
        #expect(SimulationTime(seconds: 1e7) == .never)
        #expect(SimulationTime(seconds: -.infinity) < .zero)
        #expect(.never + SimulationTime(seconds: 1) == .never)
        #expect(SimulationTime(seconds: 1) - SimulationTime(seconds: 3) == SimulationTime(seconds: -2))
        #expect(.never - SimulationTime(picoseconds: -1) == .never)
    }

    @Test("A time that is not a number is refused")
    func notANumber() async {
        await #expect(processExitsWith: .failure) { _ = SimulationTime(seconds: .nan) }
    }
}
