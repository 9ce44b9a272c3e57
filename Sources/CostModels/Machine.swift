import Hardware
import Operators
import Quantities

/// A device in plain numbers: what a cost model asks of it again and again, looked up once.
struct Machine: Sendable {
    var device: Device
    /// Places in `device.engines`.
    var elementwise: Int?
    var vector: Int?
    var special: Int?
    /// Bandwidth that a well-written kernel gets of the main memory.
    var achievable = 0.0
    var achievableWrite = 0.0
    var memoryLatency = 0.0
    /// The last-level cache.
    var cache = 0.0
    var cacheBandwidth = 0.0
    /// One unit's own memory.
    var local = 0.0
    var feed = 0.0
    var floor = 0.0
    var gap = 0.0

    init(_ device: Device) {
        self.device = device
        func place(_ kind: Engine.Kind) -> Int? { device.engines.firstIndex { $0.kind == kind } }
        (vector, special) = (place(.vector), place(.special))
        elementwise = vector ?? place(.storage) ?? place(.bank) ?? device.engines.indices.first
        achievable = device.achievableBandwidth
        achievableWrite = device.achievableWriteBandwidth
        memoryLatency = device.memory[device.mainMemoryIndex].latency?.value ?? 0
        cacheBandwidth = .infinity
        if let shared = device.lastLevelCacheIndex {
            cache = device.memory[shared].capacity.value
            let reached = device.achieved.bandwidth[device.memory[shared].level] ?? device.memory[shared].bandwidth
            cacheBandwidth = reached?.value ?? .infinity
        }
        let own = device.memory.indices.first { device.memory[$0].scope == .unit }
        local = own.map { device.memory[$0].capacity.value } ?? .infinity
        feed = own.flatMap { device.memory[$0].bandwidth?.value } ?? .infinity
        floor = device.kernel.floor?.value ?? 0
        gap = device.kernel.graphGap?.value ?? floor
    }

    /// FLOP/s of an engine for arithmetic in a format.
    func rate(_ place: Int, _ math: NumberFormat, sparse: Bool = false) -> Double { device.peak(device.engines[place], math, sparse: sparse) }

    /// Of that what the best measured kernel reaches when nothing else limits it; all of it without a measurement.
    func reached(_ place: Int, _ math: NumberFormat, sparse: Bool = false) -> Double {
        let all = rate(place, math, sparse: sparse), engine = device.engines[place]
        guard engine.kind != .vector, let native = engine.native(math), let best = device.achieved.compute[native],
              let peak = engine.peak(native) else { return all }
        return all * min(1, best / peak)
    }

    /// Bytes that a kernel moves through the main memory: as `Device.compulsory`, but activations stay in the last-level cache
    /// only while they fill less than half of it. From there to its capacity more and more of them are gone when they
    /// are read: replacement is not perfect and the weights pass through the same cache.
    func transferred(_ traffic: Traffic) -> (read: Double, written: Double) {
        let half = cache / 2
        let spilled = half > 0 ? min(1, max(0, traffic.activations.value / half - 1)) : 1
        return (traffic.weights.value + traffic.cacheRead.value + traffic.activationsRead.value * spilled,
                traffic.cacheWritten.value + traffic.activationsWritten.value * spilled)
    }
}
