import CostModels
import Hardware
import Quantities
import Workloads

/// Joules of a run by component.
///
/// Operators are charged for what they do (operations, bytes by level); a device besides draws its active power while one of
/// its kernels runs and its idle power while none does. Host and storage are inside the boundary when the system has them.
struct EnergyMeter {
    /// By component, in the order of its cases; negative where nothing was charged.
    private var joules = [Joules](repeating: Joules(-1), count: Report.Energy.Component.allCases.count)
    /// Devices whose files say too little to meter them.
    private(set) var unmetered: [String] = []

    /// Meters the steps of a run, each as often as it stands for.
    init(_ run: JobRun) {
        for (timeline, weight) in zip(run.timelines, run.weights) where weight > 0 {
            if let power = run.power { meter(timeline, on: run.system, drawing: power, weight: weight) } else { meter(timeline, on: run.system, weight: weight) }
        }
    }

    /// By what a calibration says of the boards of the accelerators: never more than their limit.
    private mutating func meter(_ timeline: Timeline, on system: System, drawing power: BoardPower, weight: Double) {
        var use = EnergyUse()
        for node in timeline.graph.nodes {
            let energy = timeline.demand(use: Int(node.use), lane: Int(node.lane)).energy, times = Double(timeline.graph.lanes[Int(node.lane)].multiplicity)
            use.compute += energy.compute * (power.compute * times)
            use.cache += energy.cache * (power.traffic * times)
            use.memory += energy.memory * (power.traffic * times)
            use.link += energy.link * (power.traffic * times)
        }
        let boards = Double(system.acceleratorCount), board = power.board * timeline.duration * boards
        var part = 1.0
        if let limit = system.accelerator.device.power.limit, board + use.total > limit * timeline.duration * boards {
            part = (limit * timeline.duration * boards) / (board + use.total)
        }
        add(.static, board * (part * weight))
        add(.compute, use.compute * (part * weight))
        add(.cache, use.cache * (part * weight))
        add(.memory, use.memory * (part * weight))
        add(.link, use.link * (part * weight))
        for group in system.groups where group.name != system.accelerator.name { meter(group, of: system, during: timeline, weight: weight) }
    }

    private mutating func meter(_ timeline: Timeline, on system: System, weight: Double) {
        for node in timeline.graph.nodes {
            let energy = timeline.demand(use: Int(node.use), lane: Int(node.lane)).energy
            let times = weight * Double(timeline.graph.lanes[Int(node.lane)].multiplicity)
            add(.compute, energy.compute * times)
            add(.cache, energy.cache * times)
            add(.memory, energy.memory * times)
            add(.link, energy.link * times)
        }
        for group in system.groups { meter(group, of: system, during: timeline, weight: weight) }
    }

    /// What the boards of a group draw, whatever they do: those that no lane stands for are idle all the time.
    private mutating func meter(_ group: System.Group, of system: System, during timeline: Timeline, weight: Double) {
        let power = group.device.power
        guard let idle = power.idle ?? power.active else {
            if !unmetered.contains(group.device.id) { unmetered.append(group.device.id) }
            return
        }
        var used = 0.0, busy = Seconds.zero
        for (lane, description) in timeline.graph.lanes.enumerated() where description.group == group.name && description.beside == nil {
            used += Double(description.multiplicity)
            busy += timeline.busy(devicesOf: lane) * Double(description.multiplicity)
        }
        let all = timeline.duration * max(used, Double(group.count * system.nodes))
        let energy = (power.active ?? idle) * busy + idle * max(.zero, all - busy)
        add(Self.component(of: group, in: system), energy * weight)
    }

    private static func component(of group: System.Group, in system: System) -> Report.Energy.Component {
        switch group.device.kind {
        case .cpu where group.name != system.accelerator.name: .host
        case .storage, .csd: .storage
        default: .static
        }
    }

    private mutating func add(_ component: Report.Energy.Component, _ energy: Joules) {
        let index = component.place
        joules[index] = max(joules[index], .zero) + energy
    }

    /// Those that took any part, in the order of a report.
    var components: [(component: Report.Energy.Component, energy: Joules)] {
        Report.Energy.Component.allCases.filter { joules[$0.place] >= .zero }.map { ($0, joules[$0.place]) }
    }
    var total: Joules { components.reduce(.zero) { $0 + $1.energy } }
}

extension Report.Energy.Component {
    /// Its place among the cases. Metering adds to a component for every operator of a run, too often to hash its name.
    fileprivate var place: Int {
        switch self {
        case .compute: 0
        case .cache: 1
        case .memory: 2
        case .link: 3
        case .static: 4
        case .host: 5
        case .storage: 6
        }
    }
}
