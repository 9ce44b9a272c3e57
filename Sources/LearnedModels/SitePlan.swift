import CostModels
import Hardware
import Operators
import Quantities

/// How all sites of one kind are answered: by which trees, told of which kernel, on which device. Not a value, because it would
/// be copied for every site.
final class SitePlan: Sendable {
    let kinship: Kinship
    let codes: [Float]
    /// Of the kernel that answers.
    let curves: [CurvePlace.Fixed: SizeCurve]
    let surface: KernelSurface?
    let quantiles: LearnedFamily.Quantiles
    /// The analytic model of the site itself, and on its sibling.
    let own: SiteModel
    let sibling: SiteModel?
    /// Codes and analytic model for the trees of devices that were never seen, where the answer is a mean of both.
    let stranger: (codes: [Float], model: SiteModel)?
    /// Analytic model that takes part in the base, and how much of its log is that of `own`.
    let mixed: (model: SiteModel, part: Double)?

    var usesKnown: Bool { kinship.isRelative }
    /// Whether no device of the architecture was measured.
    let isAlone: Bool

    init(_ kinship: Kinship, _ group: KernelGroup, quantiles: LearnedFamily.Quantiles, own: SiteModel, sibling: SiteModel? = nil,
         stranger: (codes: [Float], model: SiteModel)? = nil, mixed: (model: SiteModel, part: Double)? = nil, isAlone: Bool = false) {
        self.kinship = kinship
        codes = group.codes
        curves = kinship.isRelative ? group.curves : [:]
        surface = kinship.isRelative ? group.surface : nil
        self.quantiles = quantiles
        self.own = own
        self.sibling = sibling
        self.stranger = stranger
        self.mixed = mixed
        self.isAlone = isAlone
    }
}

extension LearnedFamily {
    /// Nil where no kernel of the format was ever seen.
    ///
    /// - Parameters:
    ///   - siblings: devices of the training rows.
    ///   - calibration: of the cycle model, by device and runtime.
    ///   - foreign: the same, as if nobody had measured the device's architecture.
    func plan(_ site: KernelSite, siblings: [String: Device], calibration: (Device, String) -> Calibration?, foreign: (Device, String) -> Calibration?) -> SitePlan? {
        func model(_ site: KernelSite, as group: KernelGroup) -> SiteModel {
            var found = calibration(site.device, group.software)
            found?.kernel = site.labels.kernel.isEmpty ? group.kernel : site.labels.kernel
            return SiteModel(site, calibration: found)
        }
        let wanted = KernelGroups.Wanted(site)
        // Libraries exchange tokens in ways of their own: what one takes says nothing of another.
        let labels = site.labels
        let isForeign = family == .expertExchange
            && !known.groups.groups.contains { $0.software == labels.software && (labels.kernel.isEmpty || $0.kernel == labels.kernel) }
        guard !isForeign else { return nil }
        func library(_ group: KernelGroup) -> String? { Self.library(of: family, software: group.software, kernel: group.kernel) }
        if let group = known.groups.match(wanted, device: site.device.id), let quantiles = known.quantiles[library(group) ?? site.device.id] ?? known.quantiles[Self.all] {
            return SitePlan(.known, group, quantiles: quantiles, own: model(site, as: group))
        }
        let candidates = siblings.values.filter { $0.architecture == site.device.architecture && known.groups.match(wanted, device: $0.id, strictly: true) != nil }
        if let sibling = site.device.nearest(among: candidates), let group = known.groups.match(wanted, device: sibling.id, strictly: true),
           let quantiles = known.quantiles[Self.sibling + (library(group) ?? "")] ?? known.quantiles[Self.sibling] ?? known.quantiles[Self.all] {
            let stranger = siblingWeight < 1 ? unseen.groups.match(wanted, device: nil).map { ($0.codes, model(site, as: $0)) } : nil
            return SitePlan(.sibling(sibling.id), group, quantiles: quantiles, own: model(site, as: group), sibling: model(site.moved(to: sibling), as: group), stranger: stranger)
        }
        guard let group = unseen.groups.match(wanted, device: nil) else { return nil }
        let own = model(site, as: group)
        if let calibration = own.calibration?.calibration, !calibration.kin.isEmpty, site.isCovered(by: calibration), let quantiles = unseen.quantiles[Self.kin] {
            return SitePlan(.kin, group, quantiles: quantiles, own: own, isAlone: true)
        }
        let hasSibling = siblings.values.contains { $0.architecture == site.device.architecture }
        guard let quantiles = unseen.quantiles[library(group) ?? (hasSibling ? Self.lacking : Self.all)] ?? unseen.quantiles[Self.all] else { return nil }
        return SitePlan(.stranger, group, quantiles: quantiles, own: own, mixed: mixed(site, own, kin: foreign(site.device, group.software)), isAlone: !hasSibling)
    }

    /// What takes part in the base where the sibling lends a calibration without the kernel.
    private func mixed(_ site: KernelSite, _ own: SiteModel, kin: Calibration?) -> (model: SiteModel, part: Double)? {
        guard let lent = own.calibration?.calibration, lent.kin.isEmpty else { return nil }
        switch site.substitute(lent: lent, kin: kin) {
        case .none: return nil
        case .bare: return lendingWeight < 1 ? (SiteModel(site, calibration: nil), lendingWeight) : nil
        case .kin:
            var kin = kin
            kin?.kernel = site.labels.kernel
            return (SiteModel(site, calibration: kin), Self.lendingOfKin)
        }
    }
}

extension LearnedFamily {
    /// `lendingWeight` where kin has the kernel: the geometric mean of both.
    public static let lendingOfKin = 0.5
}

/// What sites have in common that are answered by the same kernel: all but their sizes.
struct SiteKind: Hashable {
    private let family: KernelKey.Family
    private let device: String
    private let labels: KernelLabels
    private let operators: [Part]

    private enum Part: Hashable {
        case product(TensorFormat, TensorFormat)
        case grouped(TensorFormat, TensorFormat)
        case attention(TensorFormat, TensorFormat, dimension: Int, window: Bool, shared: Bool, decode: Bool, lone: Bool)
        case exchange(Collective.Kind, TensorFormat, members: Int, messages: Bool)
        case other

        init(_ operation: borrowing Operator) {
            switch operation {
            case .matmul(let o): self = .product(o.activations, o.weights)
            case .grouped(let o): self = .grouped(o.activations, o.weights)
            case .attention(let o):
                self = .attention(o.activations, o.cache, dimension: o.keyDimension, window: o.window > 0, shared: o.sharedKeyValue, decode: o.isDecode, lone: o.heads <= o.kvHeads)
            case .collective(let o): self = .exchange(o.kind, o.format, members: o.participants, messages: o.messages > 0)
            case .elementwise, .copy: self = .other
            }
        }
    }

    init(_ site: KernelSite) {
        family = site.family
        device = site.device.id
        labels = site.labels
        operators = site.operators.map { Part($0) }
    }

    /// Whether a site is of this kind.
    func includes(_ site: borrowing KernelSite) -> Bool {
        guard family == site.family, operators.count == site.operators.count, device == site.shared.device.id, labels == site.labels else { return false }
        for place in operators.indices where operators[place] != Part(site.operators[place]) { return false }
        return true
    }
}

/// The plans of a batch of sites by their kind.
struct SitePlans {
    private var places: [SiteKind: Int] = [:]
    private var plans: [(kind: SiteKind, plan: SitePlan?, sheet: Int)] = []
    /// Places of the kinds that came last: a batch is of few, and to compare is faster than to hash.
    private var recent: [Int] = []
    private static let most = 8

    /// - Parameter make: a plan and the sheet that its sites are asked on, for the first site of a kind.
    mutating func plan(of site: KernelSite, _ make: (KernelSite) -> (SitePlan?, sheet: Int)) -> (plan: SitePlan, sheet: Int)? {
        func found(_ place: Int) -> (plan: SitePlan, sheet: Int)? { plans[place].plan.map { ($0, plans[place].sheet) } }
        for place in recent where plans[place].kind.includes(site) { return found(place) }
        let kind = SiteKind(site)
        let place = places[kind] ?? plans.count
        if place == plans.count {
            let (plan, sheet) = make(site)
            places[kind] = place
            plans.append((kind, plan, sheet))
        }
        if recent.count < Self.most { recent.append(place) } else { recent[place % Self.most] = place }
        return found(place)
    }
}
