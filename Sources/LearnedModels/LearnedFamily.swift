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
        /// by device, those of siblings under `sibling` or behind it, of kernels that a sibling lacks under `lacking`, those over
        /// calibrations of kin under `kin`, and under `all`.
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
    /// How much of the log of the base is that of the sibling's other kernel of the format, for a kernel that neither the sibling nor
    /// any kin has, the rest being the cycle model without a calibration: likewise fitted.
    public var lendingWeight: Double
    /// How a device of an architecture that no row is of is drawn to what is usual.
    public var usual: Usual

    /// What kernels of a family usually take beyond the cycle model: constants of kin and trees scatter about it, and what goes far from
    /// it does so by chance more often than not (shrinkage; Stein 1956).
    public struct Usual: Sendable, Equatable {
        /// log₂ of measured ÷ cycle model without a calibration, mean over the medians of devices.
        public var residual: Double
        /// How much of the log of the answer is that of the trees, the rest being the usual: 0.85 or 1, whichever
        /// was better on devices left out.
        public var part: Double

        public init(residual: Double = 0, part: Double = 1) {
            self.residual = residual
            self.part = part
        }

        /// Seconds.
        public func drawing(_ time: Double, cycle: Double) -> Double {
            part < 1 && cycle > 0 ? power(time, part) * power(cycle * exp2(residual), 1 - part) : time
        }
    }

    public init(family: KernelKey.Family, features: [String], ranges: [ClosedRange<Float>], known: Part, unseen: Part, siblingExponent: Double, siblingWeight: Double,
                lendingWeight: Double = 1, usual: Usual = Usual()) {
        self.family = family
        self.features = features
        self.ranges = ranges
        self.known = known
        self.unseen = unseen
        self.siblingExponent = siblingExponent
        self.siblingWeight = siblingWeight
        self.lendingWeight = lendingWeight
        self.usual = usual
    }

    /// Keys of `Part.quantiles` beside the ids of devices.
    public static let sibling = "sibling", lacking = "lacking", kin = "kin", all = "all"

    /// Whether trees say anything of a device that no training row is of: what one fabric adds to an exchange between experts says
    /// nothing of another.
    public static func knowsStrangers(_ family: KernelKey.Family) -> Bool { family != .expertExchange }
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

    /// Whether the trees that know devices answer.
    var isRelative: Bool { self != .kin && self != .stranger }
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
    public var calibration: Calibration? { shared?.calibration }
    /// Large, and the same for all estimates of a kind.
    var shared: SharedCalibration?
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
    public func moved(to device: Device) -> KernelSite { moved(to: SharedDevice(device)) }

    func moved(to there: SharedDevice) -> KernelSite {
        var site = self
        let here = shared, launched = gap == here.device.kernel.streamGap && gap != here.device.kernel.graphGap
        site.shared = there
        site.gap = (launched ? there.device.kernel.streamGap : there.device.kernel.graphGap) ?? .zero
        return site
    }
}
