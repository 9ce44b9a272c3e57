import Hardware
import Quantities

/// A device's units as the tilings below see them: plain numbers in seconds, bytes and FLOP.
struct Units {
    /// Units that work side by side.
    var count: Int
    /// FLOP/s of all units together for this arithmetic, as far as a well-written kernel gets inside its main loop.
    var rate: Double
    /// Simple operations and transcendental functions a second, all units together.
    var vectorRate: Double
    var specialRate: Double
    /// Bytes of a unit's local memory, which bounds what it can have in flight.
    var localCapacity: Double
    /// Bytes a second from a unit's local memory to its engine.
    var feed: Double
    /// Times that an operand element is read from there for one product of a tile.
    var operandReads: Double
    /// Units that share one read of an operand from the cache.
    var multicast: Double
    var cacheCapacity: Double
    var cacheBandwidth: Double
    var memoryBandwidth: Double
    var memoryWriteBandwidth: Double
    var memoryLatency: Double
    /// Start and completion of a kernel beside its first round trip to the memory.
    var floor: Double
    /// From one kernel of a pair to the next.
    var gap: Double

    init(_ device: Device, engine: Engine, math: NumberFormat, sparse: Bool = false) {
        let local = device.memory.first { $0.scope == .unit }
        let cache = device.lastLevelCache
        count = max(1, engine.count)
        let peak = device.peak(engine, math, sparse: sparse)
        rate = peak * device.efficiency(engine, math)
        let vector = device.engine(.vector)
        // A fused multiply-add counts as two operations in the quoted rate but issues once.
        vectorRate = vector.map { device.peak($0, .fp32) / 2 } ?? .infinity
        specialRate = device.engine(.special).map { device.peak($0, .fp32) } ?? vectorRate
        memoryLatency = device.mainMemory.latency?.value ?? 0
        operandReads = engine.operandReads
        multicast = Double(engine.multicast)
        feed = local?.bandwidth?.value ?? .infinity
        localCapacity = local?.capacity.value ?? .infinity
        cacheCapacity = cache?.capacity.value ?? 0
        cacheBandwidth = cache.flatMap { device.achieved.bandwidth[$0.level] ?? $0.bandwidth }?.value ?? .infinity
        memoryBandwidth = device.achievableBandwidth
        memoryWriteBandwidth = device.achievableWriteBandwidth
        floor = max(0, (device.kernel.floor?.value ?? 0) - memoryLatency)
        gap = (device.kernel.graphGap ?? device.kernel.floor)?.value ?? 0
    }
}

extension Device {
    /// The part of an engine's peak that the best measured kernel reaches when nothing else limits it; 1 without a
    /// measurement.
    func efficiency(_ engine: Engine, _ math: NumberFormat) -> Double {
        guard let native = engine.native(math), let best = achieved.compute[native], let peak = engine.peak(native), engine.kind != .vector
        else { return 1 }
        return min(1, best / peak)
    }
}
