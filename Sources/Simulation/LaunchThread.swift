import CostModels
import EventEngine
import Hardware
import Quantities
import Workloads

/// The host thread that launches the nodes of one lane, in order.
///
/// Eager runtimes pay for every kernel; a captured graph is launched once, and once more after each wait for a result
/// (a graph ends where the host has to decide).
struct LaunchThread: Sendable {
    /// Cost of one launch, on this host.
    private let perLaunch: SimulationTime
    private let perLayer: SimulationTime
    private let everyNode: Bool
    private let nodes: [Int32]
    private var position = 0
    private var clock = SimulationTime.zero
    private var layer: Int16 = -1
    /// It waits for the node that is next.
    var isStalled = false
    /// The node whose end it last had to wait for, -1 for none: it has been busy launching ever since.
    private(set) var resumedBy: Int32 = -1

    /// - Parameters:
    ///   - hostSlowness: launch time of this host over that of the host on which the runtime's costs were taken.
    ///   - host: what a calibration says instead, of this very host.
    init(nodes: [Int32], runtime: Runtime, host: HostCost? = nil, hostSlowness: Double, drivesDevice: Bool) {
        self.nodes = nodes
        let eager = runtime.launch == .eager && drivesDevice
        everyNode = eager
        let launch = host?.perKernel ?? runtime.hostPerKernel * hostSlowness
        perLaunch = drivesDevice && runtime.launch != .inline && (eager || host == nil) ? SimulationTime(seconds: launch.value) : .zero
        perLayer = eager && host == nil ? SimulationTime(seconds: runtime.hostPerLayer.value * hostSlowness) : .zero
    }

    /// The node it will launch next, nil at the end.
    var next: Int? { position < nodes.count ? Int(nodes[position]) : nil }

    /// The node that it waited for has ended.
    mutating func resume(after node: Int32, at now: SimulationTime) {
        isStalled = false
        guard now >= clock else { return }
        clock = now
        resumedBy = node
    }

    /// Launches the next node and returns when it is on the device.
    mutating func launch(_ node: OperatorGraph.Node, afterStall: Bool) -> SimulationTime {
        if everyNode || afterStall { clock = clock + perLaunch }
        if node.layer != layer, node.layer >= 0 {
            layer = node.layer
            clock = clock + perLayer
        }
        position += 1
        return clock
    }
}
