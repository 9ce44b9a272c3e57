import Hardware
import Operators
import Quantities

extension Device {
    /// Peak of one engine for arithmetic in `format`: the native rate, that of the narrowest wider format it has, or of
    /// whatever it has when it has none of them (a bank engine that only knows bf16).
    ///
    /// - Parameter sparse: two of every four weights are zero and the software makes use of it.
    func peak(_ engine: Engine, _ format: NumberFormat, sparse: Bool = false) -> Double {
        let rate: Double
        if let native = engine.native(format), let own = engine.rates[native] {
            rate = own.value
        } else {
            rate = engine.rates.largest?.value ?? 0
        }
        return rate * engine.clock.value * Double(engine.count) * (sparse ? max(1, engine.sparsity24) : 1)
    }

    /// Datasheet read bandwidth of the main memory, from its pins or flash channels where the file leaves it out.
    var memoryBandwidth: Double {
        let main = mainMemoryIndex
        if let bandwidth = memory[main].bandwidth { return bandwidth.value }
        if let bus = memory[main].bus, let rate = memory[main].pinRate { return bus.value * rate.value }
        if let shape = memory[main].organisation, let channel = shape.channelBandwidth { return Double(shape.channels) * channel.value }
        return .infinity
    }

    var memoryWriteBandwidth: Double { memory[mainMemoryIndex].writeBandwidth?.value ?? memoryBandwidth }

    /// What a well-written kernel gets of the main memory: measured, or else the datasheet figure.
    public var achievableBandwidth: Double {
        min(memoryBandwidth, achieved.bandwidth[memory[mainMemoryIndex].level]?.value ?? .infinity)
    }

    public var achievableWriteBandwidth: Double {
        memoryWriteBandwidth * (achievableBandwidth / memoryBandwidth).finiteOr(1)
    }

    /// An engine that does what is not a matrix product.
    var elementwiseEngine: Engine? {
        engine(.vector) ?? engine(.storage) ?? engine(.bank) ?? engines.first
    }

    func energyPerFlop(_ format: NumberFormat) -> Double {
        if let own = power.perFlop[format] { return own.value }
        for wider in format.fallbacks { if let own = power.perFlop[wider] { return own.value } }
        return 0
    }

    /// Bytes that have to pass the main memory: all but the activations that the last-level cache can hold from the
    /// operator that wrote them to the one that reads them.
    func compulsory(_ traffic: Traffic) -> (read: Double, written: Double) {
        let activations = traffic.activations.value
        let room = lastLevelCacheIndex.map { memory[$0].capacity.value } ?? 0
        let spilled = activations > room ? (activations - room) / activations : 0
        return (traffic.weights.value + traffic.cacheRead.value + traffic.activationsRead.value * spilled,
                traffic.cacheWritten.value + traffic.activationsWritten.value * spilled)
    }
}

extension Double {
    func finiteOr(_ other: Double) -> Double { isFinite ? self : other }
}

/// `⌈a / b⌉` of positive integers.
func ceilDivide(_ a: Int, _ b: Int) -> Int { a <= 0 ? 0 : (a - 1) / b + 1 }
