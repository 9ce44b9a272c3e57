import Documents
import Hardware
import Operators
import Quantities
@testable import Workloads

/// Systems and runtimes to lower onto: real devices in groups of any size.
enum Lower {
    static let library = Result { try Library(root.path) }

    static func system(_ device: String = "h100-sxm", count: Int = 8, nodes: Int = 1, extra: String = "") throws -> System {
        let network = nodes > 1 ? #", { "name": "fabric", "topology": "switch", "scope": "system", "between": ["gpu"], "bandwidth": "50 GB/s", "latency": "5 us" }"# : ""
        let peers = count > 1 ? #", { "name": "nvlink", "topology": "switch", "between": ["gpu"], "bandwidth": "450 GB/s", "latency": "1 us" }"# : ""
        let text = """
            { "name": "test", "nodes": \(nodes),
              "devices": { "gpu": { "spec": "\(device)", "count": \(count) }, "host": { "spec": "xeon-8480plus" }\(extra.isEmpty ? "" : ", " + extra) },
              "links": [ { "name": "pcie", "topology": "point-to-point", "between": ["host", "gpu"], "bandwidth": "64 GB/s", "latency": "1 us" }\(peers)\(network) ],
              "sources": { "": "a test" } }
            """
        return try System(reading: Document(file: "test.json", text: text.utf8), id: "test", device: { try library.get().device($0) })
    }

    /// A runtime that fuses and overlaps what it is told to.
    static func runtime(_ fusions: [Runtime.Fusion] = [.attention, .splitContext, .qkv, .gateUp, .residualNorm, .rotaryCache, .groupedExperts],
                        copies: Bool = true, collectives: Bool = true) throws -> Runtime {
        let words = fusions.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        let text = """
            { "name": "test", "launch": "graph", "runsOn": ["gpu", "npu", "pim", "cpu"], "hostPerKernel": "1 us", "hostPerStep": "1 us",
              "fusions": [\(words)], "overlapsCopies": \(copies), "overlapsCollectives": \(collectives), "memoryReserved": "1 GiB", "sources": { "": "a test" } }
            """
        return try Runtime(reading: Document(file: "test.json", text: text.utf8), id: "test")
    }

    static func plan(_ job: ModelJob, on system: System? = nil, under runtime: Runtime? = nil) throws -> Plan {
        try Plan(lowering: Job(id: "test", work: .model(job)), onto: system ?? Self.system(), under: runtime ?? Self.runtime())
    }
}

extension OperatorGraph {
    /// A sum over nodes and the devices that each lane stands for.
    func total(_ value: (Operator) -> Double) -> Double {
        nodes.reduce(0) { $0 + value(uses[Int($1.use)].operation) * Double(lanes[Int($1.lane)].multiplicity) }
    }

    /// The same over nodes in a role.
    func total(named name: String, _ value: (Operator) -> Double) -> Double {
        nodes.reduce(0) { uses[Int($1.use)].name == name ? $0 + value(uses[Int($1.use)].operation) * Double(lanes[Int($1.lane)].multiplicity) : $0 }
    }

    func nodes(named name: String) -> [Node] { nodes.filter { uses[Int($0.use)].name == name } }
    func operation(of node: Node) -> Operator { uses[Int(node.use)].operation }
}

extension Operator {
    /// FLOPs of products with weights.
    var weightFlops: Double {
        switch self {
        case .matmul(let o): o.weightStationed ? o.flops.value : 0
        case .grouped(let o): o.flops.value
        default: 0
        }
    }

    var attentionFlops: Double { if case .attention(let o) = self { o.flops.value } else { 0 } }
}

extension Operator {
    var weightBytes: Double { traffic.weights.value }
    var cacheReadBytes: Double { traffic.cacheRead.value }
    var cacheWrittenBytes: Double { traffic.cacheWritten.value }
    var activationBytes: Double { traffic.activations.value }
    var linkBytes: Double { traffic.link.value }
    var operations: Double { flops.value }
    /// Weight bytes of plain products.
    var matrixBytes: Double { if case .matmul(let o) = self { o.traffic.weights.value } else { 0 } }
}
