import Testing
@testable import Reporting

struct ScaleTests {
    @Test("A linear scale puts a value where its share of the domain is, the other way round where the axis runs upwards")
    func linear() {
        let right = Scale.linear(0...80, from: 100, to: 900), up = Scale.linear(-10...30, from: 400, to: 0)
        #expect(right(0) == 100 && right(80) == 900 && right(20) == 300)
        #expect(up(-10) == 400 && up(30) == 0 && up(10) == 200)
    }

    @Test("A logarithmic scale gives each factor of ten the same length")
    func logarithmic() {
        let scale = Scale.logarithmic(1e-6...1, from: 0, to: 600)
        for exponent in 0...6 { #expect(abs(scale(pow10(exponent - 6)) - Double(exponent) * 100) < 1e-9) }
        #expect(abs(scale(0.1.squareRoot()) - 550) < 1e-9)
    }

    private func pow10(_ exponent: Int) -> Double { exponent < 0 ? 1 / pow10(-exponent) : exponent == 0 ? 1 : 10 * pow10(exponent - 1) }

    @Test("Ticks are 1, 2 or 5 times a power of ten, inside the domain, no more than asked for and never fewer than two", arguments: [
        0.0007, 0.013, 0.9, 1, 3.3, 7, 42, 99.9, 1000, 86_400, 3.2e9,
    ])
    func linearTicks(_ largest: Double) {
        for most in 3...9 {
            let ticks = Scale.linear(0...largest, from: 0, to: 1).ticks(most)
            #expect(ticks.count >= 2 && ticks.count <= most, "\(ticks)")
            #expect(ticks.first == 0 && ticks.allSatisfy { $0 <= largest * (1 + 1e-9) })
            var step = ticks[1]
            while step >= 10 - 1e-9 { step /= 10 }
            while step < 1 - 1e-9 { step *= 10 }
            #expect([1, 2, 5].contains { abs(step - $0) < 1e-6 }, "a step of \(ticks[1])")
            for (index, tick) in ticks.enumerated() { #expect(abs(tick - Double(index) * ticks[1]) <= 1e-12 * largest) }
        }
    }

    @Test("Ticks of a memory axis are round in GiB, not in bytes")
    func binaryTicks() {
        let gibi = 1_073_741_824.0
        #expect(Scale.linear(0...80 * gibi, from: 0, to: 1).ticks(5, unit: gibi) == [0, 20, 40, 60, 80].map { $0 * gibi })
    }

    @Test("Ticks of a logarithmic axis are powers of ten, with 2 and 5 between them only where there is room")
    func logarithmicTicks() {
        #expect(Scale.logarithmic(1...100, from: 0, to: 1).ticks(7) == [1, 2, 5, 10, 20, 50, 100])
        #expect(Scale.logarithmic(1...100, from: 0, to: 1).ticks(3) == [1, 10, 100])
        let wide = Scale.logarithmic(1e-9...1e9, from: 0, to: 1).ticks(7)
        #expect(wide.count <= 7 && wide.count > 3)
        let narrow = Scale.logarithmic(3.1...3.9, from: 0, to: 1).ticks(6)
        #expect(narrow.count >= 2 && narrow.allSatisfy { $0 >= 3.1 && $0 <= 3.9 })
    }

    @Test("An axis names its unit once when it is linear, and at every tick when it is logarithmic")
    func units() {
        let linear = Axis("time", .time, .linear(0...0.08, from: 0, to: 1), ticks: 5)
        #expect(linear.fullTitle == "time (ms)")
        #expect(linear.ticks.map(linear.label) == ["0", "20", "40", "60", "80"])
        let logarithmic = Axis("time", .time, .logarithmic(1e-6...1e-3, from: 0, to: 1), ticks: 4)
        #expect(logarithmic.fullTitle == "time (logarithmic)")
        #expect(logarithmic.ticks.map(logarithmic.label) == ["1\u{A0}µs", "10\u{A0}µs", "100\u{A0}µs", "1\u{A0}ms"])
    }
}
