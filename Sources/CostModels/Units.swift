import Quantities

/// A device's units under one engine as the tilings see them: plain numbers in seconds, bytes and FLOP.
struct Units: Sendable {
    /// Units that work side by side.
    var count: Int
    /// FLOP/s of all units together for this arithmetic, as far as a well-written kernel gets inside its main loop.
    var rate: Double
    /// Simple operations and transcendental functions a second, all units together. A fused multiply-add counts as two
    /// operations in the quoted rate of a vector engine but issues once.
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

    /// - Parameter place: of the engine in `machine.engines`.
    init(_ machine: Machine, engine place: Int, math: NumberFormat, sparse: Bool = false) {
        let engine = machine.device.engines[place]
        count = max(1, engine.count)
        rate = machine.reached(place, math, sparse: sparse)
        vectorRate = machine.vector.map { machine.rate($0, .fp32) / 2 } ?? .infinity
        specialRate = machine.special.map { machine.rate($0, .fp32) } ?? vectorRate
        localCapacity = machine.local
        feed = machine.feed
        operandReads = engine.operandReads
        multicast = Double(engine.multicast)
        cacheCapacity = machine.cache
        cacheBandwidth = machine.cacheBandwidth
        memoryBandwidth = machine.achievable
        memoryWriteBandwidth = machine.achievableWrite
        memoryLatency = machine.memoryLatency
        floor = max(0, machine.floor - machine.memoryLatency)
        gap = machine.gap
    }
}
