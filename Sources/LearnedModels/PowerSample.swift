import CostModels
import Hardware
import Quantities

/// What a board draws by the analytic models: something whatever runs, and joules for operations and bytes.
struct BoardDraw: Sendable {
    /// Watts.
    let board: Double
    private let compute: Double
    private let traffic: Double

    /// Nil where the device states no power.
    ///
    /// - Parameter fitted: what a calibration says of the board, in place of the device's file.
    init?(_ device: Device, fitted: BoardPower?) {
        if let fitted {
            (board, compute, traffic) = (fitted.board.value, fitted.compute, fitted.traffic)
        } else {
            guard let watts = device.power.active ?? device.power.idle else { return nil }
            (board, compute, traffic) = (watts.value, 1, 1)
        }
    }

    /// Joules that a meter charges for it, those of the board apart.
    func charge(_ use: EnergyUse) -> Double { compute * use.compute.value + traffic * (use.cache.value + use.memory.value + use.link.value) }
}

/// A site as trees of power see it.
public struct PowerSample: Sendable {
    /// Watts that the analytic models say the board draws while the site runs again and again.
    public let base: Double
    /// Watts that 2 to the power of what trees say multiplies: the board's limit, where it has one.
    public let reference: Double
    public let features: [Float]
    private let site: SiteFeatures
    private static let own: [StaticString] = ["power / limit", "compute power / limit", "memory power / limit", "cache power / limit",
                                              "operations / peak", "memory bytes / bandwidth", "cache bytes / bandwidth"]

    /// Nil where the device cannot do it, or states no power.
    public init?(_ site: KernelSite, calibration: Calibration?) {
        guard let costs = SiteCosts(site, calibration: calibration), let draw = BoardDraw(site.device, fitted: calibration?.boardPower) else { return nil }
        self.init(SiteFeatures(site: site, costs: costs), on: site.device, draw)
    }

    init(_ site: SiteFeatures, on device: Device, _ draw: BoardDraw) {
        self.site = site
        let costs = site.costs, scale = DeviceScale(device), time = costs.calibrated
        let use = costs.sum.energy, flops = costs.sum.flops.value, memory = costs.sum.memoryBytes.value, cache = costs.sum.cacheBytes.value
        let limit = device.power.limit?.value ?? .infinity, whole = draw.board + draw.charge(use) / time
        base = min(whole, limit)
        reference = device.power.limit?.value ?? 1
        func part(_ joules: Joules) -> Double { lg((joules.value / time + 1) / min(limit, 1e4)) }
        var values = FeatureValues()
        let own = [lg(whole / min(limit, 1e4)), part(use.compute), part(use.memory), part(use.cache), lg((flops + 1) / time / scale.peak),
                   lg((memory + 1) / time / scale.bandwidth), lg((cache + 1) / time / scale.bandwidth)]
        for (name, value) in zip(Self.own, own) { values.add(name, value) }
        features = site.values(followedBy: values.values)
    }

    public func names() -> [String] { site.names + Self.own.map(\.description) }
}
