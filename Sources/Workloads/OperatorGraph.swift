import Hardware
import Operators
import Quantities

/// What one pass through the model computes: operators, the devices they run on, and what has to be finished first.
///
/// Layers repeat, so an operator is stated once in `uses` and referred to by every node that runs it.
public struct OperatorGraph: Sendable {
    /// An operator in its role: the unit of a report's table.
    public struct Use: Sendable, Hashable {
        /// `attention.qkv`, `experts.dispatch`: role within the layer.
        public var name: String
        public var operation: Operator
    }

    /// A queue that runs its nodes in order.
    public enum Stream: UInt8, CaseIterable, Sendable {
        case compute, communication
        /// Copies into the lane's device memory, and out of it.
        case copyIn, copyOut
    }

    /// Identical devices that do the same at the same time: simulated once, counted `multiplicity` times.
    public struct Lane: Sendable, Hashable {
        /// Name of a group of the system.
        public var group: String
        public var multiplicity: Int
        /// What distinguishes it: `stage 2`, `hottest expert rank`.
        public var label: String
        /// The engine that runs its operators, where a device has two that could and another lane drives the other one
        /// (an NPU whose memory computes); nil leaves the choice to the cost model.
        public var engine: Engine.Kind?
        /// An earlier lane that runs on the same devices; nil for a lane with devices of its own.
        public var beside: Int?

        public init(group: String, multiplicity: Int, label: String = "", engine: Engine.Kind? = nil, beside: Int? = nil) {
            self.group = group
            self.multiplicity = multiplicity
            self.label = label
            self.engine = engine
            self.beside = beside
        }
    }

    public struct Node: Sendable {
        /// Index into `uses`.
        public var use: Int32
        /// Index into `lanes`.
        public var lane: Int16
        public var stream: Stream
        /// Layer, counted from 0; −1 outside the layers.
        public var layer: Int16
        /// The host has to see the results of this node's dependencies before it can launch it.
        public var waitsForHost: Bool
        /// Activation memory it needs from its start until the last node that depends on it has ended.
        public var allocates: Bytes
        /// Range of `dependencies`.
        var firstDependency: Int32
        var dependencyCount: Int32
    }

    public private(set) var lanes: [Lane]
    public private(set) var uses: [Use] = []
    public private(set) var nodes: [Node] = []
    private var dependencies: [Int32] = []
    private var useIndex: [Use: Int32] = [:]

    /// Room for so many nodes, so that a graph of known size grows once.
    public mutating func reserve(nodes count: Int) {
        nodes.reserveCapacity(count)
        dependencies.reserveCapacity(2 * count)
    }

    public init(lanes: [Lane]) { self.lanes = lanes }

    /// The nodes that have to end before `node` starts. They all stand before it: the graph has no cycles by construction.
    public func dependencies(of node: Int) -> ArraySlice<Int32> {
        let n = nodes[node]
        return dependencies[Int(n.firstDependency)..<Int(n.firstDependency + n.dependencyCount)]
    }

    /// For every lane the first lane on its devices: lanes with the same one share a board, its power and its memory.
    public var devices: [Int] { lanes.indices.map { lanes[$0].beside ?? $0 } }

    /// The node before each in its lane and stream, which has to end first; −1 for the first of a stream.
    public var predecessors: [Int32] {
        let streams = Stream.allCases.count
        var latest = [Int32](repeating: -1, count: lanes.count * streams)
        return nodes.indices.map { index in
            let queue = Int(nodes[index].lane) * streams + Int(nodes[index].stream.rawValue)
            defer { latest[queue] = Int32(index) }
            return latest[queue]
        }
    }

    /// The index of an operator in its role, added if it is new.
    public mutating func use(_ name: String, _ operation: Operator) -> Int32 {
        let use = Use(name: name, operation: operation)
        if let index = useIndex[use] { return index }
        let index = Int32(uses.count)
        uses.append(use)
        useIndex[use] = index
        return index
    }

    /// Appends a node. Nodes of one lane and stream run in the order in which they are added.
    ///
    /// - Returns: its index, for later nodes to depend on.
    @discardableResult
    public mutating func add(_ use: Int32, lane: Int = 0, stream: Stream = .compute, layer: Int = -1, after: [Int] = [],
                             waitsForHost: Bool = false, allocates: Bytes = .zero) -> Int {
        let index = nodes.count
        nodes.append(Node(use: use, lane: Int16(lane), stream: stream, layer: Int16(layer), waitsForHost: waitsForHost, allocates: allocates,
                          firstDependency: Int32(dependencies.count), dependencyCount: Int32(after.count)))
        for dependency in after {
            precondition(dependency < index, "a node depends on one that stands before it")
            dependencies.append(Int32(dependency))
        }
        return index
    }

    /// FLOPs summed over nodes and the devices each lane stands for.
    public var flops: Flops {
        nodes.reduce(.zero) { $0 + uses[Int($1.use)].operation.flops * Double(lanes[Int($1.lane)].multiplicity) }
    }

    /// Compulsory bytes between main memories and engines, summed likewise.
    public var memoryBytes: Bytes {
        nodes.reduce(.zero) { $0 + uses[Int($1.use)].operation.traffic.memory * Double(lanes[Int($1.lane)].multiplicity) }
    }
}
