import CostModels
import EventEngine
import Hardware
import Quantities
import Workloads

/// The time below which no software can run a graph on a system: datasheet peaks, compulsory bytes, data dependencies.
///
/// Two bounds hold at once, and the larger is taken: the longest chain of operators that need each other's results, each at
/// its own roofline, and for each resource of each lane the sum of all it has to do. Streams, launches and contention are
/// left out, so that every schedule of every cost model lies above it.
public enum RooflineBound {
    public static func time(of graph: OperatorGraph, on system: System, under runtime: Runtime) throws(SimulationError) -> Seconds {
        let prepared = try PreparedGraph(graph, on: system, under: runtime, with: Roofline())
        var finish = [Double](repeating: 0, count: graph.nodes.count)
        var totals = [ResourceTotals](repeating: ResourceTotals(), count: graph.lanes.count)
        var longest = 0.0
        for node in graph.nodes.indices {
            let demand = prepared[graph.nodes[node]].demand
            let ready = graph.dependencies(of: node).reduce(0) { max($0, finish[Int($1)]) }
            finish[node] = ready + demand.duration.value
            longest = max(longest, finish[node])
            totals[Int(graph.nodes[node].lane)].add(demand)
        }
        return Seconds(max(longest, totals.map(\.largest).max() ?? 0))
    }

    private struct ResourceTotals {
        var engines: [Engine.Kind: Double] = [:]
        var memory = 0.0, link = 0.0

        mutating func add(_ demand: Demand) {
            engines[demand.engine, default: 0] += demand.engineTime.value
            memory += demand.memoryTime.value
            link += demand.linkTime.value
        }

        var largest: Double { max(engines.values.max() ?? 0, memory, link) }
    }
}
