import CostModels
import EventEngine
import Hardware
import Quantities
import Workloads

/// The time below which no software can run a graph on a system: datasheet peaks, compulsory bytes, data dependencies.
///
/// Two bounds hold at once, and the larger is taken: the longest chain of operators that need each other's results, each at
/// its own roofline, and for each resource the sum of all it has to do. Streams, launches and contention are
/// left out, so that every schedule of every cost model lies above it.
public enum RooflineBound {
    /// The clock counts whole picoseconds, and an operator ends at the nearest one: up to half of one early.
    private static let rounding = 0.5e-12

    public static func time(of graph: OperatorGraph, on system: System, under runtime: Runtime) throws(SimulationError) -> Seconds {
        let prepared = try PreparedGraph(graph, on: system, under: runtime, with: Roofline())
        var finish = [Double](repeating: 0, count: graph.nodes.count)
        var totals = [Double](repeating: 0, count: prepared.capacities.count)
        var longest = 0.0
        for node in graph.nodes.indices {
            let entry = prepared[graph.nodes[node]]
            let ready = graph.dependencies(of: node).reduce(0) { max($0, finish[Int($1)]) }
            finish[node] = ready + max(0, entry.duration - rounding)
            longest = max(longest, finish[node])
            entry.works.forEach { resource, seconds in totals[resource] += max(0, seconds - rounding) }
        }
        return Seconds(max(longest, totals.max() ?? 0))
    }
}
