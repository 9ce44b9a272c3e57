import CostModels
import EventEngine
import Hardware
import Operators
import Quantities
import Workloads

/// Turns an operator on a lane into a latency and works: asks the cost model, and knows which resources of the system the
/// answer is drawn from.
struct CostSite<Costs: CostModel> {
    private let system: System
    private let runtime: Runtime
    private let costs: Costs
    private let lanes: [OperatorGraph.Lane]
    private let groups: [System.Group]

    init(system: System, runtime: Runtime, costs: Costs, lanes: [OperatorGraph.Lane]) throws(SimulationError) {
        self.system = system
        self.runtime = runtime
        self.costs = costs
        self.lanes = lanes
        var groups: [System.Group] = []
        for lane in lanes {
            var group = try Self.group(lane.group, of: system)
            // A lane on the banks of a memory has no other engine to choose.
            if let engine = lane.engine { group.device.engines.removeAll { $0.kind != engine } }
            groups.append(group)
        }
        self.groups = groups
    }

    private static func group(_ name: String, of system: System) throws(SimulationError) -> System.Group {
        guard let group = system.group(name) else {
            throw SimulationError("\(system.id) has no group \"\(name)\"; it has \(system.groups.map(\.name).joined(separator: ", "))")
        }
        return group
    }

    func entry(for operation: Operator, lane: Int, stream: OperatorGraph.Stream, resources: inout ResourceTable) throws(SimulationError) -> PreparedGraph.Entry {
        switch operation {
        case .collective(let collective): try entry(for: collective, lane: lane, resources: &resources)
        case .copy(let copy): try entry(for: copy, lane: lane, resources: &resources)
        default: try entry(forLocal: operation, lane: lane, stream: stream, resources: &resources)
        }
    }

    private func entry(forLocal operation: Operator, lane: Int, stream: OperatorGraph.Stream,
                       resources: inout ResourceTable) throws(SimulationError) -> PreparedGraph.Entry {
        let device = groups[lane].device
        let demand = try possible(costs.demand(of: operation, on: device, under: runtime), operation.kind, on: device)
        var works = Works()
        works.add(demand.engineTime.value, on: resources[.engine(demand.engine, lane: lane)])
        works.add(demand.vectorTime.value, on: resources[.vector(lane: lane)])
        works.add(demand.cacheTime.value, on: resources[.cache(lane: lane)])
        works.add(max(demand.memoryTime.value, rowBufferTime(demand, on: device)), on: memory(of: lane, &resources))
        let gap = stream == .compute ? kernelGap(of: device) : .zero
        // Where the processor that computes also decides what comes next, a call takes its time first.
        let call = runtime.launch == .inline ? runtime.hostPerKernel : .zero
        return PreparedGraph.Entry(latency: SimulationTime(seconds: (demand.latency + call).value), gap: SimulationTime(seconds: gap.value), works: works, demand: demand)
    }

    /// While lanes beside the banks work on open rows nobody else reads the memory, unless each bank has a row buffer for
    /// them and one for the bus (NeuPIMs, ASPLOS 2024, section 4.1; the "blocked mode" of Newton, MICRO 2020).
    private func rowBufferTime(_ demand: Demand, on device: Device) -> Double {
        guard demand.engine == .bank, device.memory[device.mainMemoryIndex].organisation?.dualRowBuffer != true else { return 0 }
        return demand.engineTime.value
    }

    /// Refuses what takes for ever: no engine of the device can do it.
    private func possible(_ demand: Demand, _ what: String, on device: Device) throws(SimulationError) -> Demand {
        guard demand.isTime else {
            throw SimulationError("\(device.id) cannot run \(what): it has no engine for it" + (device.engines.isEmpty ? ", nor for anything else" : ""))
        }
        return demand
    }

    private func kernelGap(of device: Device) -> Seconds {
        switch runtime.launch {
        case .eager: device.kernel.streamGap ?? .zero
        case .graph: device.kernel.graphGap ?? .zero
        case .inline: .zero
        }
    }

    // MARK: Between devices

    private func entry(for collective: Collective, lane: Int, resources: inout ResourceTable) throws(SimulationError) -> PreparedGraph.Entry {
        let name = lanes[lane].group, device = groups[lane].device
        let inside = system.link(name, name), across = system.link(name, name, crossingNodes: true)
        guard collective.participants == 1 || (collective.participantsPerNode > 1 ? inside : across) != nil, !collective.crossesNodes || across != nil else {
            throw SimulationError("\(system.id): no link joins the devices of \"\(name)\"\(collective.crossesNodes ? " across nodes" : ""), which \(collective.kind.rawValue) needs")
        }
        let demand = try possible(costs.demand(of: collective, over: Fabric(inside: inside, across: across), on: device, under: runtime),
                                  collective.kind.rawValue, on: device)
        var works = Works()
        let link = collective.crossesNodes ? across : inside
        if let link {
            for inbound in [false, true] {
                works.add(demand.linkTime.value * sharing(of: link, by: lane), on: resources[port(of: link, lane: lane, inbound: inbound)])
            }
        }
        works.add(demand.memoryTime.value, on: memory(of: lane, &resources))
        return PreparedGraph.Entry(latency: SimulationTime(seconds: demand.latency.value), works: works, demand: demand, isTransfer: true)
    }

    /// Copies of one lane's devices: each carries `copy.bytes`.
    private func entry(for copy: Copy, lane: Int, resources: inout ResourceTable) throws(SimulationError) -> PreparedGraph.Entry {
        let from = try Self.group(copy.from, of: system), to = try Self.group(copy.to, of: system)
        let path = try path(from: from, to: to)
        let narrowest = path.min { $0.bandwidth < $1.bandwidth }
        var demand = costs.demand(of: copy, over: narrowest, from: from.device, to: to.device, under: runtime)
        if path.count > 1 { demand.latency += path.dropFirst().reduce(.zero) { $0 + $1.latency } }
        var works = Works()
        for link in path {
            let slower = narrowest.map { $0.bandwidth / link.bandwidth } ?? 1
            let inbound = copy.to == lanes[lane].group
            works.add(demand.linkTime.value * slower * sharing(of: link, by: lane), on: resources[port(of: link, lane: lane, inbound: inbound)])
        }
        works.add(demand.sourceTime.value * drawing(on: from, by: lane), on: memory(of: from, for: lane, &resources))
        works.add(demand.memoryTime.value * drawing(on: to, by: lane), on: memory(of: to, for: lane, &resources))
        return PreparedGraph.Entry(latency: SimulationTime(seconds: demand.latency.value), works: works, demand: demand, isTransfer: true)
    }

    /// The links a copy crosses: a direct one, or two by way of the host.
    private func path(from: System.Group, to: System.Group) throws(SimulationError) -> [Link] {
        if from.name == to.name { return system.link(from.name, to.name).map { [$0] } ?? [] }
        if let direct = system.link(from.name, to.name) ?? system.link(from.name, to.name, crossingNodes: true) { return [direct] }
        if let host = system.host, let first = system.link(from.name, host.name), let second = system.link(host.name, to.name) {
            return [first, second]
        }
        throw SimulationError("\(system.id): no link leads from \"\(from.name)\" to \"\(to.name)\"")
    }

    /// A lane's own port where its devices own the wires; otherwise what all lanes share.
    private func port(of link: Link, lane: Int, inbound: Bool) -> ResourceTable.Key {
        ownsPort(of: link, lane: lane) ? .port(link: link.name, lane: lane, inbound: inbound) : .shared(link: link.name, inbound: inbound)
    }

    private func ownsPort(of link: Link, lane: Int) -> Bool {
        link.topology != .bus && link.between.contains(lanes[lane].group) && groups[lane].count == wires(of: link)
    }

    /// Wires of a link in one node: one for each device of its larger group, a single one for a bus.
    private func wires(of link: Link) -> Int {
        link.topology == .bus ? 1 : link.between.compactMap { system.group($0)?.count }.max() ?? 1
    }

    /// How many times the link's unit of bandwidth the lane's devices ask for at once.
    private func sharing(of link: Link, by lane: Int) -> Double {
        ownsPort(of: link, lane: lane) ? 1 : Double(lanes[lane].multiplicity) / Double(wires(of: link) * system.nodes)
    }

    private func memory(of lane: Int, _ resources: inout ResourceTable) -> Int { memory(of: groups[lane], for: lane, &resources) }

    /// Accelerators have a memory of their own for each lane; the memory of hosts and drives is one that all lanes reach.
    private func memory(of group: System.Group, for lane: Int, _ resources: inout ResourceTable) -> Int {
        group.name == lanes[lane].group && group.name == system.accelerator.name
            ? resources[.memory(lane: lanes[lane].beside ?? lane)] : resources[.groupMemory(group.name)]
    }

    /// How many of the group's memories the lane's devices draw on at once.
    private func drawing(on group: System.Group, by lane: Int) -> Double {
        group.name == lanes[lane].group ? 1 : Double(lanes[lane].multiplicity) / Double(group.count * system.nodes)
    }
}
