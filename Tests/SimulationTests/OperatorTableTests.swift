import CostModels
import Operators
import Quantities
@testable import Simulation
import Testing
@testable import Workloads

@Suite("The table of operators")
struct OperatorTableTests {
    /// Two lanes of three and one devices that run one product each, of 10 and 40 µs, ten times.
    private func rows() throws -> [Report.OperatorRow] {
        let bench = try Bench(), group = bench.system.accelerator.name
        var graph = OperatorGraph(lanes: [.init(group: group, multiplicity: 3), .init(group: group, multiplicity: 1, label: "hot")])
        let short = graph.use("product", stated(engine: 9)), long = graph.use("product", stated(engine: 1, memory: 39))
        for _ in 0..<10 {
            graph.add(short, lane: 0)
            graph.add(long, lane: 1)
        }
        let plan = Plan(steps: [.init(phase: .single, graph: graph)], decodeSteps: 0, firstContext: 0, lastContext: 0, sequences: 1, allocations: [])
        return OperatorTable(of: try JobRun(plan, on: bench.system, under: bench.runtime, with: StatedCosts())).rows
    }

    @Test("Lanes that run side by side do not add up: an operator's time is that of its busiest device, within the job's")
    func busiest() throws {
        let row = try #require(try rows().first)
        #expect(close(microseconds(row.latency), 10 * 40))
        #expect(close(microseconds(row.deviceTime), 3 * 10 * 10 + 10 * 40))
        #expect(row.count == 40)
    }

    @Test("The bound shown is that of most of the time, not of most executions")
    func bound() throws {
        let row = try #require(try rows().first)
        #expect(row.boundBy == .memory)
    }

    @Test("FLOPs and bytes of all rows are those of the graph on all its devices")
    func conservation() throws {
        let row = try #require(try rows().first)
        #expect(row.flops.value == 10 * (3 * 2 * 9 + 2 * 39))
    }
}
