import Hardware
import Operators
import Quantities

/// Operators on the cores of a processor. A library either streams weights past the cores, when few rows multiply them, or
/// packs them into tiles that stay in a core's cache (Goto and van de Geijn, "Anatomy of High-Performance Matrix
/// Multiplication", ACM TOMS 2008).
extension Cycle.Prepared {
    /// - Parameter groups: rows of the left operand for each of the matrices.
    func product(groups: [Int], n: Int, k: Int, batch: Int, _ weights: TensorFormat, _ math: NumberFormat, isWeight: Bool,
                 _ flops: Flops, _ traffic: Traffic, on cores: Cores, at place: Int) -> Demand {
        let widening = Widening(weights: weights, math: device.engines[place].native(math) ?? math, under: runtime, isWeight: isWeight)
        let elements = Double(n) * Double(k) * Double(batch)
        let moved = machine.transferred(traffic)
        var parts = cores.streamed(read: moved.read, written: moved.written, cores: cores.count)
        if widening.passWidth > 0 {
            // A pass of its own writes the widened weights, and the product reads them.
            let widened = widening.passWidth * elements * Double(groups.count)
            parts = parts + cores.streamed(read: widened, written: widened, cores: cores.count)
        }
        var streams = true
        var engine = 0.0, again = 0.0
        for rows in groups {
            let passes = Double(ceilDivide(rows, runtime.rowsPerPass ?? Cores.rowsOfPass))
            let streamed = 2 * Double(rows) * elements / cores.rate + widening.operations * elements * passes / cores.simpleRate
            let padded = Double(ceilDivide(rows, cores.tileRows) * cores.tileRows)
            let packed = 2 * padded * elements / cores.rate + (widening.operations + Cores.operationsOfPacking) * elements / cores.simpleRate
            let choice = rows <= runtime.streamingRows ?? 2 * Cores.rowsOfPass
            streams = streams && choice
            engine += choice ? streamed : packed
            // Every further pass finds the few columns it goes over in a cache, or all of the weights where those fit the cores' own:
            // from the cache that all share a second pass was measured to be no faster than the first.
            if choice, passes > 1 {
                let set = runtime.rowsPerPass == nil ? 4 * Double(k) * widening.streamedWidth * cores.count : elements * widening.streamedWidth
                let read = (passes - 1) * elements * widening.streamedWidth
                if runtime.rowsPerPass == nil || set <= cores.privateCapacity {
                    again += cores.touched(read: read, written: 0, of: set, cores: cores.count).cache
                } else {
                    parts = parts + cores.streamed(read: read, cores: cores.count)
                }
            }
        }
        var cost = TileCost()
        cost.engine = engine
        cost.cacheBytes = traffic.memory.value
        cost.cache = cores.touched(read: traffic.activationsRead.value, written: traffic.activationsWritten.value,
                                   of: traffic.activations.value, cores: cores.count).cache + again
        cost.memory = parts.memory
        cost.memoryBytes = parts.memoryBytes
        // Packing the left operand is a region of its own.
        cost.latency = cores.forkJoin * (streams ? 1 : 2) + cores.memoryLatency
        return settle(cost, flops: flops, math: math, on: place, choice: streams ? .streamed : .packed(rows: cores.tileRows))
    }

    func attention(_ o: Attention, on cores: Cores, at place: Int) -> Demand {
        let pairs = Double(o.batch) * Double(max(1, o.kvHeads))
        // A range of less than 256 keys is not worth a merge.
        let parts = o.isDecode && runtime.fuses(.splitContext) ? max(1, Double(o.context) / 256) : 1
        let blocks = o.isDecode ? pairs * parts : pairs * max(1, Double(o.queries) * Double(o.heads) / Double(max(1, o.kvHeads)) / 96)
        let busy = min(cores.count, blocks)
        // Half a step of keys is masked away at the end of every row of a tile; a row of its own sees each key once.
        let padding = o.causal && !o.isDecode ? Double(o.batch) * Double(o.queries) * Self.keysOfTile / 2 : 0
        let scores = (Double(o.batch) * o.pairs + padding) * Double(o.heads)
        let part = busy / cores.count
        var cost = TileCost()
        cost.vector = scores * (AttentionKernel.operationsPerScore + Cores.operationsOfSpecial) / cores.simpleRate / part
        cost.engine = scores * 2 * Double(o.keyDimension + o.valueDimension) / cores.rate / part + cost.vector
        let traffic = o.traffic
        let activations = cores.touched(read: traffic.activationsRead.value, written: traffic.activationsWritten.value,
                                        of: traffic.activations.value, cores: busy)
        let moved = machine.transferred(traffic)
        let streamed = cores.streamed(read: moved.read, written: moved.written, cores: busy)
        cost.cacheBytes = traffic.memory.value
        cost.cache = activations.cache
        cost.memory = streamed.memory
        cost.memoryBytes = streamed.memoryBytes
        cost.occupancy = part
        cost.latency = (busy > 1 ? cores.forkJoin : 0) * (parts > 1 ? 2 : 1) + cores.memoryLatency
        return settle(cost, flops: o.flops, math: o.math, on: place, choice: .contextSplit(queries: o.queries, parts: Int(parts)))
    }

    /// Keys of one tile of attention in the caches of a core.
    private static let keysOfTile = 64.0

    func elementwise(_ o: Elementwise, on cores: Cores, at place: Int) -> Demand {
        // No core gets less than a grain, in whole rows where they are reduced.
        let elements = max(1, o.elements), whole = o.kind.reducesRows ? Double(max(1, o.width)) : 1
        let grain = max(1, (Double(runtime.parallelGrain) / whole).rounded(.up)) * whole
        let together = elementwise(o, on: cores, at: place, busy: min(cores.count, max(1, elements / grain)))
        // A library without a grain of its own keeps to one core what is sooner done there.
        guard runtime.parallelGrain == 0 else { return together }
        let alone = elementwise(o, on: cores, at: place, busy: 1)
        return together.duration < alone.duration ? together : alone
    }

    private func elementwise(_ o: Elementwise, on cores: Cores, at place: Int, busy: Double) -> Demand {
        let part = busy / cores.count, traffic = o.traffic
        let special = machine.special.map { machine.rate($0, o.math) } ?? cores.simpleRate / Cores.operationsOfSpecial
        var cost = TileCost()
        cost.engine = (o.flops.value / cores.simpleRate + o.specials / special) / part
        let set = traffic.activations.value + (o.kind == .embedding ? 0 : traffic.weights.value)
        var time = cores.touched(read: traffic.activationsRead.value, written: traffic.activationsWritten.value, of: set, cores: busy)
        let stationed = cores.streamed(read: traffic.weights.value + traffic.cacheRead.value, written: traffic.cacheWritten.value, cores: busy)
        time = time + stationed
        cost.cache = time.cache
        cost.cacheBytes = traffic.memory.value
        cost.memory = time.memory
        cost.memoryBytes = time.memoryBytes
        cost.occupancy = part
        cost.latency = busy > 1 ? cores.forkJoin : 0
        // Rows of a table lie anywhere: each begins with a miss.
        if o.kind == .embedding { cost.latency += max(1, Double(o.rows) / busy) * cores.memoryLatency }
        return settle(cost, flops: o.flops, math: o.math, on: place, choice: .none)
    }
}
