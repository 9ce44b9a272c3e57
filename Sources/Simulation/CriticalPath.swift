import CostModels
import Quantities

/// The chain of waits that made a run as long as it was, and who is to blame for each stretch.
///
/// Walking back from the last node to end, each node's own duration is charged to what bounds it and each stretch in which
/// it could have run but the host had not launched it is charged to the launch, all of it since the host last waited for a
/// result: what the device did meanwhile held nothing up. The stretches add up to the duration.
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
        func name(_ node: Int) -> String { graph.uses[Int(graph.nodes[node].use)].name }
        if timeline.hostTime > .zero { blame[Blame(name: "host", bound: .launch)] = timeline.hostTime }
        guard var node = records.indices.max(by: { records[$0].end < records[$1].end }) else { return }
        while true {
            let record = records[node], name = name(node)
            charge(name, timeline.demand(of: node).boundBy, record.end.picoseconds - record.start.picoseconds)
            guard let before = step(back: node, in: timeline, name) else { return }
            node = before
        }
    }

    /// The node that the start of `node` waited for, with the wait charged to whom it was for; nil at the begin.
    private mutating func step(back start: Int, in timeline: Timeline, _ name: String) -> Int? {
        let records = timeline.records
        var node = start
        while true {
            let moment = records[node].start.picoseconds
            switch records[node].cause {
            case .begin:
                charge("host", .launch, moment)
                return nil
            case .node(let other):
                charge(name, .dependency, moment - records[Int(other)].end.picoseconds)
                return Int(other)
            case .launch(let other):
                charge("host", .launch, moment - (other < 0 ? 0 : records[Int(other)].end.picoseconds))
                return other < 0 ? nil : Int(other)
            case .gap(let other):
                // The one before need not have ended: the chain goes on from its start.
                charge("gap between kernels", .launch, moment - records[Int(other)].start.picoseconds)
                node = Int(other)
            }
        }
    }

    private mutating func charge(_ name: String, _ bound: Bound, _ picoseconds: Int64) {
        guard picoseconds > 0 else { return }
        blame[Blame(name: name, bound: bound), default: .zero] += Seconds(Double(picoseconds) * 1e-12)
    }
}
