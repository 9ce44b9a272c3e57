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
        /// Quantiles of |error| ÷ spread at 50 and at 90 %, by device or by how near a relative of the device was trained on.
        public var quantiles: [String: Quantiles]

        public init(groups: KernelGroups, residual: TreeEnsemble, spread: TreeEnsemble, quantiles: [String: Quantiles]) {
            self.groups = groups
            self.residual = residual
            self.spread = spread
            self.quantiles = quantiles
        }
    }

    public struct Quantiles: Sendable, Equatable {
        public var half: Double
        public var ninety: Double

        public init(half: Double, ninety: Double) {
            self.half = half
            self.ninety = ninety
        }
    }

    public var family: KernelKey.Family
    /// Names of the features of a site, before the codes of its kernel.
    public var features: [String]
    /// Smallest and largest value of each in training, of known devices.
    public var ranges: [ClosedRange<Float>]
    /// For devices that training rows are of, and for all others.
    public var known: Part
    public var unseen: Part

    public init(family: KernelKey.Family, features: [String], ranges: [ClosedRange<Float>], known: Part, unseen: Part) {
        self.family = family
        self.features = features
        self.ranges = ranges
        self.known = known
        self.unseen = unseen
    }

    /// Keys of `Part.quantiles` for devices that were never seen.
    public static let sibling = "another device of the architecture was seen", stranger = "no device of the architecture was seen"
    /// Key of what holds for all devices together.
    public static let all = "all"
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
    public var knowsDevice: Bool
}

extension LearnedFamily {
    /// One site ready to be put to the trees.
    struct Question {
        var costs: SiteCosts
        var row: [Float]
        var isKnown: Bool
        var quantiles: Quantiles
        var extrapolating: String?
        /// How much wider the interval is for what lies outside of the training data.
        var widening: Double
    }

    /// Nil where the device cannot do it, or no kernel of the format was ever seen.
    func question(_ site: KernelSite, calibration: Calibration?) -> Question? {
        guard let costs = SiteCosts(site, calibration: calibration) else { return nil }
        let values = SiteFeatures(site: site, costs: costs).values
        let own = known.groups.match(site, device: site.device.id), isKnown = own != nil
        guard let group = own ?? unseen.groups.match(site, device: nil), values.count == features.count else { return nil }
        let part = isKnown ? known : unseen
        let kinship = isKnown ? site.device.id : group.architecture == site.device.architecture ? Self.sibling : Self.stranger
        guard let quantiles = part.quantiles[kinship] ?? part.quantiles[Self.all] else { return nil }
        var outside: (name: String, distance: Double)?
        for (place, value) in values.enumerated() where value.isFinite {
            let range = ranges[place], width = Double(max(range.upperBound - range.lowerBound, 1e-3))
            let distance = Double(max(range.lowerBound - value, value - range.upperBound)) / width
            if distance > 0.02, distance > outside?.distance ?? 0 { outside = (features[place], distance) }
        }
        // A tree answers for the nearest shape it saw: the error grows with the way from there.
        return Question(costs: costs, row: values + group.codes, isKnown: isKnown, quantiles: quantiles, extrapolating: outside?.name,
                        widening: 1 + min(4, outside?.distance ?? 0))
    }

    func answer(_ question: Question, residual: Float, spread: Float) -> KernelEstimate {
        let costs = question.costs
        let time = max(costs.calibrated * exp2(Double(residual)), costs.bound)
        let scale = exp2(Double(spread)) * question.widening
        func range(_ quantile: Double) -> ClosedRange<Seconds> {
            let factor = exp2(min(quantile * scale, 30))
            return Seconds(max(time / factor, costs.bound))...Seconds(time * factor)
        }
        return KernelEstimate(time: Seconds(time), base: Seconds(costs.calibrated), bound: Seconds(costs.bound), half: range(question.quantiles.half),
                              ninety: range(question.quantiles.ninety), spread: question.quantiles.ninety * scale, extrapolating: question.extrapolating,
                              knowsDevice: question.isKnown)
    }
}
