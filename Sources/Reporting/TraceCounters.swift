import Hardware
import Quantities
import Simulation
import Workloads

/// Memory, bandwidth and power of one device of a lane over the time of a step.
struct TraceCounters {
    /// What begins or ends at one moment; the sums over all earlier moments are the values of the counters.
    private struct Change {
        var time: Int64
        var running = 0
        var activations = 0.0
        var memoryRate = 0.0
        var linkRate = 0.0
        var dynamicPower = 0.0
    }

    private let changes: [Change]
    private let resident: [(name: String, value: Double)]
    private let idlePower: Watts
    private let activePower: Watts

    init(of lane: Int, in timeline: Timeline, on system: System, holding allocations: [Plan.Allocation]) {
        let graph = timeline.graph
        let group = graph.lanes[lane].group
        resident = Plan.Allocation.Kind.allCases.filter { $0 != .activations }.map { kind in
            (kind.rawValue, allocations.filter { $0.group == group && $0.kind == kind }.reduce(0) { $0 + $1.bytesPerDevice.value })
        }
        let power = system.group(group)?.device.power
        idlePower = power?.idle ?? power?.active ?? .zero
        activePower = power?.active ?? idlePower
        var released = timeline.records.map(\.end.picoseconds)
        for node in graph.nodes.indices {
            for dependency in graph.dependencies(of: node) {
                released[Int(dependency)] = max(released[Int(dependency)], timeline.records[node].end.picoseconds)
            }
        }
        var changes: [Change] = []
        for node in graph.nodes.indices where Int(graph.nodes[node].lane) == lane {
            let start = timeline.records[node].start.picoseconds, end = timeline.records[node].end.picoseconds
            let allocated = graph.nodes[node].allocates.value
            if allocated > 0 {
                changes.append(Change(time: start, activations: allocated))
                changes.append(Change(time: released[node], activations: -allocated))
            }
            guard end > start else { continue }
            let demand = timeline.demand(of: node), seconds = Double(end - start) * 1e-12
            let begun = Change(time: start, running: 1, memoryRate: demand.memoryBytes.value / seconds, linkRate: demand.linkBytes.value / seconds,
                               dynamicPower: demand.energy.total.value / seconds)
            changes.append(begun)
            changes.append(Change(time: end, running: -1, memoryRate: -begun.memoryRate, linkRate: -begun.linkRate, dynamicPower: -begun.dynamicPower))
        }
        self.changes = changes.sorted { $0.time < $1.time }
    }

    /// - Parameter origin: where in the trace the first node of the step may start, in picoseconds.
    func events(process: Int, origin: Int64) -> [(time: Int64, line: String)] {
        var events: [(time: Int64, line: String)] = []
        var sum = Change(time: 0)
        func emit() {
            let time = origin + sum.time
            func counter(_ name: String, _ values: [(String, Double)]) {
                events.append((time, TraceEvent.counter(name, process: process, at: time, values: values)))
            }
            counter("memory (bytes)", resident + [("activations", sum.activations)])
            counter("bandwidth (bytes/s)", [("memory", sum.memoryRate), ("link", sum.linkRate)])
            counter("power (W)", [("static", (sum.running > 0 ? activePower : idlePower).value), ("dynamic", sum.dynamicPower)])
        }
        if changes.first.map({ $0.time > 0 }) ?? true { emit() }
        for (index, change) in changes.enumerated() {
            sum.time = change.time
            sum.running += change.running
            sum.activations += change.activations
            sum.memoryRate += change.memoryRate
            sum.linkRate += change.linkRate
            sum.dynamicPower += change.dynamicPower
            if sum.running == 0 { (sum.memoryRate, sum.linkRate, sum.dynamicPower) = (0, 0, 0) }  // no residue of rounding
            if index + 1 == changes.count || changes[index + 1].time > change.time { emit() }
        }
        return events
    }
}
