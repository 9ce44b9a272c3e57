import CostModels
import Hardware
import Quantities

/// What a few measurements of one device say beyond a learned model: a correction for each family.
public struct FewShot: Sendable {
    public var device: String
    public var version: String
    public var date: String
    public var sources: [Calibration.Source]
    public var families: [KernelKey.Family: KernelCorrection]

    public init(device: String, version: String, date: String, sources: [Calibration.Source], families: [KernelKey.Family: KernelCorrection]) {
        self.device = device
        self.version = version
        self.date = date
        self.sources = sources
        self.families = families
    }

    /// Features that say how alike two sites are, with a step along each that is as long as one along any other.
    static func scales(of family: KernelKey.Family) -> [(name: String, scale: Double)] {
        let shape: [(String, Double)] = switch family {
        case .gemm: [("rows", 3), ("columns", 3), ("depth", 3)]
        // A kernel is cut into chains, one for each sequence and cached head; one for decoding goes through the keys it sees.
        case .attentionPrefill: [("cached chains / units", 3), ("context", 3), ("heads a cached one", 3), ("head dimension", 64), ("window", 7)]
        case .attentionDecode: [("cached chains / units", 3), ("visible keys", 3), ("heads a cached one", 3), ("head dimension", 64), ("window", 7)]
        case .experts: [("tokens", 3), ("hidden", 3), ("width", 3), ("active experts", 3), ("rows an expert", 3), ("choices", 4)]
        case .collective, .expertExchange: [("members", 3), ("bytes", 3)]
        case .elementwise, .copy, .fileRead: []
        }
        return shape + [("base, us", 3), ("base / bound", 3)]
    }

    /// Where a site lies among them.
    static func place(_ values: [Float], _ names: [String], of family: KernelKey.Family) -> [Double] {
        func value(_ name: String) -> Double? { names.firstIndex(of: name).flatMap { values[$0].isFinite ? Double(values[$0]) : nil } }
        return scales(of: family).map { (value($0.name) ?? 0) / $0.scale }
    }

    static func label(of site: KernelSite) -> String { [site.format, site.labels.software, site.labels.version, site.labels.kernel].joined(separator: " | ") }
}

extension AnswerSheet {
    /// A question's place for a few-shot correction.
    func place(of question: Int) -> [Double] { FewShot.place(Array(row(question).prefix(family.features.count)), family.features, of: family.family) }
}
