import CostModels
import EventEngine
import Quantities
import Workloads

/// Runs one graph on a system: launch threads, streams, and resources that running operators share.
///
/// A node starts when its dependencies have ended, its predecessor in its stream has ended, and the host has launched it.
/// It then takes its fixed latency and, after that, goes at the pace of its scarcest resource.
struct StepSimulation: ~Copyable {
    private let graph: OperatorGraph
    private let prepared: PreparedGraph
    private let waiting: Waiting
    private var engine: SimulationEngine
    private var threads: [LaunchThread]
    /// Nodes that still have to end before each node, its predecessor in the stream included.
    private var pending: [Int32]
    /// When the host has launched each node; `never` while it has not.
    private var launched: [SimulationTime]
    /// Start of the latest node by lane and stream, and which it was: two kernels are at least a gap apart.
    private var latestStart: [SimulationTime]
    private var latest: [Int32]
    private var records: [Timeline.Record]

    init(_ graph: OperatorGraph, prepared: PreparedGraph, threads: [LaunchThread]) {
        self.graph = graph
        self.prepared = prepared
        self.threads = threads
        waiting = Waiting(in: graph)
        engine = SimulationEngine(capacities: prepared.capacities)
        pending = waiting.counts
        launched = Array(repeating: .never, count: graph.nodes.count)
        latestStart = Array(repeating: SimulationTime(picoseconds: .min / 2), count: graph.lanes.count * OperatorGraph.Stream.allCases.count)
        latest = Array(repeating: -1, count: latestStart.count)
        records = Array(repeating: .init(start: .never, end: .never, cause: .begin), count: graph.nodes.count)
    }

    /// Runs to the end and returns what happened to each node.
    mutating func run() -> [Timeline.Record] {
        for lane in threads.indices { launch(from: lane, at: .zero) }
        while let event = engine.next() {
            switch event.kind {
            case .timer:
                let entry = prepared[graph.nodes[event.id]]
                engine.start(event.id, works: entry.works, inTurn: entry.isTransfer)
            case .completion: end(event.id, at: event.time)
            }
        }
        return records
    }

    /// Lets a lane's thread launch until it has to see a result first.
    ///
    /// - Parameter resumedBy: the node whose result it had to see, nil at the begin of the step.
    private mutating func launch(from lane: Int, at now: SimulationTime, resumedBy: Int32? = nil) {
        if let resumedBy { threads[lane].resume(after: resumedBy, at: now) }
        var justStalled = resumedBy != nil
        while let node = threads[lane].next {
            if graph.nodes[node].waitsForHost && pending[node] > 0 {
                threads[lane].isStalled = true
                return
            }
            launched[node] = threads[lane].launch(graph.nodes[node], afterStall: justStalled)
            justStalled = false
            if pending[node] == 0 { start(node, at: now, releasedBy: resumedBy.map { .node($0) } ?? .begin) }
        }
    }

    /// Starts a node whose dependencies have ended at `now`, or as soon after as the host and the kernel gap allow.
    private mutating func start(_ node: Int, at now: SimulationTime, releasedBy cause: Timeline.Cause) {
        let n = graph.nodes[node], entry = prepared[n]
        let queue = Int(n.lane) * OperatorGraph.Stream.allCases.count + Int(n.stream.rawValue)
        let gap = latestStart[queue] + entry.gap, time = max(now, launched[node], gap)
        records[node].start = time
        records[node].cause = time == now ? cause : launched[node] >= gap ? .launch(after: threads[Int(n.lane)].resumedBy) : .gap(after: latest[queue])
        latestStart[queue] = time
        latest[queue] = Int32(node)
        let ready = time + entry.latency
        if ready > now { engine.schedule(node, at: ready) } else { engine.start(node, works: entry.works, inTurn: entry.isTransfer) }
    }

    private mutating func end(_ node: Int, at now: SimulationTime) {
        records[node].end = now
        for next in waiting[node] {
            let next = Int(next)
            pending[next] -= 1
            guard pending[next] == 0 else { continue }
            if launched[next] < .never {
                start(next, at: now, releasedBy: .node(Int32(node)))
            } else if let lane = threads.indices.first(where: { threads[$0].isStalled && threads[$0].next == next }) {
                launch(from: lane, at: now, resumedBy: Int32(node))
            }
        }
    }
}
