import CostModels
import EventEngine
import Quantities
import Workloads

/// What happened when a graph ran: every node's start and end, and what it waited for.
public struct Timeline: Sendable {
    /// What released a node last: the one thing that would have had to come sooner for it to start sooner.
    public enum Cause: Sendable, Hashable {
        /// Nothing: it started with the step.
        case begin
        /// The end of another node: a dependency, or its predecessor in the stream.
        case node(Int32)
        /// The host had not launched it yet. It had been launching since the end of a node whose result it had to see, or
        /// since the begin of the step (-1).
        case launch(after: Int32)
        /// The kernel before it in the stream had started less than the gap between kernels ago.
        case gap(after: Int32)
    }

    public struct Record: Sendable {
        public var start: SimulationTime
        public var end: SimulationTime
        public var cause: Cause
    }

    public var graph: OperatorGraph
    /// By node of the graph.
    public var records: [Record]
    /// By use and lane: `demands[use * lanes + lane]`, nil where a lane does not run that use.
    public var demands: [Demand?]
    /// Host time before the first launch of the step and after its last result.
    public var hostTime: Seconds
    /// From the start of the step to the end of its last node, host time included.
    public var duration: Seconds

    public func demand(of node: Int) -> Demand {
        demand(use: Int(graph.nodes[node].use), lane: Int(graph.nodes[node].lane))
    }

    public func demand(use: Int, lane: Int) -> Demand { demands[use * graph.lanes.count + lane] ?? Demand() }

    /// Seconds in which at least one node of the lane ran.
    public func busy(lane: Int) -> Seconds {
        var intervals = records.indices.filter { Int(graph.nodes[$0].lane) == lane }
            .map { (records[$0].start.picoseconds, records[$0].end.picoseconds) }
        intervals.sort { $0 < $1 }
        var total: Int64 = 0, reached = Int64.min
        for (start, end) in intervals where end > reached {
            total += end - max(start, reached == .min ? start : reached)
            reached = end
        }
        return Seconds(Double(total) * 1e-12)
    }
}
