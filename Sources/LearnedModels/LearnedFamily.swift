import CostModels
import Hardware
import Quantities

/// What was learned about one family of kernels.
public struct LearnedFamily: Sendable {
    /// Trees with the kernels they were told of.
    public struct Part: Sendable {
        public var groups: KernelGroups
        /// log₂ of measured ÷ base.
        public var residual: TreeEnsemble
        /// log₂ of how far measurements lie from `residual` on shapes, or devices, that a fit had not seen.
        public var spread: TreeEnsemble
        /// Quantiles of error ÷ spread that 50 and 90 % lie between: by `LearnedFamily.library` or else
        /// by device, those of siblings under `sibling` or behind it, those over calibrations of kin under `kin`, and under `all`.
        public var quantiles: [String: Quantiles]

        public init(groups: KernelGroups, residual: TreeEnsemble, spread: TreeEnsemble, quantiles: [String: Quantiles]) {
            self.groups = groups
            self.residual = residual
            self.spread = spread
            self.quantiles = quantiles
        }
    }

    public struct Quantiles: Sendable, Equatable {
        /// How far an interval goes below and above the estimate, in spreads. A kernel with a slow mode has a long upper side.
        public struct Sides: Sendable, Equatable {
            public var below: Double
            public var above: Double

            public init(below: Double, above: Double) {
                self.below = below
                self.above = above
            }
        }

        public var half: Sides
        public var ninety: Sides

        public init(half: Sides, ninety: Sides) {
            self.half = half
            self.ninety = ninety
        }
    }

    /// Whose intervals an exchange has: those of its library, whose protocols scatter alike on all devices. Nil for other kernels,
    /// which have those of their device.
    public static func library(of family: KernelKey.Family, software: String, kernel: String) -> String? {
        switch family {
        case .collective: software
        case .expertExchange: kernel.split(separator: " ").first.map(String.init) ?? software
        default: nil
        }
    }

    public var family: KernelKey.Family
    /// Names of the features of a site, before the codes of its kernel.
    public var features: [String]
    /// Smallest and largest value of each in training, of known devices.
    public var ranges: [ClosedRange<Float>]
    /// For devices that training rows are of, and their siblings.
    public var known: Part
    /// For devices of an architecture that no training row is of.
    public var unseen: Part
    /// A device whose sibling is known takes the sibling's time, times the ratio of the calibrated cycle model's answers for the
    /// two to this power: fitted on devices left out.
    public var siblingExponent: Double
    /// How much of log time is the sibling's, the rest being that of the trees for devices that were never seen: likewise fitted.
    public var siblingWeight: Double

    public init(family: KernelKey.Family, features: [String], ranges: [ClosedRange<Float>], known: Part, unseen: Part, siblingExponent: Double, siblingWeight: Double) {
        self.family = family
        self.features = features
        self.ranges = ranges
        self.known = known
        self.unseen = unseen
        self.siblingExponent = siblingExponent
        self.siblingWeight = siblingWeight
    }

    /// Keys of `Part.quantiles` beside the ids of devices.
    public static let sibling = "sibling", kin = "kin", all = "all"
}

/// How a model knows a device.
public enum Kinship: Sendable, Equatable {
    /// Training rows are of it.
    case known
    /// Training rows are of this device of its architecture.
    case sibling(String)
    /// No training row is of its architecture, but kernels compiled to its instructions were measured on others, the mean of whose
    /// constants calibrates the cycle model for it.
    case kin
    /// Neither.
    case stranger
}

/// How long a site takes, and how sure that is.
public struct KernelEstimate: Sendable {
    public var time: Seconds
    /// The analytic answer that it corrects, and the physical bound, which nothing here lies below.
    public var base: Seconds
    public var bound: Seconds
    /// Half and 90 % of measurements lie within.
    public var half: ClosedRange<Seconds>
    public var ninety: ClosedRange<Seconds>
    /// log₂ of the factor by which 90 % of measurements lie at most from the estimate.
    public var spread: Double
    /// The feature that lies farthest outside of what was trained on; nil where none does.
    public var extrapolating: String?
    public var kinship: Kinship
    /// What corrects the cycle model in `base`.
    public var calibration: Calibration?
}

/// One site ready to be put to the trees.
struct Question {
    /// Of the site itself.
    var costs: SiteCosts
    /// Features and codes, of the site on its sibling where it has one.
    var row: [Float]
    var kinship: Kinship
    /// Seconds that 2 to the power of the residual multiplies.
    var scale: Double
    /// The same for the trees of devices that were never seen, where the answer is a mean of both.
    var other: (row: [Float], scale: Double)?
    var quantiles: LearnedFamily.Quantiles
    var extrapolating: String?
    /// How much wider the interval is for what lies outside of the training data.
    var widening: Double
    var calibration: Calibration?

    var usesKnown: Bool { kinship != .stranger && kinship != .kin }
}

/// How all sites of one kind are answered: by which trees, told of which kernel, on which device.
struct SitePlan: Sendable {
    var kinship: Kinship
    var codes: [Float]
    /// Of the kernel that answers.
    var curves: [CurvePlace.Fixed: SizeCurve]
    var quantiles: LearnedFamily.Quantiles
    /// The analytic model of the site itself, and on its sibling.
    var own: SiteModel
    var sibling: SiteModel?
    /// Codes and analytic model for the trees of devices that were never seen, where the answer is a mean of both.
    var stranger: (codes: [Float], model: SiteModel)?
}

extension LearnedFamily {
    /// Nil where no kernel of the format was ever seen.
    ///
    /// - Parameters:
    ///   - siblings: devices of the training rows.
    ///   - calibration: of the cycle model, by device and runtime.
    func plan(_ site: KernelSite, siblings: [String: Device], calibration: (Device, String) -> Calibration?) -> SitePlan? {
        func model(_ site: KernelSite, as group: KernelGroup) -> SiteModel {
            var found = calibration(site.device, group.software)
            found?.kernel = site.labels.kernel.isEmpty ? group.kernel : site.labels.kernel
            return SiteModel(site, calibration: found)
        }
        let wanted = KernelGroups.Wanted(site)
        // Libraries exchange tokens in ways of their own: what one takes says nothing of another.
        let isForeign = family == .expertExchange && !known.groups.groups.contains { $0.software == site.labels.software }
        guard !isForeign else { return nil }
        func library(_ group: KernelGroup) -> String? { Self.library(of: family, software: group.software, kernel: group.kernel) }
        if let group = known.groups.match(wanted, device: site.device.id), let quantiles = known.quantiles[library(group) ?? site.device.id] ?? known.quantiles[Self.all] {
            return SitePlan(kinship: .known, codes: group.codes, curves: group.curves, quantiles: quantiles, own: model(site, as: group))
        }
        let candidates = siblings.values.filter { $0.architecture == site.device.architecture && known.groups.match(wanted, device: $0.id, strictly: true) != nil }
        if let sibling = site.device.nearest(among: candidates), let group = known.groups.match(wanted, device: sibling.id, strictly: true),
           let quantiles = known.quantiles[Self.sibling + (library(group) ?? "")] ?? known.quantiles[Self.sibling] ?? known.quantiles[Self.all] {
            var plan = SitePlan(kinship: .sibling(sibling.id), codes: group.codes, curves: group.curves, quantiles: quantiles, own: model(site, as: group))
            plan.sibling = model(site.moved(to: sibling), as: group)
            if siblingWeight < 1, let group = unseen.groups.match(wanted, device: nil) { plan.stranger = (group.codes, model(site, as: group)) }
            return plan
        }
        guard let group = unseen.groups.match(wanted, device: nil) else { return nil }
        let own = model(site, as: group)
        if let calibration = own.calibration, !calibration.kin.isEmpty, site.isCovered(by: calibration),
           let quantiles = unseen.quantiles[Self.kin] {
            return SitePlan(kinship: .kin, codes: group.codes, curves: [:], quantiles: quantiles, own: own)
        }
        guard let quantiles = unseen.quantiles[library(group) ?? Self.all] ?? unseen.quantiles[Self.all] else { return nil }
        return SitePlan(kinship: .stranger, codes: group.codes, curves: [:], quantiles: quantiles, own: own)
    }

    /// Nil where the device cannot do it.
    func question(_ site: KernelSite, by plan: SitePlan) -> Question? {
        guard let own = SiteCosts(site, by: plan.own) else { return nil }
        var asked = Question(costs: own, row: [], kinship: plan.kinship, scale: own.calibrated, quantiles: plan.quantiles, widening: 1, calibration: plan.own.calibration)
        if let model = plan.sibling {
            let there = site.moved(to: model.device)
            guard let other = SiteCosts(there, by: model) else { return nil }
            asked.row = SiteFeatures(site: there, costs: other, scale: model.scale).values(followedBy: plan.codes)
            asked.scale = other.calibrated * power(own.calibrated / other.calibrated, siblingExponent)
            if let (codes, model) = plan.stranger, let own = SiteCosts(site, by: model) {
                asked.other = (SiteFeatures(site: site, costs: own, scale: model.scale).values(followedBy: codes), own.calibrated)
            }
        } else {
            asked.row = SiteFeatures(site: site, costs: own, scale: plan.own.scale).values(followedBy: plan.codes)
        }
        if asked.usesKnown, let place = site.curvePlace {
            let (columns, finest) = place.columns(on: plan.curves)
            asked.row += columns
            if Self.startsFromCurve(family) { asked.scale *= exp2(Double(finest ?? 0)) }
        }
        guard asked.row.count == (asked.usesKnown ? known : unseen).residual.featureCount else { return nil }
        var farthest = 0.02
        for place in features.indices where asked.row[place].isFinite {
            let range = ranges[place], width = Double(max(range.upperBound - range.lowerBound, 1e-3))
            let distance = Double(max(range.lowerBound - asked.row[place], asked.row[place] - range.upperBound)) / width
            if distance > farthest { (farthest, asked.extrapolating) = (distance, features[place]) }
        }
        // A tree answers for the nearest shape it saw: the error grows with the way from there.
        if asked.extrapolating != nil { asked.widening = 1 + min(4, farthest) }
        return asked
    }

    /// - Parameter other: residual of the trees for devices that were never seen, where the question asks them, too.
    func answer(_ question: Question, residual: Float, other: Float?, spread: Float) -> KernelEstimate {
        let costs = question.costs
        var time = question.scale * exp2(Double(residual))
        if let other, let scale = question.other?.scale { time = power(time, siblingWeight) * power(scale * exp2(Double(other)), 1 - siblingWeight) }
        time = max(time, costs.bound)
        let scale = exp2(Double(spread)) * question.widening
        func range(_ sides: Quantiles.Sides) -> ClosedRange<Seconds> {
            Seconds(max(time / exp2(min(sides.below * scale, 30)), costs.bound))...Seconds(time * exp2(min(sides.above * scale, 30)))
        }
        return KernelEstimate(time: Seconds(time), base: Seconds(costs.calibrated), bound: Seconds(costs.bound), half: range(question.quantiles.half),
                              ninety: range(question.quantiles.ninety), spread: max(question.quantiles.ninety.below, question.quantiles.ninety.above) * scale, extrapolating: question.extrapolating,
                              kinship: question.kinship, calibration: question.calibration)
    }
}

extension Device {
    /// Of the other devices of its architecture that whose memory bandwidth is nearest, as for calibrations.
    public func nearest(among devices: [Device]) -> Device? {
        func distance(_ other: Device) -> Double {
            let ratio = other.achievableBandwidth / achievableBandwidth
            return max(ratio, 1 / ratio)
        }
        return devices.filter { $0.architecture == architecture && $0.id != id }.min { (distance($0), $0.id) < (distance($1), $1.id) }
    }
}

extension KernelSite {
    /// The same on another device.
    public func moved(to device: Device) -> KernelSite {
        var site = self
        let launched = gap == self.device.kernel.streamGap && gap != self.device.kernel.graphGap
        site.device = device
        site.gap = (launched ? device.kernel.streamGap : device.kernel.graphGap) ?? .zero
        return site
    }
}
