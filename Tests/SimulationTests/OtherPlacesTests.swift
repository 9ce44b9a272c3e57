import CostModels
import Hardware
import Operators
import Quantities
import Simulation
import Testing
import Workloads

/// The banks take 100 µs of their lanes, everybody else 100 µs of the memory.
private struct HundredEach: CostModel {
    var name: String { "hundred each" }

    func demand(of operation: Operator, on device: Device, under runtime: Runtime) -> Demand {
        device.engines.allSatisfy { $0.kind == .bank } ? Demand(engine: .bank, engineTime: Seconds(100e-6)) : Demand(memoryTime: Seconds(100e-6))
    }

    func demand(of collective: Collective, over fabric: Fabric, on device: Device, under runtime: Runtime) -> Demand { Demand() }

    func demand(of copy: Copy, over link: Link?, from source: Device, to target: Device, under runtime: Runtime) -> Demand { Demand() }
}

@Suite("Attention, experts and caches in other places")
struct OtherPlacesTests {
    private func run(_ name: String) throws -> JobRun {
        let library = try Library()
        let job = try library.job(name)
        let system = try library.system(try #require(job.system))
        let runtime = try library.runtime(try #require(job.runtime))
        return try JobRun(try Plan(lowering: job, onto: system, under: runtime), on: system, under: runtime, with: Cycle())
    }

    @Test("With one row buffer a bank's lanes and the bus exclude each other; with two they work at once")
    func rowBuffers() throws {
        let library = try Library()
        func duration(_ device: String) throws -> Double {
            let system = try library.system(ofDevice: device)
            let lanes = [OperatorGraph.Lane(group: system.accelerator.name, multiplicity: 1),
                         OperatorGraph.Lane(group: system.accelerator.name, multiplicity: 1, engine: .bank)]
            var graph = OperatorGraph(lanes: lanes)
            let use = graph.use("either", stated(engine: 1))
            graph.add(use, lane: 0)
            graph.add(use, lane: 1)
            return microseconds(try Timeline(running: graph, on: system, under: try library.runtime("npu-sequencer"), with: HundredEach()).duration)
        }
        #expect(close(try duration("neupims"), 100))
        #expect(close(try duration("neupims-single-buffer"), 200))
    }

    @Test("Attention at the banks beats attention on the NPU, and interleaved sub-batches beat one after the other (NeuPIMs)")
    func neupims() throws {
        let npu = try run("gpt3-13b-npu").latency, naive = try run("gpt3-13b-neupims-naive").latency
        let interleaved = try run("gpt3-13b-neupims-interleaved").latency
        #expect(npu > naive)
        #expect(naive > interleaved)
    }

    @Test("A copy of experts that overlaps a layer beats one that waits for the router; copying all of them loses to both (Pre-gated MoE)")
    func experts() throws {
        let device = try run("switch-base-128-device").time(decoding: true), ahead = try run("switch-base-128-pre-gated").time(decoding: true)
        let onDemand = try run("switch-base-128-on-demand").time(decoding: true), all = try run("switch-base-128-prefetch-all").time(decoding: true)
        #expect(device < ahead)
        #expect(ahead < onDemand * 0.8)
        #expect(all > onDemand * 10)
    }

    @Test("A drive that attends reads its flash channels; a GPU that fetches the same cache waits for the drive's port")
    func drive() throws {
        let attends = try run("opt-13b-one-csd").latency.value, fetches = try run("opt-13b-cache-on-drive").latency.value
        // 8 channels of 1.4 GB/s against a port that passes 7 GB/s: the cache is nearly all of the time.
        #expect(abs(fetches / attends - 11.2 / 7) < 0.1)
    }
}
