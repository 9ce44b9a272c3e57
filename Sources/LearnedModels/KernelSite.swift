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
    public var device: Device {
        get { shared.device }
        set { shared = SharedDevice(newValue) }
    }
    /// Shared by copies of the site: a device is large.
    var shared: SharedDevice
    /// The links over which a collective goes.
    public var fabric: Fabric
    /// From one operator to the next.
    public var gap: Seconds
    public var labels: KernelLabels

    public init(_ family: KernelKey.Family, operators: [Operator], on device: Device, over fabric: Fabric = Fabric(), gap: Seconds = .zero,
                labels: KernelLabels) {
        self.family = family
        self.operators = operators
        shared = SharedDevice(device)
        self.fabric = fabric
        self.gap = gap
        self.labels = labels
    }

    /// The formats of the operands of the kernel that the family is about, or the kind of the exchange; of an exchange of
    /// experts among how many, because its kernels differ by that.
    public var format: String {
        let own = operators.lazy.compactMap(\.learnedKey).first { $0.family == family || !family.isAttention }?.format ?? ""
        guard family == .expertExchange, case .collective(let exchange)? = operators.first else { return own }
        return "\(own)\(KernelGroups.among)\(exchange.participants)"
    }
}

extension KernelSite {
    /// Whether a calibration has a kernel for the operator that the site is about.
    public func isCovered(by calibration: Calibration) -> Bool {
        operators.contains { $0.learnedKey != nil && calibration.kernel(for: $0) != nil }
    }
}

/// What takes part in the base of a site of whose kernel nobody timed the device's sibling, beside the sibling's other kernel of its format.
public enum KernelSubstitute: Sendable {
    /// Nothing: the sibling has it.
    case none
    /// The very kernel as devices of other architectures take it.
    case kin
    /// The cycle model without a calibration: newer software may be faster than what the sibling was timed with.
    case bare
}

extension KernelSite {
    /// - Parameters:
    ///   - lent: calibration of the sibling.
    ///   - kin: mean of those of other architectures.
    public func substitute(lent: Calibration, kin: Calibration?) -> KernelSubstitute {
        func names(_ calibration: Calibration) -> Bool {
            var calibration = calibration
            calibration.kernel = labels.kernel
            return operators.contains { $0.learnedKey != nil && calibration.kernel(for: $0)?.kernel == labels.kernel }
        }
        guard !labels.kernel.isEmpty, !family.isExchange, isCovered(by: lent), !names(lent) else { return .none }
        return kin.map(names) == true ? .kin : .bare
    }
}

/// A device that sites refer to.
final class SharedDevice: Sendable {
    let device: Device

    init(_ device: Device) { self.device = device }
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
    /// What models are learned of: the kernels of accelerators and what they exchange.
    public static let learned: [Self] = [.gemm, .attentionPrefill, .attentionDecode, .experts, .collective, .expertExchange]

    /// Both phases of attention share their operators: a prompt of one token is a decode step to its shape.
    var isAttention: Bool { self == .attentionPrefill || self == .attentionDecode }
}

extension Operator {
    /// The key of an operator that a family of learned kernels is about. No table has exchanges that leave a node, nor attention
    /// whose values are a part of its keys (multi-head latent attention): what trees say beyond all they saw is no prediction.
    var learnedKey: KernelKey? {
        switch self {
        case .collective(let exchange) where exchange.crossesNodes: return nil
        case .attention(let attention) where attention.sharedKeyValue && attention.keyDimension != attention.valueDimension: return nil
        default: break
        }
        return KernelKey(self).flatMap { KernelKey.Family.learned.contains($0.family) ? $0 : nil }
    }
}

/// A site in the eyes of the analytic models.
struct SiteCosts: Sendable {
    /// All operators without any calibration: their times, bytes, operations and joules added up.
    var sum = Demand()
    /// The operator that the family is about, likewise, and its place.
    var mainDemand = Demand()
    var main = 0
    /// Seconds: of the cycle model without and with its calibration, and of the physical bound.
    var cycle = 0.0
    var calibrated = 0.0
    var bound = 0.0
    /// Seconds of the cycle model with the calibration of the other model.
    private var otherwise: Double?

    /// Nil where the device cannot do it.
    ///
    /// - Parameter other: of the same device, with another calibration: see `recalibrated`.
    init?(_ site: borrowing KernelSite, by model: SiteModel, and other: SiteModel? = nil) {
        var longest = -1.0, otherTime = 0.0
        for (place, operation) in site.operators.enumerated() {
            let demand: Demand, bound: Demand
            switch operation {
            case .collective(let collective):
                let runtime = Runtime.ofMeasuredKernels
                demand = Cycle().demand(of: collective, over: site.fabric, on: model.shared.device, under: runtime)
                bound = Roofline().demand(of: collective, over: site.fabric, on: model.shared.device, under: runtime)
            default:
                (demand, bound) = model.prepared.demandAndBound(of: operation)
            }
            let duration = demand.duration.value
            let planned = model.planned(operation, at: place) ?? demand
            guard duration.isFinite else { return nil }
            cycle += duration
            calibrated += model.corrected(planned, of: operation, at: place, bound: bound.duration) + site.gap.value
            if let other { otherTime += other.corrected(other.planned(operation, at: place) ?? demand, of: operation, at: place, bound: bound.duration) + site.gap.value }
            self.bound += bound.duration.value
            sum.add(demand)
            if place == 0 { mainDemand = demand }
            if model.isMain[place], duration > longest { (longest, main, mainDemand) = (duration, place, demand) }
        }
        calibrated = max(calibrated, model.floor)
        if let other { otherwise = max(otherTime, other.floor) }
        guard calibrated > 0, cycle > 0, bound > 0 else { return nil }
    }

    init?(_ site: KernelSite, calibration: Calibration?) { self.init(site, by: SiteModel(site, calibration: calibration)) }

    /// The same with the calibration of the other model.
    var recalibrated: SiteCosts? {
        guard let otherwise, otherwise > 0 else { return nil }
        var costs = self
        costs.calibrated = otherwise
        return costs
    }

    /// Between the calibration and that of the other model: a geometric mean.
    ///
    /// - Parameter part: of the log, what is the calibration's own.
    func mixed(_ part: Double) -> SiteCosts {
        guard let otherwise, otherwise > 0 else { return self }
        var costs = self
        costs.calibrated = power(calibrated, part) * power(otherwise, 1 - part)
        return costs
    }
}

extension Demand {
    /// Adds the times, bytes, operations and joules of an operator that follows.
    fileprivate mutating func add(_ next: borrowing Demand) {
        latency += next.latency
        engineTime += next.engineTime
        vectorTime += next.vectorTime
        cacheTime += next.cacheTime
        memoryTime += next.memoryTime
        linkTime += next.linkTime
        flops += next.flops
        memoryBytes += next.memoryBytes
        cacheBytes += next.cacheBytes
        energy = energy + next.energy
    }
}

/// The analytic model for all sites of one kind on a device, looked up once; not a value, because it would be copied for every site.
final class SiteModel: Sendable {
    let shared: SharedDevice
    let prepared: Cycle.Prepared
    /// By operator: what its calibration corrects it by, and whether the family may be about it.
    let constants: [KernelConstants?]
    let plans: [AttentionPlan?]
    let isMain: [Bool]
    let scale: DeviceScale
    /// Seconds below which no such call came.
    let floor: Double
    let calibration: SharedCalibration?

    init(_ site: KernelSite, calibration: Calibration?) {
        shared = site.shared
        prepared = Cycle.Prepared(for: site.device, under: .ofMeasuredKernels)
        let kernels = site.operators.map { calibration?.applies(to: site.device) == true ? calibration?.kernel(for: $0) : nil }
        constants = kernels.map { $0?.constants }
        plans = kernels.map { $0?.plan }
        scale = DeviceScale(site.device)
        isMain = site.operators.map { $0.learnedKey != nil }
        floor = constants.reduce(0) { max($0, $1?[.hostFloor] ?? 0) }
        self.calibration = calibration.map(SharedCalibration.init)
    }

    /// What attention needs as the kernel of the calibration cuts it; nil where that says nothing of it.
    func planned(_ operation: Operator, at place: Int) -> Demand? {
        guard let plan = plans[place] else { return nil }
        return prepared.demandAndBound(of: operation, plan: plan).demand
    }

    /// Seconds of an operator with what its calibration says.
    func corrected(_ demand: Demand, of operation: Operator, at place: Int, bound: Seconds) -> Double {
        constants[place]?.apply(to: demand, of: operation, bound: bound).duration.value ?? demand.duration.value
    }
}

/// A calibration that estimates refer to.
final class SharedCalibration: Sendable {
    let calibration: Calibration

    init(_ calibration: Calibration) { self.calibration = calibration }
}
