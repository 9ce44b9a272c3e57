import Hardware
import Operators
import Quantities

extension Elementwise.Kind {
    /// One block of threads works on a row because the row is reduced; otherwise any cut will do.
    var reducesRows: Bool {
        switch self {
        case .norm, .softmax, .sampling, .router, .quantise: true
        case .activation, .rotary, .add, .embedding, .permute, .combine, .dequantise, .cacheWrite, .patchEmbedding, .move: false
        }
    }
}

/// Smallest piece that a memory delivers: one sector pair of a DRAM burst (64 bytes in HBM and GDDR6; JESD235, JESD250).
private let burst = 64.0

extension Cycle.Prepared {
    func elementwise(_ o: Elementwise) -> Demand {
        guard let place = machine.elementwise else { return Demand(engineTime: Seconds(.infinity)) }
        if device.kind == .cpu, device.engines[place].kind == .vector {
            return elementwise(o, on: Cores(machine, engine: place, math: o.math), at: place)
        }
        let units = Units(machine, engine: place, math: o.math)
        var bytes = machine.transferred(o.traffic)
        if o.kind == .embedding, o.rows > 0 {
            // Rows lie anywhere in the table: each is read in whole bursts.
            let row = o.traffic.weights.value / Double(o.rows)
            bytes.read += Double(o.rows) * ((row / burst).rounded(.up) * burst - row)
        }
        var cost = TileCost()
        cost.cacheBytes = o.traffic.memory.value
        cost.cache = cost.cacheBytes / units.cacheBandwidth
        var occupancy = 1.0
        if o.kind.reducesRows, o.rows > 0 {
            let busiest = (Double(o.rows) / Double(units.count)).rounded(.up)
            // Every row has elements of its own and goes through the same weights.
            let weights = o.traffic.weights.value, perRow = (cost.cacheBytes - weights) / Double(o.rows) + weights
            cost.cache = max(cost.cache, busiest * perRow / units.feed)
            occupancy = min(1, Double(o.rows) / Double(units.count))
        }
        cost.occupancy = occupancy
        cost.engine = (o.flops.value / machine.rate(place, o.math)).finiteOr(0) / occupancy
        let special = machine.special.map { machine.rate($0, o.math) } ?? units.vectorRate
        cost.vector = o.specials / special / occupancy
        cost.memoryBytes = bytes.read + bytes.written
        cost.memory = bytes.read / units.memoryBandwidth + bytes.written / units.memoryWriteBandwidth
        cost.latency = units.floor + units.memoryLatency
        return settle(cost, flops: o.flops, math: o.math, on: place, choice: .none)
    }
}
