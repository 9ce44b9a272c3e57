import Hardware
import Operators
import Quantities
@testable import Simulation
import Testing
@testable import Workloads

@Suite("The memory ledger")
struct MemoryLedgerTests {
    private func graph(lanes: [OperatorGraph.Lane] = [.init(group: "gpu", multiplicity: 1)]) -> (OperatorGraph, use: Int32) {
        var graph = OperatorGraph(lanes: lanes)
        let use = graph.use("product", stated(engine: 1))
        return (graph, use)
    }

    private func peaks(_ graph: OperatorGraph) -> [Double] { MemoryLedger.activationPeaks(of: graph).map(\.value) }

    @Test("An activation lives until the last node that reads it has ended, not until the first", arguments: [(true, 20.0), (false, 14.0)])
    func lifetime(isReadLate: Bool, expected: Double) {
        var (graph, use) = graph()
        let a = graph.add(use, allocates: Bytes(10))
        let b = graph.add(use, after: [a], allocates: Bytes(4))
        // 10 and 4 are alive when 6 come on top; without the late reader the 10 have gone by then.
        let c = graph.add(use, after: [b], allocates: Bytes(6))
        graph.add(use, after: isReadLate ? [a, c] : [c])
        #expect(peaks(graph) == [expected])
    }

    @Test("What nobody reads is gone when its own node has ended")
    func unread() {
        var (graph, use) = graph()
        for _ in 0..<5 { graph.add(use, allocates: Bytes(7)) }
        #expect(peaks(graph) == [7])
    }

    @Test("Lanes with devices of their own are counted apart, lanes on the same devices together")
    func lanes() {
        for (beside, expected) in [(nil, [8.0, 5.0]), (0, [13.0, 0.0])] {
            var (graph, use) = graph(lanes: [.init(group: "gpu", multiplicity: 1), .init(group: "gpu", multiplicity: 1, beside: beside)])
            let a = graph.add(use, lane: 0, allocates: Bytes(8))
            let b = graph.add(use, lane: 1, allocates: Bytes(5))
            graph.add(use, lane: 0, after: [a, b])
            #expect(peaks(graph) == expected)
        }
    }

    @Test("A device holds what stays and the worst of what comes and goes, and it fits to the last byte")
    func fits() throws {
        var bench = try Bench(), graph = OperatorGraph(lanes: [bench.lane])
        graph.add(graph.use("product", stated(engine: 1)), allocates: Bytes(1e9))
        func ledger(weights: Double) -> MemoryLedger {
            let stays = [(Plan.Allocation.Kind.weights, weights), (.cache, 2e9), (.workspace, 1e9)].map {
                Plan.Allocation(group: bench.system.accelerator.name, kind: $0.0, bytesPerDevice: Bytes($0.1), note: "")
            }
            let plan = Plan(steps: [.init(phase: .single, graph: graph)], decodeSteps: 0, firstContext: 0, lastContext: 0, sequences: 1, allocations: stays)
            return MemoryLedger(placing: plan, on: bench.system, under: bench.runtime)
        }
        bench.runtime.memoryFraction = 0.5
        let room = bench.system.accelerator.device.mainMemory.capacity.value * 0.5 - 4e9
        #expect(ledger(weights: room).fits)
        let over = ledger(weights: room + 100)
        #expect(!over.fits && over.missing == Bytes(100))
    }
}
