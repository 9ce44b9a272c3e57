import CostModels
import EventEngine
import Hardware
import Operators
import Quantities
import Workloads

/// A graph with its costs on a system: for every operator and lane a fixed latency and its works on shared resources.
struct PreparedGraph: Sendable {
    struct Entry: Sendable {
        var latency = SimulationTime.zero
        /// Least time from the start of one kernel of the stream to the start of the next.
        var gap = SimulationTime.zero
        var works = Works()
        var demand = Demand()
        /// It moves data between memories and computes nothing. Transfers go in turn: wires and copy engines carry one after the
        /// other, and the arbiter of a memory gives a link, which asks for less than its part, all that it asks for.
        var isTransfer = false

        /// Time of the operator with the system to itself.
        var duration: Double { latency.seconds + works.longest }
    }

    private var entries: [Entry]
    private let laneCount: Int
    let capacities: [Double]

    subscript(node: OperatorGraph.Node) -> Entry { entries[Int(node.use) * laneCount + Int(node.lane)] }

    /// By use and lane, nil where a lane does not run that use.
    let demands: [Demand?]

    init(_ graph: OperatorGraph, on system: System, under runtime: Runtime, with costs: some CostModel) throws(SimulationError) {
        let lanes = graph.lanes.count
        var resources = ResourceTable()
        var entries = [Entry](repeating: Entry(), count: graph.uses.count * lanes)
        var demands = [Demand?](repeating: nil, count: entries.count)
        let site = try CostSite(system: system, runtime: runtime, costs: costs, lanes: graph.lanes)
        for node in graph.nodes {
            let index = Int(node.use) * lanes + Int(node.lane)
            guard demands[index] == nil else { continue }
            let entry = try site.entry(for: graph.uses[Int(node.use)].operation, lane: Int(node.lane), stream: node.stream, resources: &resources)
            entries[index] = entry
            demands[index] = entry.demand
        }
        self.entries = entries
        self.demands = demands
        laneCount = lanes
        capacities = Array(repeating: 1, count: resources.count)
    }
}

/// Numbers the resources of a system as they are first used.
struct ResourceTable {
    enum Key: Hashable {
        case engine(Engine.Kind, lane: Int), vector(lane: Int), cache(lane: Int)
        /// A lane's own memory, or that of a whole group which several lanes reach.
        case memory(lane: Int), groupMemory(String)
        /// One direction of a lane's port on a link, or of the part of a link that all share.
        case port(link: String, lane: Int, inbound: Bool), shared(link: String, inbound: Bool)
    }

    private var numbers: [Key: Int] = [:]
    var count: Int { numbers.count }

    subscript(key: Key) -> Int {
        mutating get {
            if let number = numbers[key] { return number }
            numbers[key] = numbers.count
            return numbers.count - 1
        }
    }
}

/// What cannot be simulated, in words for the person who asked.
public struct SimulationError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
