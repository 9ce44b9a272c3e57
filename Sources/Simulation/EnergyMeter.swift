import Hardware
import Quantities
import Workloads

/// Joules of a run by component.
///
/// Operators are charged for what they do (operations, bytes by level); a device besides draws its active power while one of
/// its kernels runs and its idle power while none does. Host and storage are inside the boundary when the system has them.
struct EnergyMeter {
    /// In the order in which a report shows them.
    static let order = ["compute", "cache", "memory", "link", "static", "host", "storage"]

    private(set) var joules: [String: Double] = [:]
    /// Devices whose files say too little to meter them.
    private(set) var unmetered: [String] = []

    mutating func add(_ component: String, _ energy: Joules) { joules[component, default: 0] += energy.value }

    /// Meters one step that stands for `weight` steps.
    mutating func meter(_ timeline: Timeline, on system: System, weight: Double) {
        for node in timeline.graph.nodes.indices {
            let demand = timeline.demand(of: node)
            let times = weight * Double(timeline.graph.lanes[Int(timeline.graph.nodes[node].lane)].multiplicity)
            add("compute", demand.energy.compute * times)
            add("cache", demand.energy.cache * times)
            add("memory", demand.energy.memory * times)
            add("link", demand.energy.link * times)
        }
        for group in system.groups {
            let power = group.device.power
            guard let idle = power.idle ?? power.active else {
                if !unmetered.contains(group.device.id) { unmetered.append(group.device.id) }
                continue
            }
            let count = Double(group.count * system.nodes)
            let lanes = timeline.graph.lanes.indices.filter { timeline.graph.lanes[$0].group == group.name }
            // The banks of a device have a lane of their own, and are no device of their own.
            let used = lanes.reduce(0.0) { $0 + (timeline.graph.lanes[$1].engine == nil ? Double(timeline.graph.lanes[$1].multiplicity) : 0) }
            let busy = lanes.reduce(0.0) { $0 + Double(timeline.graph.lanes[$1].multiplicity) * timeline.busy(lane: $1).value }
            let all = max(count, used) * timeline.duration.value
            let working = min(busy, all)
            let energy = Joules(working * (power.active ?? idle).value + (all - working) * idle.value)
            add(component(of: group, in: system), energy * weight)
        }
    }

    private func component(of group: System.Group, in system: System) -> String {
        switch group.device.kind {
        case .cpu where group.name != system.accelerator.name: "host"
        case .storage, .csd: "storage"
        default: "static"
        }
    }

    var components: [(name: String, energy: Joules)] {
        Self.order.compactMap { name in joules[name].map { (name, Joules($0)) } }
    }
    var total: Joules { Joules(Self.order.reduce(0) { $0 + (joules[$1] ?? 0) }) }
}
