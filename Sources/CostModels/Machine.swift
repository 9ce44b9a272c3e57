import Hardware
import Operators
import Quantities

/// A device in plain numbers: what a cost model asks of it again and again, looked up once.
struct Machine: Sendable {
    struct Peak: Sendable {
        var kind: Engine.Kind
        /// FLOP/s by `NumberFormat.place`.
        var rates: [Double]
        var sparsity: Double
    }

    var engines: [Peak] = []
    /// Places in `engines`.
    var elementwise: Int?
    var special: Int?
    var memory: Double
    var memoryWrite: Double
    /// Capacity of the last-level cache.
    var cache: Double
    /// Joules of an operation by `NumberFormat.place`, of a byte of the main memory, of a byte of the cache.
    var perFlop: [Double]
    var perMemoryByte: Double
    var perCacheByte: Double

    init(_ device: Device) {
        let formats = NumberFormat.allCases
        for engine in device.engines {
            engines.append(Peak(kind: engine.kind, rates: formats.map { device.peak(engine, $0) }, sparsity: max(1, engine.sparsity24)))
        }
        let chosen = device.elementwiseEngine?.kind
        elementwise = engines.firstIndex { $0.kind == chosen }
        special = engines.firstIndex { $0.kind == .special }
        memory = device.memoryBandwidth
        memoryWrite = device.memoryWriteBandwidth
        cache = device.lastLevelCache?.capacity.value ?? 0
        perFlop = formats.map { device.energyPerFlop($0) }
        perMemoryByte = device.power.perByte[device.mainMemory.level]?.value ?? 0
        perCacheByte = device.lastLevelCache.flatMap { device.power.perByte[$0.level]?.value } ?? 0
    }

    /// Bytes that have to pass the main memory: all but the activations that the last-level cache can hold from the
    /// operator that wrote them to the one that reads them.
    func compulsory(_ traffic: Traffic) -> (read: Double, written: Double) {
        let activations = traffic.activations.value
        let spilled = activations > cache ? (activations - cache) / activations : 0
        return (traffic.weights.value + traffic.cacheRead.value + traffic.activationsRead.value * spilled,
                traffic.cacheWritten.value + traffic.activationsWritten.value * spilled)
    }

    /// Dynamic energy at the boost clock: operations, bytes of the main memory with their way to the engine, and bytes
    /// that were found in the cache.
    func energy(of demand: Demand, math: NumberFormat) -> EnergyUse {
        EnergyUse(compute: Joules(demand.flops.value * perFlop[math.place]), memory: Joules(demand.memoryBytes.value * perMemoryByte),
                  cache: Joules(max(0, demand.cacheBytes.value - demand.memoryBytes.value) * perCacheByte))
    }
}
