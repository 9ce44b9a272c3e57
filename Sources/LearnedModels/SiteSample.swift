import CostModels

/// A site as training sees it: its features beside what the analytic models say.
public struct SiteSample: Sendable {
    /// Seconds: of the calibrated cycle model, which trees correct; of the cycle model alone; of the physical bound.
    public var base: Double
    public var cycle: Double
    public var bound: Double
    public var features: [Float]
    private let site: SiteFeatures

    /// Nil where the device cannot do it.
    ///
    /// - Parameters:
    ///   - other: another calibration, or none, that takes part in the base.
    ///   - part: of the log of the base, what is the first calibration's.
    public init?(_ site: KernelSite, calibration: Calibration?, mixedWith other: Calibration? = nil, part: Double = 1) {
        let model = SiteModel(site, calibration: calibration)
        guard let costs = part < 1 ? SiteCosts(site, by: model, and: SiteModel(site, calibration: other))?.mixed(part) : SiteCosts(site, by: model) else { return nil }
        self.site = SiteFeatures(site: site, costs: costs)
        base = costs.calibrated
        cycle = costs.cycle
        bound = costs.bound
        features = self.site.values
    }

    public func names() -> [String] { site.names }
}
