import CostModels
import Operators
import Quantities
import Simulation
import Testing
import Workloads

@Suite("Running a graph")
struct StepSimulationTests {
    @Test("Kernels of one stream follow each other: each takes its latency and then its scarcest resource")
    func chain() throws {
        let bench = try Bench()
        var graph = OperatorGraph(lanes: [bench.lane])
        let use = graph.use("product", stated(engine: 10, memory: 30, latency: 5))
        for _ in 0..<4 { graph.add(use) }
        #expect(close(microseconds(try bench.run(graph).duration), 4 * (5 + 30)))
    }

    @Test("A copy and a kernel that use different resources overlap fully; two that both want the memory take turns at half speed")
    func overlap() throws {
        let bench = try Bench()
        func duration(_ first: Operator, _ second: Operator) throws -> Double {
            var graph = OperatorGraph(lanes: [bench.lane])
            graph.add(graph.use("first", first))
            graph.add(graph.use("second", second), stream: .copyIn)
            return microseconds(try bench.run(graph).duration)
        }
        #expect(close(try duration(stated(engine: 100, memory: 1), stated(engine: 1, memory: 99)), 101, within: 1e-2))
        #expect(close(try duration(stated(engine: 1, memory: 100), stated(engine: 1, memory: 100)), 201, within: 1e-2))
    }

    @Test("An eager host slower than its kernels sets the pace: n kernels take n launches and one kernel")
    func launchBound() throws {
        let bench = try Bench(launch: .eager, hostPerKernel: 20e-6)
        var graph = OperatorGraph(lanes: [bench.lane])
        let use = graph.use("small", stated(engine: 5))
        for _ in 0..<10 { graph.add(use) }
        let timeline = try bench.run(graph)
        #expect(close(microseconds(timeline.duration), 10 * 20 + 6))
        let blame = CriticalPath(of: timeline).blame
        let launch = blame.filter { $0.key.bound == .launch }.values.reduce(.zero, +)
        // What the device did while the host was launching held nothing up.
        #expect(close(microseconds(launch), 10 * 20))
    }

    @Test("A host that is faster than its kernels hides behind them: only the first launch shows")
    func hostAhead() throws {
        let bench = try Bench(launch: .eager, hostPerKernel: 3e-6)
        var graph = OperatorGraph(lanes: [bench.lane])
        let use = graph.use("large", stated(engine: 50))
        for _ in 0..<10 { graph.add(use) }
        #expect(close(microseconds(try bench.run(graph).duration), 3 + 10 * 51))
    }

    @Test("A captured graph pays no launch for its kernels")
    func captured() throws {
        let bench = try Bench(launch: .graph, hostPerKernel: 20e-6)
        var graph = OperatorGraph(lanes: [bench.lane])
        let use = graph.use("large", stated(engine: 50))
        for _ in 0..<10 { graph.add(use) }
        #expect(close(microseconds(try bench.run(graph).duration), 10 * 51))
    }

    @Test("A node that waits for the host is launched only after the result it depends on has come back")
    func hostSynchronisation() throws {
        let bench = try Bench(launch: .eager, hostPerKernel: 10e-6)
        var graph = OperatorGraph(lanes: [bench.lane])
        let use = graph.use("kernel", stated(engine: 100, latency: 1))
        let router = graph.add(use)
        graph.add(use, stream: .copyIn, after: [router], waitsForHost: true)
        // Launch 10, run 101, launch again 10, run 101.
        #expect(close(microseconds(try bench.run(graph).duration), 222))
    }

    @Test("The stretches of the critical path add up to the whole run", arguments: [0.0, 5e-6, 40e-6])
    func blameIsComplete(hostPerKernel: Double) throws {
        let bench = try Bench(launch: .eager, hostPerKernel: hostPerKernel)
        var graph = OperatorGraph(lanes: [bench.lane])
        var random = UInt64(7)
        for node in 0..<200 {
            random = random &* 6364136223846793005 &+ 1442695040888963407
            let operation = stated(engine: 1 + Int(random >> 33) % 40, memory: 1 + Int(random >> 43) % 40, latency: 1 + Int(random >> 53) % 5)
            let dependencies = node > 2 ? [Int(random >> 20) % node] : []
            graph.add(graph.use("kernel \(node % 7)", operation), stream: node % 3 == 0 ? .copyIn : .compute, after: dependencies)
        }
        let timeline = try bench.run(graph)
        let blamed = CriticalPath(of: timeline).blame.values.reduce(.zero, +)
        #expect(close(blamed.value, timeline.duration.value, within: 1e-9))
        let again = try bench.run(graph)
        #expect(again.records.map(\.end) == timeline.records.map(\.end), "the same graph runs the same way twice")
    }
}
