import CostModels
import Documents
import Hardware
import Operators
import Quantities
import Simulation
import Workloads

/// The events of one step of a trace.
struct TraceStep {
    private let step: ChromeTrace.Step
    private let timeline: Timeline
    private let system: System
    private let allocations: [Plan.Allocation]
    /// Picoseconds: where the step stands in the trace, where its first node may start, and where it ends.
    private let begin: Int64
    private let origin: Int64
    let end: Int64
    private var events: [(time: Int64, line: String)] = []
    /// What the spans of one use on one lane say about it, written once.
    private var descriptions: [Int: [JSON.Member]] = [:]

    init(_ step: ChromeTrace.Step, system: System, allocations: [Plan.Allocation], from begin: Int64) {
        self.step = step
        self.system = system
        self.allocations = allocations
        self.begin = begin
        timeline = step.timeline
        origin = begin + Self.picoseconds(timeline.hostTime)
        let last = timeline.records.map(\.end.picoseconds).max() ?? 0
        end = max(begin + Self.picoseconds(timeline.duration), origin + last)
    }

    private static func picoseconds(_ time: Seconds) -> Int64 { Int64(exactly: (time.value * 1e12).rounded()) ?? 0 }

    mutating func lines(on tracks: inout TraceTracks) -> [String] {
        let job = tracks.process("job")
        span(step.name, on: job, "steps", begin, end, &tracks)
        if origin > begin { span("host work of the step", on: job, "host", begin, origin, &tracks) }
        let lanes = timeline.graph.lanes.map { tracks.process(Self.name(of: $0)) }
        let order = timeline.records.indices.sorted {
            (timeline.records[$0].start, $0) < (timeline.records[$1].start, $1)
        }
        for node in order { draw(node, on: lanes, &tracks) }
        for lane in lanes.indices {
            let counters = TraceCounters(of: lane, in: timeline, on: system, holding: allocations)
            events += counters.events(process: lanes[lane], origin: origin)
        }
        // Names first; then by time, and events of one moment in the order in which they were drawn.
        let sorted = events.indices.sorted { (events[$0].time, $0) < (events[$1].time, $1) }
        return tracks.takeAnnouncements() + sorted.map { events[$0].line }
    }

    private static func name(of lane: OperatorGraph.Lane) -> String {
        lane.group + (lane.label.isEmpty ? "" : ", \(lane.label)") + (lane.multiplicity > 1 ? " (1 of \(lane.multiplicity) alike)" : "")
    }

    private mutating func span(_ name: String, on process: Int, _ track: String, _ start: Int64, _ end: Int64, _ tracks: inout TraceTracks,
                               arguments: JSON = [:]) {
        let thread = tracks.thread(track, of: process, from: start, to: end)
        events.append((start, TraceEvent.span(name, process: process, thread: thread, start: start, end: end, arguments: arguments)))
    }

    private mutating func draw(_ index: Int, on lanes: [Int], _ tracks: inout TraceTracks) {
        let node = timeline.graph.nodes[index], record = timeline.records[index]
        let use = timeline.graph.uses[Int(node.use)], demand = timeline.demand(of: index)
        let process = lanes[Int(node.lane)]
        let start = origin + record.start.picoseconds, end = origin + record.end.picoseconds
        span(use.name, on: process, "\(node.stream.title) stream", start, end, &tracks, arguments: arguments(of: index, demand))

        // What it does after its fixed latency: the time in which it shares engines and links.
        let working = min(end, start + Self.picoseconds(demand.latency))
        if node.stream == .compute, end > working {
            for (engine, time) in Self.engines(of: demand) {
                let busy = time / Seconds(Double(end - working) * 1e-12)
                span(use.name, on: process, "\(engine) engine", working, end, &tracks, arguments: ["busy": .number(significant(min(1, busy)))])
            }
        }
        for link in links(of: use.operation, lane: timeline.graph.lanes[Int(node.lane)]) {
            span(use.name, on: tracks.process("links"), link, start, end, &tracks, arguments: ["bytes": JSON(demand.linkBytes)])
        }
    }

    private static func engines(of demand: Demand) -> [(name: String, time: Seconds)] {
        var engines: [(String, Seconds)] = []
        if demand.engineTime > .zero { engines.append((demand.engine.rawValue, demand.engineTime)) }
        if demand.vectorTime > .zero, demand.engine != .vector { engines.append((Engine.Kind.vector.rawValue, demand.vectorTime)) }
        return engines
    }

    private mutating func arguments(of index: Int, _ demand: Demand) -> JSON {
        let node = timeline.graph.nodes[index]
        let key = Int(node.use) * timeline.graph.lanes.count + Int(node.lane)
        let description = descriptions[key] ?? Self.description(of: demand)
        descriptions[key] = description
        let waited: JSON = switch timeline.records[index].cause {
        case .begin: "the begin of the step"
        case .launch: "the launch"
        case .gap: "the gap between kernels"
        case .node(let other): JSON(timeline.graph.uses[Int(timeline.graph.nodes[Int(other)].use)].name)
        }
        let layer: [JSON.Member] = node.layer >= 0 ? [.init(key: "layer", value: JSON(Int(node.layer)))] : []
        return .object(layer + [.init(key: "waitedFor", value: waited)] + description)
    }

    private static func description(of demand: Demand) -> [JSON.Member] {
        let choice = demand.choice.description
        return [.init(key: "boundBy", value: JSON(demand.boundBy.rawValue)), .init(key: "flops", value: JSON(demand.flops)),
                .init(key: "memoryBytes", value: JSON(demand.memoryBytes))]
            + (choice.isEmpty ? [] : [.init(key: "choice", value: JSON(choice))])
    }

    /// The tracks of the links that an operator uses.
    private func links(of operation: Operator, lane: OperatorGraph.Lane) -> [String] {
        let suffix = lane.label.isEmpty ? "" : ", \(lane.label)"
        switch operation {
        case .collective(let collective):
            guard collective.participants > 1 else { return [] }
            let inside = collective.participantsPerNode > 1 ? system.link(lane.group, lane.group) : nil
            let across = collective.crossesNodes ? system.link(lane.group, lane.group, crossingNodes: true) : nil
            return [inside, across].compactMap { $0?.name }.map { "\($0) among \(lane.group)\(suffix)" }
        case .copy(let copy):
            let direct = system.link(copy.from, copy.to) ?? system.link(copy.from, copy.to, crossingNodes: true)
            let path: [(Link?, String, String)] = if direct != nil { [(direct, copy.from, copy.to)] } else if let host = system.host?.name {
                [(system.link(copy.from, host), copy.from, host), (system.link(host, copy.to), host, copy.to)]
            } else { [] }
            return path.compactMap { link, from, to in link.map { "\($0.name) \(from) → \(to)\(suffix)" } }
        default: return []
        }
    }
}

extension OperatorGraph.Stream {
    var title: String {
        switch self {
        case .compute: "compute"
        case .communication: "communication"
        case .copyIn: "copy-in"
        case .copyOut: "copy-out"
        }
    }
}
