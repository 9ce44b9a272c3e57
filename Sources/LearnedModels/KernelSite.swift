import CostModels
import Hardware
import Operators
import Quantities

/// One call of a library's kernel, with what is around it in the same measurement: what a learned model is asked about.
///
/// The operators run one after the other; the product with the quantisation of its input, attention with the writing of new
/// keys and values, an expert network from routing to weighted sum.
public struct KernelSite: Sendable {
    public var family: KernelKey.Family
    public var operators: [Operator]
    public var device: Device
    /// The links over which a collective goes.
    public var fabric: Fabric
    /// From one operator to the next.
    public var gap: Seconds
    public var labels: KernelLabels

    public init(_ family: KernelKey.Family, operators: [Operator], on device: Device, over fabric: Fabric = Fabric(), gap: Seconds = .zero,
                labels: KernelLabels) {
        self.family = family
        self.operators = operators
        self.device = device
        self.fabric = fabric
        self.gap = gap
        self.labels = labels
    }

    /// The formats of the operands of the kernel that the family is about, or the kind of the exchange.
    public var format: String { operators.lazy.compactMap { KernelKey($0) }.first { $0.family == family || !family.isAttention }?.format ?? "" }
}

/// Which software's kernel it is, as far as anybody says.
public struct KernelLabels: Hashable, Sendable {
    /// Id of the runtime; `nccl` for its collectives.
    public var software: String
    /// Empty where nobody states it.
    public var version: String
    /// The kernel's own name; empty where nobody states it.
    public var kernel: String

    public init(software: String, version: String = "", kernel: String = "") {
        self.software = software
        self.version = version
        self.kernel = kernel
    }
}

extension KernelKey.Family {
    /// Both phases of attention share their operators: a prompt of one token is a decode step to its shape.
    var isAttention: Bool { self == .attentionPrefill || self == .attentionDecode }
}

/// A site in the eyes of the analytic models.
struct SiteCosts: Sendable {
    /// By operator, without any calibration.
    var demands: [Demand] = []
    /// Seconds: of the cycle model without and with its calibration, and of the physical bound.
    var cycle = 0.0
    var calibrated = 0.0
    var bound = 0.0
    /// Place of the operator that the family is about.
    var main = 0

    /// Nil where the device cannot do it.
    init?(_ site: KernelSite, calibration: Calibration?) {
        let cycle = Cycle(), roofline = Roofline(), runtime = Runtime.ofMeasuredKernels
        let prepared = Cycle.Prepared(for: site.device, under: runtime)
        var floor = 0.0, longest = -1.0
        for (place, operation) in site.operators.enumerated() {
            let demand: Demand, bound: Demand
            switch operation {
            case .collective(let collective):
                demand = cycle.demand(of: collective, over: site.fabric, on: site.device, under: runtime)
                bound = roofline.demand(of: collective, over: site.fabric, on: site.device, under: runtime)
            default:
                demand = prepared.demand(of: operation)
                bound = roofline.demand(of: operation, on: site.device, under: runtime)
            }
            guard demand.duration.value.isFinite else { return nil }
            let corrected = calibration?.corrected(demand, of: operation, on: site.device, bound: bound) ?? demand
            self.cycle += demand.duration.value
            calibrated += corrected.duration.value + site.gap.value
            self.bound += bound.duration.value
            floor = max(floor, calibration?.kernel(for: operation)?.constants[.hostFloor] ?? 0)
            if demand.duration.value > longest, KernelKey(operation) != nil { (longest, main) = (demand.duration.value, place) }
            demands.append(demand)
        }
        calibrated = max(calibrated, floor)
        guard calibrated > 0, self.cycle > 0, bound > 0 else { return nil }
    }
}
