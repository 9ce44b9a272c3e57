import CostModels
import Hardware
import Operators
import Quantities

/// What a learned model is told of a site.
///
/// Quantities are ratios: to what the analytic models say, to the device's units, caches and balance of arithmetic and
/// bandwidth. The few sizes that stay are logarithms of what a library's heuristics look at (rows of a product, heads,
/// context), because a library chooses its kernel by them.
struct SiteFeatures: Sendable {
    let operators: [Operator]
    let fabric: Fabric
    let costs: SiteCosts
    private let family: KernelKey.Family
    private let scale: DeviceScale

    /// - Parameter scale: that of the site's device, where it is at hand.
    init(site: borrowing KernelSite, costs: SiteCosts, scale: DeviceScale? = nil) {
        operators = site.operators
        fabric = site.fabric
        family = site.family
        self.costs = costs
        self.scale = scale ?? DeviceScale(site.device)
    }

    /// Names in the order of the values.
    var names: [String] {
        var names = FeatureNames()
        fill(&names)
        return names.names
    }

    var values: [Float] { values(followedBy: []) }

    /// The values, and then others.
    func values(followedBy others: [Float]) -> [Float] {
        var values = FeatureValues()
        fill(&values)
        values.append(others)
        return values.values
    }

    func fill(_ sink: inout some FeatureSink) {
        fillCommon(&sink)
        switch family {
        case .gemm: fillProduct(&sink, scale)
        case .attentionPrefill, .attentionDecode: fillAttention(&sink, scale)
        case .experts: fillExperts(&sink, scale)
        case .collective, .expertExchange: fillExchange(&sink, scale)
        case .elementwise, .copy, .fileRead: break
        }
    }

    /// What every family shares: how the analytic models split the time, and where on the device's scales the work lies.
    private func fillCommon(_ sink: inout some FeatureSink) {
        let cycle = costs.cycle, device = scale
        sink.add("base, us", lg(costs.calibrated * 1e6))
        sink.add("base / cycle", lg(costs.calibrated / cycle))
        sink.add("base / bound", lg(costs.calibrated / costs.bound))
        sink.add("bound / cycle", lg(costs.bound / cycle))
        let sum = costs.sum
        sink.add("latency share", sum.latency.value / cycle)
        sink.add("engine share", sum.engineTime.value / cycle)
        sink.add("vector share", sum.vectorTime.value / cycle)
        sink.add("cache share", sum.cacheTime.value / cycle)
        sink.add("memory share", sum.memoryTime.value / cycle)
        sink.add("link share", sum.linkTime.value / cycle)
        sink.add("intensity / balance", lg((sum.flops.value + 1) / (sum.memoryBytes.value + 1) / device.balance))
        sink.add("memory bytes / cache", lg((sum.memoryBytes.value + 1) / device.cache))
        sink.add("cache bytes / cache", lg((sum.cacheBytes.value + 1) / device.cache))
        let main = costs.mainDemand
        sink.add("occupancy", main.occupancy)
        sink.add("clock", main.clock)
        sink.add("main share", main.duration.value / cycle)
        sink.add("units", Double(device.units))
        sink.add("peak of a unit", lg(device.peak / Double(device.units) / 1e12))
        sink.add("balance", lg(device.balance))
        sink.add("cache / bandwidth", lg(device.cache / device.bandwidth * 1e6))
        sink.add("bandwidth", lg(device.bandwidth / 1e12))
    }
}

/// A device in the few numbers by which sizes become ratios.
struct DeviceScale: Sendable {
    var units: Int
    /// FLOP/s of 16-bit products, the fastest engine.
    var peak: Double
    /// Bytes a second.
    var bandwidth: Double
    /// Bytes of the last-level cache; of a unit's own memory where there is none.
    var cache: Double

    var balance: Double { peak / bandwidth }

    init(_ device: Device) {
        let engine = device.engines.max { (Self.peak($0)) < Self.peak($1) }
        units = max(1, engine?.count ?? device.units)
        peak = max(1, engine.map(Self.peak) ?? 1)
        bandwidth = device.achievableBandwidth
        cache = (device.lastLevelCache ?? device.memory[0]).capacity.value
    }

    private static func peak(_ engine: Engine) -> Double {
        let format = engine.native(.bf16) ?? engine.native(.fp16)
        return (format.flatMap { engine.peak($0) } ?? engine.rates.largest.map { $0 * engine.clock * Double(engine.count) })?.value ?? 0
    }
}
