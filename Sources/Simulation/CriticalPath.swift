import CostModels
import Quantities

/// The chain of waits that made a run as long as it was, and who is to blame for each stretch.
///
/// Walking back from the last node to end, each node's own duration is charged to what bounds it and each stretch in which
/// it could have run but the host had not launched it is charged to the launch. The stretches add up to the duration.
public struct CriticalPath: Sendable {
    public struct Blame: Sendable, Hashable {
        /// Role of the operator; `host` for what no operator did.
        public var name: String
        public var bound: Bound
    }

    /// Seconds on the path by operator and bound.
    public var blame: [Blame: Seconds]

    public init(of timeline: Timeline) {
        blame = [:]
        let records = timeline.records, graph = timeline.graph
        if timeline.hostTime > .zero { blame[Blame(name: "host", bound: .launch)] = timeline.hostTime }
        guard var node = records.indices.max(by: { records[$0].end < records[$1].end }) else { return }
        // The predecessor of a node within its lane and stream: where the device was before it fell idle.
        let before = Self.predecessors(in: timeline)
        while true {
            let record = records[node]
            let name = graph.uses[Int(graph.nodes[node].use)].name
            charge(name, timeline.demand(of: node).boundBy, record.end.picoseconds - record.start.picoseconds)
            switch record.cause {
            case .begin:
                charge("host", .launch, record.start.picoseconds)
                return
            case .node(let other):
                charge(name, .dependency, record.start.picoseconds - records[Int(other)].end.picoseconds)
                node = Int(other)
            case .launch:
                guard let other = before[node] else {
                    charge("host", .launch, record.start.picoseconds)
                    return
                }
                charge("host", .launch, record.start.picoseconds - records[other].end.picoseconds)
                node = other
            }
        }
    }

    private mutating func charge(_ name: String, _ bound: Bound, _ picoseconds: Int64) {
        guard picoseconds > 0 else { return }
        blame[Blame(name: name, bound: bound), default: .zero] += Seconds(Double(picoseconds) * 1e-12)
    }

    private static func predecessors(in timeline: Timeline) -> [Int?] {
        var last: [Int: Int] = [:]
        return timeline.graph.nodes.indices.map { index in
            let node = timeline.graph.nodes[index]
            let queue = Int(node.lane) * 8 + Int(node.stream.rawValue)
            defer { last[queue] = index }
            return last[queue]
        }
    }
}
