import Hardware
import Operators
import Quantities
import Testing
@testable import CostModels

private let roofline = Roofline()
private let cycle = Cycle()

/// Longer by more than rounding.
private func longer(_ a: Demand, _ b: Demand) -> Bool { a.duration.value > b.duration.value * (1 + 1e-9) }

@Suite("Laws that every prediction obeys") struct Laws {
    static let sweep = 300

    @Test("No prediction beats the physical bound, and every one is a finite time", arguments: Fixture.computing)
    func bound(_ device: Device) {
        var random = Seeded(state: 1)
        for _ in 0..<Self.sweep {
            let op = random.op()
            for runtime in [Fixture.graph, Fixture.bare] {
                let bound = roofline.demand(of: op, on: device, under: runtime), demand = cycle.demand(of: op, on: device, under: runtime)
                #expect(demand.violation(of: bound, model: "cycle", what: "\(op)") == nil)
                #expect(demand.duration.value.isFinite && bound.duration.value.isFinite, "\(op)")
                #expect(demand.memoryBytes.value >= bound.memoryBytes.value * (1 - 1e-9), "\(op)")
                #expect(demand.flops == op.flops)
            }
        }
    }

    @Test("Ten percent or three times more of any resource never slows an operator", arguments: Fixture.computing)
    func resources(_ device: Device) {
        var random = Seeded(state: 2)
        var better: [Device] = [1.1, 3].flatMap { factor in Device.Resource.allCases.map { device.scaled($0, by: factor) } }
        var roomier = device
        for index in roomier.memory.indices.dropLast() { roomier.memory[index].capacity = roomier.memory[index].capacity * 2 }
        better.append(roomier)
        var cooler = device
        cooler.power.limit = device.power.limit.map { $0 * 1.2 }
        better.append(cooler)
        for _ in 0..<Self.sweep {
            let op = random.op()
            let demand = cycle.demand(of: op, on: device, under: Fixture.graph)
            for other in better {
                let faster = cycle.demand(of: op, on: other, under: Fixture.graph)
                #expect(!longer(faster, demand), "\(op)\n\(demand)\n\(faster)")
            }
        }
    }

    @Test("A larger product never takes less time", arguments: Fixture.computing)
    func products(_ device: Device) {
        var random = Seeded(state: 3)
        for _ in 0..<Self.sweep {
            let small = random.matmul()
            var large = small
            let by = random.pick([1, 1, 7, random.size(upTo: 4096)])
            switch Int.random(in: 0..<4, using: &random) {
            case 0: large.m += by
            case 1: large.n += by
            case 2: large.k += by
            default: large.batch += by
            }
            let a = cycle.demand(of: .matmul(small), on: device, under: Fixture.graph), b = cycle.demand(of: .matmul(large), on: device, under: Fixture.graph)
            #expect(!longer(a, b), "\(small)\n\(a)\n\(large)\n\(b)")
        }
    }

    @Test("More sequences, longer contexts and more queries never take less time", arguments: Fixture.computing)
    func attention(_ device: Device) {
        var random = Seeded(state: 4)
        for _ in 0..<Self.sweep {
            let small = random.attention()
            var large = small
            let by = random.pick([1, 1, 7, random.size(upTo: 4096)])
            switch Int.random(in: 0..<3, using: &random) {
            case 0: large.batch += by
            case 1: large.context += by
            default: large.queries += by; large.context += by
            }
            let a = cycle.demand(of: .attention(small), on: device, under: Fixture.graph), b = cycle.demand(of: .attention(large), on: device, under: Fixture.graph)
            #expect(!longer(a, b), "\(small)\n\(a)\n\(large)\n\(b)")
        }
    }

    @Test("A token more for any expert never takes less time", arguments: Fixture.computing)
    func experts(_ device: Device) {
        var random = Seeded(state: 5)
        for _ in 0..<Self.sweep {
            let small = random.grouped()
            var large = small
            large.tokens[Int.random(in: 0..<large.tokens.count, using: &random)] += 1
            if Bool.random(using: &random) { large.tokens.append(1) }
            let a = cycle.demand(of: .grouped(small), on: device, under: Fixture.graph), b = cycle.demand(of: .grouped(large), on: device, under: Fixture.graph)
            #expect(!longer(a, b), "\(small)\n\(a)\n\(large)\n\(b)")
        }
    }

    @Test("More rows or wider ones never take less time", arguments: Fixture.computing)
    func elements(_ device: Device) {
        var random = Seeded(state: 6)
        for _ in 0..<Self.sweep {
            let small = random.elementwise()
            var large = small
            let rows = Bool.random(using: &random)
            if rows { large.rows += 3 } else { large.width += 3 }
            let factor = large.elements / small.elements
            large.moved = Traffic(weights: small.moved.weights * factor, activationsRead: small.moved.activationsRead * factor,
                                  activationsWritten: small.moved.activationsWritten * factor)
            let a = cycle.demand(of: .elementwise(small), on: device, under: Fixture.graph), b = cycle.demand(of: .elementwise(large), on: device, under: Fixture.graph)
            #expect(!longer(a, b), "\(small)\n\(a)\n\(large)\n\(b)")
        }
    }
}
