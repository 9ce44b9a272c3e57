import CostModels
import Documents
import EventEngine
@testable import Hardware
import Operators
import Quantities
@testable import Simulation
import Workloads

/// Reports, devices and timelines made by hand.
enum Sample {
    static let names = ["attention.qkv", "attention", "feed-forward.gate-up", "experts.dispatch"]

    /// A job that fits: four operators unless more are asked for.
    static func report(operators count: Int = 4) -> Report {
        var report = empty(fits: true)
        report.timing = Report.Timing(latency: Seconds(0.8021), ttft: Seconds(0.0213), tpot: Seconds(0.00615), outputTokensPerSecond: 159.6,
                                      promptTokensPerSecond: 48_075, bound: Seconds(0.5), busyFraction: 0.925)
        report.energy = Report.Energy(total: Joules(331.0), components: [(.compute, Joules(31.0)), (.memory, Joules(200.0)), (.static, Joules(100.0))],
                                      boundary: "one board", averagePower: Watts(412.7))
        report.operators = (0..<count).map { index in
            let name = index < names.count ? names[index] : "operator.number-\(index)"
            return Report.OperatorRow(name: name, kind: index == 3 ? "all-to-all" : "matmul", device: "gpu", count: 4096, latency: Seconds(0.4 / Double(index + 1)),
                                      flops: Flops(4e13), bytes: Bytes(8e11), boundBy: index == 3 ? .link : .memory, energy: Joules(10.0),
                                      choice: index == 0 ? "tile 128×256, split-K 4" : "", deviceTime: Seconds(0.4 / Double(index + 1)))
        }
        report.blame = [.init(name: "attention.qkv", bound: .memory, seconds: Seconds(0.7)), .init(name: "host", bound: .launch, seconds: Seconds(0.1021))]
        report.sensitivities = [.init(resource: "memoryBandwidth", latency: Seconds(0.74), gain: 0.0839), .init(resource: "compute", latency: Seconds(0.8021), gain: 0)]
        report.notes = ["A note."]
        return report
    }

    /// A job that needs 300 GB of a memory of 80.
    static func tooLarge() -> Report {
        var report = empty(fits: false)
        report.memory[0].weights = Bytes(300e9)
        report.memory[0].peak = Bytes(300e9)
        report.advice = ["weights in int4/g128 instead of bf16"]
        return report
    }

    private static func empty(fits: Bool) -> Report {
        let basis = Report.Basis(version: "1.2.3", job: "a-job", system: "a-system", runtime: "a-runtime", costModel: "cycle", calibration: nil,
                                 inherited: ["kernel.floor"], recalled: (1...9).map { "fact\($0)" })
        let memory = Report.DeviceMemory(group: "gpu", device: "a-device", capacity: Bytes(80e9), peak: Bytes(18e9), weights: Bytes(16e9), cache: Bytes(1e9),
                                         activations: Bytes(0.5e9), workspace: Bytes(0.5e9), usable: Bytes(72e9))
        return Report(basis: basis, fits: fits, memory: [memory], advice: [], timing: nil, energy: nil, operators: [], blame: [], sensitivities: [], notes: [])
    }

    /// 10 units at 1 GHz, 10 TFLOP/s in bf16, 100 GB/s, 20 W while a kernel runs, 10 W idle.
    static func device() throws -> Device {
        let text = """
            { "name": "A device", "kind": "gpu", "architecture": "none", "clock": { "boost": "1 GHz" }, "units": 10,
              "engines": { "tensor": { "rates": { "bf16": "500 FMA/cycle" } }, "vector": { "rates": { "fp32": "50 FMA/cycle" } } },
              "memory": [{ "level": "dram", "per": "device", "capacity": "1 GB", "bandwidth": "100 GB/s" }],
              "ports": { "nvlink": { "bandwidth": "10 GB/s" } },
              "power": { "idle": "10 W", "active": "20 W", "limit": "100 W" }, "sources": { "": "made up" } }
            """
        return try Device(reading: Document(file: "a-device.json", text: text.utf8))
    }

    /// Two of those, joined by a link.
    static func system() throws -> System {
        let link = Link(name: "nvlink", topology: .switch, scope: .node, between: ["gpu"], bandwidth: BytesPerSecond(10e9), achieved: nil,
                        latency: Seconds(1e-6), reduces: false, energy: nil)
        return System(id: "pair", name: "A pair", groups: [.init(name: "gpu", device: try device(), count: 2)], links: [link],
                      provenance: Provenance(sources: [:], recalled: []))
    }

    /// A chain of layers on two streams: kernels one after the other, and beside each the exchange of the one before.
    ///
    /// Times are made of a seed; every kernel takes 10 MB and 2 mJ, every exchange sends 1 MB.
    static func timeline(layers: Int, seed: UInt64) -> Timeline {
        var graph = OperatorGraph(lanes: [.init(group: "gpu", multiplicity: 2)])
        let product = graph.use("product", .matmul(Matmul(m: 64, n: 64, k: 64, activations: .bf16, weights: .bf16)))
        let exchange = graph.use("exchange", .collective(Collective(.allReduce, participants: 2, bytes: Bytes(1e6), format: .bf16)))
        var random = seed
        func duration() -> Int64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(random >> 40) + 1  // up to 16.8 µs, in picoseconds
        }
        var records: [Timeline.Record] = []
        var computeFree: Int64 = 0, exchangeFree: Int64 = 0, previous: Int?
        for layer in 0..<layers {
            let kernel = graph.add(product, layer: layer, after: previous.map { [$0] } ?? [], allocates: Bytes(1e6))
            let start = computeFree
            computeFree += duration()
            records.append(.init(start: SimulationTime(picoseconds: start), end: SimulationTime(picoseconds: computeFree), cause: .begin))
            graph.add(exchange, stream: .communication, layer: layer, after: [kernel])
            let sent = max(exchangeFree, computeFree)
            exchangeFree = sent + duration()
            records.append(.init(start: SimulationTime(picoseconds: sent), end: SimulationTime(picoseconds: exchangeFree), cause: .node(Int32(kernel))))
            previous = kernel
        }
        let kernel = Demand(engine: .tensor, engineTime: Seconds(1e-7), memoryTime: Seconds(1e-6), memoryBytes: Bytes(10e6), flops: Flops(1e6),
                            energy: EnergyUse(compute: Joules(0.5e-3), memory: Joules(1.5e-3)))
        let message = Demand(latency: Seconds(1e-7), linkTime: Seconds(1e-6), linkBytes: Bytes(1e6))
        let host = Seconds(3e-6)
        return Timeline(graph: graph, records: records, demands: [kernel, message], hostTime: host,
                        duration: host + Seconds(Double(max(computeFree, exchangeFree)) * 1e-12))
    }
}

extension String {
    var lines: [Substring] { split(separator: "\n", omittingEmptySubsequences: false) }
    /// The words, however they were broken into lines.
    var onOneLine: String { split { $0.isWhitespace }.joined(separator: " ") }
}
