import CostModels
import Hardware
import Quantities

/// What a few measurements of one device say beyond a learned model: a correction for each family.
public struct FewShot: Sendable {
    public var device: String
    public var version: String
    public var date: String
    public var sources: [Calibration.Source]
    public var families: [KernelKey.Family: GaussianProcess]

    public init(device: String, version: String, date: String, sources: [Calibration.Source], families: [KernelKey.Family: GaussianProcess]) {
        self.device = device
        self.version = version
        self.date = date
        self.sources = sources
        self.families = families
    }

    /// Features that say how alike two sites are, with the way along each after which they are as good as strangers.
    static func scales(of family: KernelKey.Family) -> [(name: String, scale: Double)] {
        let common = [("base, us", 3.0), ("latency share", 0.5), ("memory share", 0.5), ("engine share", 0.5), ("intensity / balance", 4.0)]
        return switch family {
        case .gemm: common + [("rows", 5), ("columns", 3), ("depth", 3)]
        case .attentionPrefill, .attentionDecode:
            common + [("batch", 4), ("heads", 3), ("cached heads", 3), ("context", 4), ("head dimension", 128), ("window", 8), ("visible keys", 4)]
        case .experts: common + [("tokens", 4), ("hidden", 3), ("width", 3), ("active experts", 3), ("rows an expert", 3), ("choices", 8)]
        case .collective, .expertExchange: common + [("members", 4), ("bytes", 5)]
        case .elementwise, .copy, .fileRead: common
        }
    }

    /// Where a site lies among them.
    static func place(_ values: [Float], _ names: [String], of family: KernelKey.Family) -> [Double] {
        scales(of: family).map { scale in
            guard let at = names.firstIndex(of: scale.name), values[at].isFinite else { return 0 }
            return Double(values[at]) / scale.scale
        }
    }

    static func label(of site: KernelSite) -> String { [site.format, site.labels.software, site.labels.version, site.labels.kernel].joined(separator: " | ") }
}

extension LearnedFamily {
    /// A site's place for a few-shot correction, with the learned answer that it corrects.
    func place(of question: Question) -> [Double] { FewShot.place(Array(question.row.prefix(features.count)), features, of: family) }
}

extension KernelEstimate {
    /// The estimate after a correction by `mean` ± `deviation` in log₂.
    ///
    /// Quantiles are those of a normal distribution: 0.674 and 1.645 standard deviations.
    func corrected(by mean: Double, deviation: Double) -> KernelEstimate {
        var result = self
        let seconds = max(time.value * exp2(mean), bound.value)
        result.time = Seconds(seconds)
        func range(_ deviations: Double) -> ClosedRange<Seconds> {
            let factor = exp2(min(30, deviations * deviation))
            return Seconds(max(seconds / factor, bound.value))...Seconds(seconds * factor)
        }
        (result.half, result.ninety, result.spread) = (range(0.674), range(1.645), 1.645 * deviation)
        return result
    }
}
