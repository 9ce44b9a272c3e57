import CostModels
import EventEngine
import Hardware
import Operators
import Quantities
import Simulation
import Workloads

/// A cost model that charges what a test says: a matmul of m rows takes m µs of the engine, n µs of memory and k µs of latency.
struct StatedCosts: CostModel {
    var name: String { "stated" }

    func demand(of operation: Operator, on device: Device, under runtime: Runtime) -> Demand {
        guard case .matmul(let o) = operation else { return Demand() }
        return Demand(latency: Seconds(Double(o.k) * 1e-6), engineTime: Seconds(Double(o.m) * 1e-6), memoryTime: Seconds(Double(o.n) * 1e-6))
    }

    func demand(of collective: Collective, over fabric: Fabric, on device: Device, under runtime: Runtime) -> Demand { Demand() }

    func demand(of copy: Copy, over link: Link?, from source: Device, to target: Device, under runtime: Runtime) -> Demand { Demand() }
}

/// An operator that takes so many microseconds of engine, memory and fixed latency under `StatedCosts`.
func stated(engine: Int, memory: Int = 1, latency: Int = 1) -> Operator {
    .matmul(Matmul(m: engine, n: memory, k: latency, activations: .bf16, weights: .bf16))
}

/// One H100 of the library and a runtime whose launch costs a test chooses.
struct Bench {
    var system: System
    var runtime: Runtime

    init(launch: Runtime.Launch = .inline, hostPerKernel: Double = 0) throws {
        let library = try Library()
        system = try library.system(ofDevice: "h100-sxm")
        runtime = try library.runtime("pytorch-eager")
        runtime.launch = launch
        runtime.hostPerKernel = Seconds(hostPerKernel)
        runtime.hostPerStep = .zero
        runtime.hostPerLayer = .zero
        runtime.referenceLaunch = nil
    }

    func run(_ graph: OperatorGraph) throws -> Timeline {
        try Timeline(running: graph, on: system, under: runtime, with: StatedCosts())
    }

    var lane: OperatorGraph.Lane { .init(group: system.accelerator.name, multiplicity: 1) }
}

func microseconds(_ time: Seconds) -> Double { time.value * 1e6 }
func close(_ a: Double, _ b: Double, within tolerance: Double = 1e-6) -> Bool { abs(a - b) <= tolerance * max(1, abs(b)) }
