import CostModels
import Quantities
import Testing
@testable import LearnedModels

struct SlowedTests {
    private let demand = Demand(latency: Seconds(2e-6), engineTime: Seconds(5e-6), vectorTime: Seconds(1e-6), memoryTime: Seconds(8e-6))
    private let bound = Demand(engineTime: Seconds(4e-6), memoryTime: Seconds(7e-6))

    @Test("A factor stretches the whole by itself, and the parts stay apart", arguments: [1.0, 1.3, 4, 20])
    func factorsStretch(_ factor: Double) {
        let slower = demand.slowed(by: factor, noFasterThan: bound)
        #expect(abs(slower.duration.value / (demand.duration.value * factor) - 1) < 1e-12)
        #expect(abs(slower.memoryTime.value / (demand.memoryTime.value * factor) - 1) < 1e-12)
    }

    @Test("No factor makes an operator, or the part of it on one resource, faster than the physical bound", arguments: [0.9, 0.5, 1e-3, 1e-9])
    func boundsHold(_ factor: Double) {
        let faster = demand.slowed(by: factor, noFasterThan: bound)
        #expect(faster.duration.value >= bound.duration.value * (1 - 1e-12))
        #expect(faster.memoryTime >= bound.memoryTime)
        #expect(faster.engineTime >= bound.engineTime)
        #expect(faster.latency.value >= 0)
    }
}
