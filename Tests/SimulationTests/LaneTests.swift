import CostModels
import Hardware
import Operators
import Quantities
@testable import Simulation
import Testing
@testable import Workloads

@Suite("Lanes")
struct LaneTests {
    /// The first GPUs of an HGX H100 and their host, joined as a test says.
    private func system(gpus: Int, hostLink topology: Link.Topology) throws -> (System, Runtime) {
        let library = try Library()
        var system = try library.system("hgx-h100")
        let gpu = system.accelerator.name, host = try #require(system.host?.name)
        for index in system.groups.indices where system.groups[index].name == gpu { system.groups[index].count = gpus }
        for index in system.links.indices where system.links[index].joins(gpu, host) { system.links[index].topology = topology }
        return (system, try library.runtime("npu-sequencer"))
    }

    /// Seconds that copies of 1 GB from the host take, one on each device of the lanes.
    private func copying(lanes multiplicities: [Int], over topology: Link.Topology) throws -> Double {
        let (system, runtime) = try system(gpus: 2, hostLink: topology)
        let gpu = system.accelerator.name, host = try #require(system.host?.name)
        var graph = OperatorGraph(lanes: multiplicities.map { .init(group: gpu, multiplicity: $0) })
        let use = graph.use("copy", .copy(Copy(from: host, to: gpu, bytes: Bytes(1e9))))
        for lane in multiplicities.indices { graph.add(use, lane: lane, stream: .copyIn) }
        let records = try Timeline(running: graph, on: system, under: runtime, with: Roofline()).records
        return try #require(records.map(\.end.seconds).max())
    }

    @Test("Two devices that copy over one bus take twice as long as one, two with wires of their own do not")
    func contention() throws {
        for (topology, expected) in [(Link.Topology.bus, 2.0), (.pointToPoint, 1)] {
            let one = try copying(lanes: [1], over: topology), two = try copying(lanes: [1, 1], over: topology)
            #expect(close(two / one, expected, within: 1e-3))
        }
    }

    @Test("A lane that stands for two devices copies like two lanes of one", arguments: [Link.Topology.bus, .pointToPoint, .switch])
    func foldedCopies(topology: Link.Topology) throws {
        let folded = try copying(lanes: [2], over: topology), explicit = try copying(lanes: [1, 1], over: topology)
        #expect(close(folded, explicit, within: 1e-9))
    }

    @Test("One lane of four tensor-parallel devices takes as long as four lanes of one, joules and FLOPs included")
    func foldedDevices() throws {
        let (system, runtime) = try system(gpus: 4, hostLink: .pointToPoint)
        func report(lanes: Int) throws -> (latency: Double, joules: Double, flops: Double) {
            var graph = OperatorGraph(lanes: Array(repeating: .init(group: system.accelerator.name, multiplicity: 4 / lanes), count: lanes))
            let product = graph.use("product", .matmul(Matmul(m: 4096, n: 1024, k: 4096, activations: .bf16, weights: .bf16)))
            let sum = graph.use("sum", .collective(Collective(.allReduce, participants: 4, bytes: Bytes(32e6), format: .bf16)))
            var before = [Int?](repeating: nil, count: lanes)
            for layer in 0..<3 {
                for lane in 0..<lanes {
                    let computed = graph.add(product, lane: lane, layer: layer, after: before[lane].map { [$0] } ?? [])
                    before[lane] = graph.add(sum, lane: lane, stream: .communication, layer: layer, after: [computed])
                }
            }
            let plan = Plan(steps: [.init(phase: .single, graph: graph)], decodeSteps: 0, firstContext: 0, lastContext: 0, sequences: 1, allocations: [])
            let run = try JobRun(plan, on: system, under: runtime, with: Cycle())
            return (run.latency.value, EnergyMeter(run).total.value, graph.flops.value)
        }
        let folded = try report(lanes: 1), explicit = try report(lanes: 4)
        #expect(close(folded.latency, explicit.latency, within: 1e-9))
        #expect(close(folded.joules, explicit.joules, within: 1e-9))
        #expect(close(folded.flops, explicit.flops, within: 1e-12))
    }
}
