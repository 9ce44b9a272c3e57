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
    public init?(_ site: KernelSite, calibration: Calibration?) {
        guard let costs = SiteCosts(site, calibration: calibration) else { return nil }
        self.site = SiteFeatures(site: site, costs: costs)
        base = costs.calibrated
        cycle = costs.cycle
        bound = costs.bound
        features = self.site.values
    }

    public func names() -> [String] { site.names }
}
