import Testing
@testable import LearnedModels

struct GaussianProcessTests {
    /// Residuals that fall with the predicted time, as under a floor that every call pays.
    private func points(_ count: Int) -> [GaussianProcess.Point] {
        (0..<count).map { n in
            let x = Double(n * 7 % 20) / 20 * 3
            return GaussianProcess.Point(label: n % 2 == 0 ? "a" : "b", place: [x, 1 - x / 3, Double(n % 3)], residual: 2 - x + (n % 2 == 0 ? 0.05 : -0.05))
        }
    }

    @Test("The more samples, the narrower the interval, everywhere")
    func samplesShrinkIntervals() throws {
        let few = try #require(GaussianProcess(points(5), likeness: .init())), more = try #require(GaussianProcess(points(15), likeness: .init()))
        for x in stride(from: 0, through: 3, by: 0.5) {
            #expect(more.predict("a", [x, 1 - x / 3, 1]).deviation <= few.predict("a", [x, 1 - x / 3, 1]).deviation + 1e-9)
        }
    }

    @Test("Where it was measured it says what was measured, within the scatter it allows for")
    func samplesAreKept() throws {
        let all = points(12), process = try #require(GaussianProcess(all, likeness: .init()))
        for point in all { #expect(abs(process.predict(point.label, point.place).mean - point.residual) < 0.3) }
    }

    @Test("An error left out by formula equals that of a process that had not seen the sample")
    func leavingOutIsLeavingOut() throws {
        let all = points(10), likeness = GaussianProcess.Likeness(), process = try #require(GaussianProcess(all, likeness: likeness))
        for place in all.indices {
            var others = all
            let point = others.remove(at: place)
            let without = try #require(GaussianProcess(others, likeness: likeness)).predict(point.label, point.place)
            #expect(abs(point.residual - without.mean - process.leftOut[place].error) < 1e-9)
            #expect(abs(without.deviation - process.leftOut[place].deviation) < 1e-9)
        }
    }

    @Test("The likeness that is fitted is at least as likely as the one it starts from")
    func fittingHelps() throws {
        let all = points(14)
        let plain = try #require(GaussianProcess(all, likeness: .init())), fitted = try #require(GaussianProcess.fitted(to: all))
        #expect(fitted.plausibility >= plain.evidence - 1e-6)
        #expect(GaussianProcess([], likeness: .init()) == nil)
    }
}
