import Hardware
import Operators
import Quantities

/// A device in plain numbers: what a cost model asks of it again and again, looked up once.
struct Machine: Sendable {
    struct Peak: Sendable {
        var kind: Engine.Kind
        var count: Int
        /// FLOP/s of all of them by `NumberFormat.index`: the native rate, that of the narrowest wider format there is, or
        /// the highest where there is none (a bank engine that only knows bf16).
        var rates: [Double]
        /// Part of that which the best measured kernel reaches when nothing else limits it; 1 without a measurement.
        var efficiency: [Double]
        var sparsity: Double
        var operandReads: Double
        var multicast: Double
    }

    var engines: [Peak] = []
    /// Places in `engines`.
    var elementwise: Int?
    var vector: Int?
    var special: Int?
    /// Datasheet bandwidth of the main memory, and what a well-written kernel gets of it.
    var memory = 0.0
    var memoryWrite = 0.0
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
    /// Joules of an operation by `NumberFormat.index`, of a byte of the main memory, of a byte of the cache.
    var perFlop: [Double] = []
    var perMemoryByte = 0.0
    var perCacheByte = 0.0

    init(_ device: Device) {
        var reached = [Double](repeating: 0, count: NumberFormat.count)
        for (format, rate) in device.achieved.compute { reached[format.index] = rate.value }
        engines.reserveCapacity(device.engines.count)
        for engine in device.engines { engines.append(Peak(engine, reached: reached)) }
        func place(_ kind: Engine.Kind) -> Int? { engines.firstIndex { $0.kind == kind } }
        (vector, special) = (place(.vector), place(.special))
        elementwise = vector ?? place(.storage) ?? place(.bank) ?? engines.indices.first
        memory = device.memoryBandwidth
        memoryWrite = device.memoryWriteBandwidth
        let main = device.memory.count - 1
        let mainLevel = device.memory[main].level
        memoryLatency = device.memory[main].latency?.value ?? 0
        let shared = device.memory.indices.dropLast().last { device.memory[$0].scope == .device }
        cache = shared.map { device.memory[$0].capacity.value } ?? 0
        let cacheLevel = shared.map { device.memory[$0].level }
        achievable = memory
        cacheBandwidth = shared.flatMap { device.memory[$0].bandwidth?.value } ?? .infinity
        for (level, bandwidth) in device.achieved.bandwidth {
            if level == mainLevel { achievable = min(memory, bandwidth.value) }
            if level == cacheLevel { cacheBandwidth = bandwidth.value }
        }
        achievableWrite = memoryWrite * (achievable / memory).finiteOr(1)
        let own = device.memory.indices.first { device.memory[$0].scope == .unit }
        local = own.map { device.memory[$0].capacity.value } ?? .infinity
        feed = own.flatMap { device.memory[$0].bandwidth?.value } ?? .infinity
        floor = device.kernel.floor?.value ?? 0
        gap = device.kernel.graphGap?.value ?? floor
        var stated = [Double](repeating: 0, count: NumberFormat.count)
        for (format, energy) in device.power.perFlop { stated[format.index] = energy.value }
        perFlop = NumberFormat.widened.map { wider in wider.first { stated[$0] > 0 }.map { stated[$0] } ?? 0 }
        for (level, energy) in device.power.perByte {
            if level == mainLevel { perMemoryByte = energy.value }
            if level == cacheLevel { perCacheByte = energy.value }
        }
    }

    /// FLOP/s of an engine with or without the help of zeros.
    func peak(_ place: Int, _ math: NumberFormat, sparse: Bool) -> Double {
        engines[place].rates[math.index] * (sparse ? engines[place].sparsity : 1)
    }

    /// Bytes that have to pass the main memory: all but the activations that the last-level cache can hold from the
    /// operator that wrote them to the one that reads them.
    func compulsory(_ traffic: Traffic) -> (read: Double, written: Double) {
        let activations = traffic.activations.value
        let spilled = activations > cache ? (activations - cache) / activations : 0
        return (traffic.weights.value + traffic.cacheRead.value + traffic.activationsRead.value * spilled,
                traffic.cacheWritten.value + traffic.activationsWritten.value * spilled)
    }

    /// Bytes that a kernel moves through the main memory: as `compulsory`, but activations stay in the last-level cache
    /// only while they fill less than half of it. From there to its capacity more and more of them are gone when they
    /// are read: replacement is not perfect and the weights pass through the same cache.
    func transferred(_ traffic: Traffic) -> (read: Double, written: Double) {
        let half = cache / 2
        let spilled = half > 0 ? min(1, max(0, traffic.activations.value / half - 1)) : 1
        return (traffic.weights.value + traffic.cacheRead.value + traffic.activationsRead.value * spilled,
                traffic.cacheWritten.value + traffic.activationsWritten.value * spilled)
    }

    /// Dynamic energy at the boost clock: operations, bytes of the main memory with their way to the engine, and bytes
    /// that were found in the cache.
    func energy(of demand: Demand, math: NumberFormat) -> EnergyUse {
        EnergyUse(compute: Joules(demand.flops.value * perFlop[math.index]), memory: Joules(demand.memoryBytes.value * perMemoryByte),
                  cache: Joules(max(0, demand.cacheBytes.value - demand.memoryBytes.value) * perCacheByte))
    }
}

extension Machine.Peak {
    init(_ engine: Engine, reached: [Double]) {
        kind = engine.kind
        count = engine.count
        sparsity = max(1, engine.sparsity24)
        operandReads = engine.operandReads
        multicast = Double(engine.multicast)
        var native = [Double](repeating: 0, count: NumberFormat.count)
        var highest = 0.0
        for (format, rate) in engine.rates {
            native[format.index] = rate.value * engine.clock.value * Double(engine.count)
            highest = max(highest, native[format.index])
        }
        rates = native
        efficiency = native
        for format in 0..<NumberFormat.count {
            let chosen = NumberFormat.widened[format].first { native[$0] > 0 }
            rates[format] = chosen.map { native[$0] } ?? highest
            let best = chosen.map { reached[$0] } ?? 0
            efficiency[format] = best > 0 && engine.kind != .vector ? min(1, best / rates[format]) : 1
        }
    }
}

extension NumberFormat {
    /// Its place in `allCases`.
    var index: Int {
        switch self {
        case .fp64: 0
        case .fp32: 1
        case .tf32: 2
        case .fp16: 3
        case .bf16: 4
        case .fp8: 5
        case .fp6: 6
        case .fp4: 7
        case .int8: 8
        case .int4: 9
        }
    }

    static let count = 10
    /// For every format the places of those that can stand in for it, itself first.
    static let widened: [[Int]] = allCases.map { format in [format.index] + format.fallbacks.map(\.index) }
}