import Hardware
import Quantities
import Workloads

/// What has to be in each memory of a system, and whether it fits.
///
/// Weights, cache and workspace stay for the whole job. Activations come and go: each is allocated when its operator starts
/// and released when the last operator that reads it has ended, in the order in which operators are launched.
public struct MemoryLedger: Sendable {
    public struct Entry: Sendable {
        public var group: String
        public var device: Device
        public var weights: Bytes = .zero
        public var gradients: Bytes = .zero
        /// Moments and master weights.
        public var optimizer: Bytes = .zero
        public var cache: Bytes = .zero
        public var activations: Bytes = .zero
        public var workspace: Bytes = .zero
        /// What may be filled: the capacity, or the part of it that the runtime allows itself.
        public var usable: Bytes

        public var peak: Bytes { weights + gradients + optimizer + cache + activations + workspace }
        public var fits: Bool { peak <= usable }
        /// What is missing, zero when it fits.
        public var missing: Bytes { max(.zero, peak - usable) }
    }

    /// By group, in the order of the system.
    public var entries: [Entry]
    public var fits: Bool { entries.allSatisfy(\.fits) }
    public var missing: Bytes { entries.reduce(.zero) { $0 + $1.missing } }

    public init(placing plan: Plan, on system: System, under runtime: Runtime) {
        entries = system.groups.map { group in
            let capacity = group.device.mainMemory.capacity
            return Entry(group: group.name, device: group.device,
                         usable: group.name == system.accelerator.name ? capacity * runtime.memoryFraction : capacity)
        }
        for allocation in plan.allocations {
            guard let index = entries.firstIndex(where: { $0.group == allocation.group }) else { continue }
            switch allocation.kind {
            case .weights: entries[index].weights += allocation.bytesPerDevice
            case .gradients: entries[index].gradients += allocation.bytesPerDevice
            case .optimizer: entries[index].optimizer += allocation.bytesPerDevice
            case .cache: entries[index].cache += allocation.bytesPerDevice
            case .activations: entries[index].activations += allocation.bytesPerDevice
            case .workspace: entries[index].workspace += allocation.bytesPerDevice
            }
        }
        for step in plan.steps {
            let peaks = Self.activationPeaks(of: step.graph)
            for (lane, peak) in zip(step.graph.lanes, peaks) {
                guard let index = entries.firstIndex(where: { $0.group == lane.group }) else { continue }
                entries[index].activations = max(entries[index].activations, peak)
            }
        }
        entries.removeAll { $0.peak == .zero && $0.group != system.accelerator.name }
    }

    /// The most activation memory that is alive at once on the devices of each lane, counted where the first of their lanes
    /// stands.
    static func activationPeaks(of graph: OperatorGraph) -> [Bytes] {
        var lastReader = [Int](graph.nodes.indices)
        for node in graph.nodes.indices {
            for dependency in graph.dependencies(of: node) { lastReader[Int(dependency)] = node }
        }
        var releases = [[Int]](repeating: [], count: graph.nodes.count)
        for node in graph.nodes.indices where graph.nodes[node].allocates > .zero { releases[lastReader[node]].append(node) }
        let devices = graph.devices
        var alive = [Bytes](repeating: .zero, count: graph.lanes.count), peak = alive
        for (index, node) in graph.nodes.enumerated() {
            let lane = devices[Int(node.lane)]
            alive[lane] += node.allocates
            peak[lane] = max(peak[lane], alive[lane])
            for released in releases[index] { alive[devices[Int(graph.nodes[released].lane)]] -= graph.nodes[released].allocates }
        }
        return peak
    }
}
