import Hardware
import Quantities

/// What a way of doing an operator costs, in seconds and bytes.
struct TileCost {
    var engine = 0.0
    var vector = 0.0
    var cache = 0.0
    /// Of attention, the longer of which `cache` is: of the cache that all units share, and of what the busiest unit takes in from it.
    var shared = 0.0
    var feed = 0.0
    var memory = 0.0
    var latency = 0.0
    var memoryBytes = 0.0
    var cacheBytes = 0.0
    /// Joules of the main memory, where they are not its bytes times the energy of one.
    var memoryEnergy: Double?
    var occupancy = 1.0
    /// Clock as a part of the boost clock, after the power limit.
    var clock = 1.0
    /// The power limit made it longer.
    var powerLimited = false

    var duration: Double { latency + max(engine, vector, cache, memory) }
}

/// A power limit together with what an operator's operations and bytes draw, so that every candidate can be judged at the
/// clock it would really run at.
struct PowerBudget {
    var limit: PowerLimit
    var compute: Double
    var perMemoryByte: Double
    var perCacheByte: Double

    init(_ limit: PowerLimit, of device: Device, flops: Flops, math: NumberFormat) {
        self.limit = limit
        compute = flops.value * device.energyPerFlop(math)
        perMemoryByte = device.power.perByte[device.memory[device.mainMemoryIndex].level]?.value ?? 0
        perCacheByte = device.lastLevelCacheIndex.flatMap { device.power.perByte[device.memory[$0].level]?.value } ?? 0
    }

    /// Joules at full clock of what follows the clock, and of the main memory.
    func energy(of cost: TileCost) -> (core: Double, other: Double) {
        (compute + max(0, cost.cacheBytes - cost.memoryBytes) * perCacheByte, cost.memoryEnergy ?? cost.memoryBytes * perMemoryByte)
    }

    /// Stretches the times that follow the clock; where bytes alone draw more than the limit, the memory waits.
    func settle(_ cost: inout TileCost) {
        let (core, other) = energy(of: cost)
        guard core + other > limit.budget.value * cost.duration else { return }
        let unlimited = cost.duration
        defer { cost.powerLimited = cost.duration > unlimited * (1 + roundingSlack) }
        let engine = max(cost.engine, cost.vector, cost.cache)
        let clock = limit.clock(latency: Seconds(cost.latency), engine: Seconds(engine), rest: Seconds(cost.memory),
                                compute: Joules(core), other: Joules(other))
        cost.clock = clock
        cost.engine /= clock
        cost.vector /= clock
        cost.cache /= clock
        cost.shared /= clock
        cost.feed /= clock
        let drawn = (core * clock * clock + other) / limit.budget.value - cost.latency
        if drawn > engine / clock * (1 + roundingSlack) { cost.memory = max(cost.memory, drawn) }
    }
}
