import CostModels
import Quantities

/// What a kernel takes on a device of which little is known: its launch where there is little to do, a multiple of what a model
/// says where there is much, √(launch² + (factor · model)²) between.
public struct KernelLaw: Sendable, Equatable {
    /// Format, software, version and kernel.
    public var label: String
    /// Measurements that it was fitted to.
    public var points: Int
    /// Seconds.
    public var launch: Double
    public var factor: Double
    /// The kernel goes through all keys, whatever window they are seen through.
    public var ignoresWindow: Bool

    public init(label: String, points: Int, launch: Double, factor: Double, ignoresWindow: Bool = false) {
        self.label = label
        self.points = points
        self.launch = launch
        self.factor = factor
        self.ignoresWindow = ignoresWindow
    }

    /// - Parameter model: seconds.
    public func seconds(_ model: Double) -> Double { (launch * launch + factor * model * factor * model).squareRoot() }
}

/// What a few measurements say of one family on their device: a law for each kernel, and what it leaves as a process.
public struct KernelCorrection: Sendable {
    /// What laws are multiples of: the learned estimate, or where that misleads the physical bound.
    public enum Subject: String, Sendable, CaseIterable { case estimate, bound }

    public var subject: Subject
    public var laws: [KernelLaw]
    public var process: GaussianProcess
    /// How many of the process's standard deviations half and 90 % of measurements lie within: those of a normal distribution,
    /// or more where rows that were left out scattered more.
    public var half: Double
    public var ninety: Double

    public static let normalHalf = 0.674, normalNinety = 1.645

    public init(subject: Subject, laws: [KernelLaw], process: GaussianProcess, half: Double = normalHalf, ninety: Double = normalNinety) {
        self.subject = subject
        self.laws = laws
        self.process = process
        self.half = half
        self.ninety = ninety
    }

    /// The law of the kernel that shares most with a label: its format first, then software, version and name; of several the
    /// one with the most measurements. Nil only without laws.
    public func law(of label: String) -> KernelLaw? {
        func parts(_ label: String) -> [Substring] { label.split(separator: "|", omittingEmptySubsequences: false) }
        let wanted = parts(label)
        func rank(_ law: KernelLaw) -> (Int, Int, String) {
            let score = zip([8, 4, 2, 1], zip(parts(law.label), wanted)).reduce(0) { $0 + ($1.1.0 == $1.1.1 ? $1.0 : 0) }
            return (score, law.points, law.label)
        }
        return laws.max { rank($0) < rank($1) }
    }

    /// - Parameter whole: the estimate of the same without a window, for a kernel that ignores it.
    func apply(to estimate: KernelEstimate, whole: KernelEstimate?, label: String, place: [Double]) -> KernelEstimate {
        guard let law = law(of: label) else { return estimate }
        let (mean, deviation) = process.predict(law.label, place)
        return estimate.corrected(to: law.seconds(subject.seconds(law.ignoresWindow ? whole ?? estimate : estimate)) * exp2(mean), half: half * deviation, ninety: ninety * deviation)
    }
}

extension KernelCorrection.Subject {
    public func seconds(_ estimate: KernelEstimate) -> Double { (self == .estimate ? estimate.time : estimate.bound).value }
}

extension KernelEstimate {
    /// The estimate at another time, with how far half and 90 % of measurements lie from it at most, in log₂.
    func corrected(to time: Double, half: Double, ninety: Double) -> KernelEstimate {
        var result = self
        let seconds = max(time, bound.value)
        result.time = Seconds(seconds)
        func range(_ way: Double) -> ClosedRange<Seconds> {
            let factor = exp2(min(30, way))
            return Seconds(max(seconds / factor, bound.value))...Seconds(seconds * factor)
        }
        (result.half, result.ninety, result.spread) = (range(half), range(ninety), ninety)
        return result
    }
}

extension LearnedModel {
    /// Corrects estimates of sites on devices of which a few kernels were measured.
    ///
    /// - Parameter places: by index of the site, where it lies for the correction.
    func correct(_ estimates: inout [KernelEstimate?], of sites: [KernelSite], at places: [Int: [Double]]) {
        func correction(_ index: Int) -> KernelCorrection? { fewShots[sites[index].device.id]?.families[sites[index].family] }
        let asked = places.keys.sorted()
        let whole = asked.compactMap { index in
            correction(index)?.law(of: FewShot.label(of: sites[index]))?.ignoresWindow == true ? sites[index].withoutWindow.map { (index, $0) } : nil
        }
        var plain = self
        plain.fewShots = [:]
        let wholes = Dictionary(zip(whole.map(\.0), plain.estimate(whole.map(\.1)))) { first, _ in first }
        for index in asked {
            guard let estimate = estimates[index], let correction = correction(index), let place = places[index] else { continue }
            estimates[index] = correction.apply(to: estimate, whole: wholes[index] ?? nil, label: FewShot.label(of: sites[index]), place: place)
        }
    }
}

extension KernelSite {
    /// The same with every query seeing all keys; nil where there is no window.
    public var withoutWindow: KernelSite? {
        var site = self, had = false
        for place in operators.indices {
            guard case .attention(var attention) = operators[place], attention.window > 0 else { continue }
            attention.window = 0
            site.operators[place] = .attention(attention)
            had = true
        }
        return had ? site : nil
    }
}
