import Hardware
import Operators
import Quantities

/// The physical bound: datasheet peaks, and every byte that has to move moved once.
///
/// Time of an operator is the longest of FLOPs ÷ peak and bytes ÷ bandwidth (Williams, Waterman and Patterson,
/// "Roofline", CACM 2009). Weights and the KV cache come from the main memory; activations only as far as they exceed the
/// last-level cache. Nothing is launched, filled or padded.
public struct Roofline: CostModel {
    public var name: String { "roofline" }

    public init() {}

    public func demand(of op: Operator, on device: Device, under runtime: Runtime) -> Demand {
        switch op {
        case .matmul(let o):
            best(o.flops, o.math, sparse: o.weights.sparse24 && runtime.sparse24, o.traffic, on: device)
        case .grouped(let o):
            best(o.flops, o.math, sparse: o.weights.sparse24 && runtime.sparse24, o.traffic, on: device)
        case .attention(let o):
            best(o.flops, o.math, sparse: false, o.traffic, on: device)
        case .elementwise(let o):
            elementwise(o, on: device)
        case .collective(let o):
            demand(of: o, over: Fabric(), on: device, under: runtime)
        case .copy(let o):
            demand(of: o, over: nil, from: device, to: device, under: runtime)
        }
    }

    /// The fastest engine, each at its peak.
    private func best(_ flops: Flops, _ math: NumberFormat, sparse: Bool, _ traffic: Traffic, on device: Device) -> Demand {
        let bytes = device.compulsory(traffic)
        let memory = bytes.read / device.memoryBandwidth + bytes.written / device.memoryWriteBandwidth
        var best = Demand(engineTime: Seconds(.infinity))
        for place in device.engines.indices where device.engines[place].kind != .special {
            let kind = device.engines[place].kind, peak = device.peak(device.engines[place], math, sparse: sparse)
            guard peak > 0 else { continue }
            // Banks read weights and cache in place: only activations use the bus.
            let bus = kind == .bank ? activationTime(traffic, on: device) : memory
            let time = max(flops.value / peak, bus)
            if time < best.busy.value {
                best = Demand(engine: kind, engineTime: Seconds(flops.value / peak), memoryTime: Seconds(bus))
            }
        }
        best.flops = flops
        best.memoryBytes = Bytes(bytes.read + bytes.written)
        best.cacheBytes = traffic.memory
        best.energy = energy(of: best, math: math, on: device)
        if best.engine == .bank { best.energy.memory = Joules(device.bankEnergy(inBanks: traffic.stationed.value, onBus: traffic.activations.value)) }
        return best
    }

    private func activationTime(_ traffic: Traffic, on device: Device) -> Double {
        let own = device.compulsory(Traffic(activationsRead: traffic.activationsRead, activationsWritten: traffic.activationsWritten))
        return own.read / device.memoryBandwidth + own.written / device.memoryWriteBandwidth
    }

    private func elementwise(_ o: Elementwise, on device: Device) -> Demand {
        let bytes = device.compulsory(o.traffic)
        guard let engine = device.elementwiseEngine else { return Demand(engineTime: Seconds(.infinity)) }
        var demand = Demand(engine: engine.kind, engineTime: Seconds((o.flops.value / device.peak(engine, o.math)).finiteOr(0)),
                            memoryTime: Seconds(bytes.read / device.memoryBandwidth + bytes.written / device.memoryWriteBandwidth),
                            memoryBytes: Bytes(bytes.read + bytes.written), cacheBytes: o.traffic.memory, flops: o.flops)
        if o.specials > 0, let special = device.engine(.special) {
            demand.vectorTime = Seconds((o.specials / device.peak(special, o.math)).finiteOr(0))
        }
        demand.energy = energy(of: demand, math: o.math, on: device)
        return demand
    }
}

/// Dynamic energy at the boost clock: operations, bytes of the main memory with their way to the engine, and bytes that
/// were found in the cache.
func energy(of demand: Demand, math: NumberFormat, on device: Device) -> EnergyUse {
    let hits = max(0, demand.cacheBytes.value - demand.memoryBytes.value)
    let perByte = device.power.perByte[device.memory[device.mainMemoryIndex].level]?.value ?? 0
    let perHit = device.lastLevelCacheIndex.flatMap { device.power.perByte[device.memory[$0].level]?.value } ?? 0
    return EnergyUse(
        compute: Joules(demand.flops.value * device.energyPerFlop(math)),
        memory: Joules(demand.memoryBytes.value * perByte),
        cache: Joules(hits * perHit),
        link: Joules(demand.linkBytes.value * (device.power.perLinkByte?.value ?? 0)))
}

extension Device {
    /// Joules of the main memory when lanes beside its banks read what lies there and the rest passes its pins.
    func bankEnergy(inBanks: Double, onBus: Double) -> Double {
        let perByte = power.perByte[memory[mainMemoryIndex].level]?.value ?? 0
        return inBanks * (power.perBankByte?.value ?? perByte) + onBus * perByte
    }
}

extension Traffic {
    /// What an engine in the memory finds where it is: weights and the cache.
    var stationed: Bytes { weights + cacheRead + cacheWritten }
}
