import CostModels
import Hardware
import Operators
import Quantities

/// One measured kernel or exchange as work of the library, with the time it took: what a calibration is fitted to.
public struct KernelWork: Sendable {
    public var device: Device
    /// One after the other.
    public var operators: [Operator]
    /// The links over which a collective goes.
    public var fabric: Fabric
    /// The exchange starts from the host each time, not out of a captured graph.
    public var launched: Bool
    /// The drive that a copy comes from.
    public var source: Device?
    /// The software around it.
    public var runtime: Runtime
    public var measured: Seconds

    /// From one kernel to the next.
    public var gap: Seconds { (launched ? device.kernel.streamGap : device.kernel.graphGap) ?? .zero }

    /// What each operator needs.
    public func demands(under costs: some CostModel) -> [Demand] {
        operators.map { demand(of: $0, under: costs) }
    }

    func demand(of operation: Operator, under costs: some CostModel) -> Demand {
        switch operation {
        case .collective(let collective): return costs.demand(of: collective, over: fabric, on: device, under: runtime)
        case .copy(let copy):
            let drive = source ?? device
            return costs.demand(of: copy, over: source.flatMap { System(single: device, drive: $0).links.first }, from: drive, to: device, under: runtime)
        default: return costs.demand(of: operation, on: device, under: runtime)
        }
    }
}

extension Predictor {
    /// What a row about one kernel or exchange measured.
    ///
    /// - Throws: `RowError` where the row is of another kind, or cannot be mapped.
    public mutating func work(of row: MeasuredRow) throws(RowError) -> KernelWork {
        let run = try kernelRun(try RowReading(row))
        let scale: Double
        switch row.unit {
        case "s": scale = 1
        case "ms": scale = 1e-3
        case "us": scale = 1e-6
        default: throw RowError("\"\(row.metric)\" in \"\(row.unit)\" is no time")
        }
        guard row.value > 0 else { throw RowError("the measured value is not above 0, so that no relative error is defined") }
        return KernelWork(device: run.device, operators: run.operators, fabric: run.fabric, launched: run.launched, source: run.source, runtime: run.runtime,
                          measured: Seconds(row.value * scale))
    }
}

extension KernelWork {
    /// The physical bound of one of its operators.
    public func bound(of operation: Operator) -> Demand {
        demand(of: operation, under: Roofline())
    }
}

extension MeasuredRow {
    /// The kernel that did it as the row states it, empty where it does not: what a calibration's kernel is called.
    public var kernelName: String {
        switch phase {
        case "comm": header.layout == .runs && crossesNodes ? "across nodes" : self["collective"]?.contains("custom") == true ? "custom all-reduce" : ""
        case "moe_all2all": header.layout == .runs ? exchangeName : [self["comm_backend"], self["phase"]].compactMap(\.self).joined(separator: " ")
        default: self["kernel_source"] ?? (try? RowReading(self))?.text("kernel") ?? ""
        }
    }

    /// Devices of several nodes take part.
    private var crossesNodes: Bool {
        guard let row = try? RowReading(self), let all = try? KernelRun.participants(row), let perNode = try? KernelRun.devicesPerNode(row) else { return false }
        return perNode < all
    }

    /// What of an exchange with experts was timed: `dispatch`, `combine`, `prepare`, `combine_low_precision`.
    var exchangeStage: String {
        let stage = (try? RowReading(self))?.text("op") ?? ""
        if stage.hasPrefix("alltoall_") { return String(stage.dropFirst("alltoall_".count)) }
        return stage == "dispatch" || stage == "combine" ? stage : self["phase"] ?? ""
    }

    /// DeepEP's kernels differ by protocol, by direction, and where ranks are on several nodes; TensorRT-LLM's copy alike in both
    /// directions, from one side or from two.
    private var exchangeName: String {
        guard let parameters = try? RowReading(self) else { return "" }
        if let kernel = parameters.text("kernel"), kernel.hasPrefix("NVLink") { return exchangeStage == "prepare" ? "NVLink prepare" : "NVLink exchange" }
        guard let kind = parameters.text("kind"), let direction = parameters.text("op") else { return "" }
        let across = (parameters.text("n_devices").flatMap { Int($0) } ?? 0) > 8 ? "across nodes" : nil
        return [kind == "low_latency" ? "deepep_ll" : "deepep_ht", direction, across].compactMap(\.self).joined(separator: " ")
    }
}
