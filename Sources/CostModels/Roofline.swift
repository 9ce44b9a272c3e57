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
        case .collective(let o): demand(of: o, over: Fabric(), on: device, under: runtime)
        case .copy(let o): demand(of: o, over: nil, from: device, to: device, under: runtime)
        default: Prepared(for: device, under: runtime).demand(of: op)
        }
    }

    /// The bound for one device and runtime, with everything that does not depend on the operator looked up beforehand:
    /// for those who ask about many operators.
    public struct Prepared: Sendable {
        let machine: Machine
        let sparse24: Bool

        public init(for device: Device, under runtime: Runtime) {
            machine = Machine(device)
            sparse24 = runtime.sparse24
        }

        /// The bound of an operator of one device; for a collective or a copy only its bytes.
        public func demand(of op: Operator) -> Demand {
            switch op {
            case .matmul(let o): best(o.flops, o.math, sparse: sparse24 && o.weights.sparse24, o.traffic)
            case .grouped(let o): best(o.flops, o.math, sparse: sparse24 && o.weights.sparse24, o.traffic)
            case .attention(let o): best(o.flops, o.math, sparse: false, o.traffic)
            case .elementwise(let o): elementwise(o)
            case .collective(let o): Demand(linkBytes: o.wireBytes, flops: o.flops)
            case .copy(let o): Demand(linkBytes: o.bytes)
            }
        }

        /// The fastest engine, each at its peak.
        private func best(_ flops: Flops, _ math: NumberFormat, sparse: Bool, _ traffic: Traffic) -> Demand {
            let bytes = machine.compulsory(traffic)
            let memory = bytes.read / machine.memory + bytes.written / machine.memoryWrite
            var best = Demand(engineTime: Seconds(.infinity))
            for engine in machine.engines where engine.kind != .special {
                let peak = engine.rates[math.place] * (sparse ? engine.sparsity : 1)
                guard peak > 0 else { continue }
                // Banks read weights and cache in place: only activations use the bus.
                let bus = engine.kind == .bank ? activationTime(traffic) : memory
                let compute = flops.value / peak
                guard max(compute, bus) < best.busy.value else { continue }
                best = Demand(engine: engine.kind, engineTime: Seconds(compute), memoryTime: Seconds(bus))
            }
            best.flops = flops
            best.memoryBytes = Bytes(bytes.read + bytes.written)
            best.cacheBytes = traffic.memory
            best.energy = machine.energy(of: best, math: math)
            return best
        }

        private func activationTime(_ traffic: Traffic) -> Double {
            let own = machine.compulsory(Traffic(activationsRead: traffic.activationsRead, activationsWritten: traffic.activationsWritten))
            return own.read / machine.memory + own.written / machine.memoryWrite
        }

        private func elementwise(_ o: Elementwise) -> Demand {
            guard let place = machine.elementwise else { return Demand(engineTime: Seconds(.infinity)) }
            let bytes = machine.compulsory(o.traffic), engine = machine.engines[place]
            var demand = Demand(engine: engine.kind, engineTime: Seconds((o.flops.value / engine.rates[o.math.place]).finiteOr(0)),
                                memoryTime: Seconds(bytes.read / machine.memory + bytes.written / machine.memoryWrite),
                                memoryBytes: Bytes(bytes.read + bytes.written), cacheBytes: o.traffic.memory, flops: o.flops)
            if o.specials > 0, let special = machine.special {
                demand.vectorTime = Seconds((o.specials / machine.engines[special].rates[o.math.place]).finiteOr(0))
            }
            demand.energy = machine.energy(of: demand, math: o.math)
            return demand
        }
    }
}
