import Hardware
import Operators
import Quantities

/// Fused attention cut into blocks of queries (FlashAttention-2, arXiv 2307.08691) and, for few queries, of context too
/// (Flash-Decoding).
struct AttentionKernel {
    /// The query heads that share one cached head are rows of one block.
    var packsHeads: Bool
    var rows: Int
    /// Parts into which the context of a block is cut; partial results are combined through the cache.
    var parts: Int

    static let candidates: [AttentionKernel] = [false, true].flatMap { packs in
        [16, 64, 128].flatMap { rows in
            [1, 2, 4, 8, 16, 32, 64, 128].map { AttentionKernel(packsHeads: packs, rows: rows, parts: $0) }
        }
    }

    /// Keys of one step of the inner loop; on average half a step is masked away at the end of a row.
    static let keyStep = 128.0

    /// Operations on the vector engine for one score: scale and subtract the maximum (one multiply-add), compare for the
    /// maximum, add to the sum, convert for the second product (FlashAttention-2, section 3.1).
    static let operationsPerScore = 4.0

    /// Memory latencies that follow on each other before a block does useful work and after it: length, page table,
    /// queries, first keys, first values, output. Fitted, not counted: the slope of decode time over waves of blocks at
    /// contexts of at most 16 keys, where nothing else matters (Scripts/fit_attention.py).
    static let dependentAccesses = 8.0
}

extension Units {
    func cost(of o: Attention, by kernel: AttentionKernel, moved: (read: Double, written: Double)) -> TileCost {
        let units = Double(count)
        let group = Double(max(1, o.heads / max(1, o.kvHeads)))
        let rowsPerQuery = kernel.packsHeads ? group : 1
        let chains = Double(o.batch) * Double(o.heads) / rowsPerQuery
        let rowTiles = (Double(o.queries) * rowsPerQuery / Double(kernel.rows)).rounded(.up)
        let keys = visibleKeys(o, tiles: rowTiles, queriesPerTile: Double(kernel.rows) / rowsPerQuery)
        let parts = Double(kernel.parts)
        let width = Double(o.keyDimension + o.valueDimension)
        let cached = o.cache.bytes(elements: Double(o.sharedKeyValue ? o.keyDimension : o.keyDimension + o.valueDimension)).value

        // In units of "keys seen by one block", the work that the slowest unit gets.
        let blocks = chains * rowTiles
        let share: Double
        if rowTiles == 1 {
            share = (blocks * parts / units).rounded(.up) * keys.largest / parts
        } else {
            // Blocks of different length are started longest first.
            share = max(chains * keys.total / units, keys.largest / parts)
        }
        let rows = Double(kernel.rows)
        var cost = TileCost()
        cost.vector = share * rows * (AttentionKernel.operationsPerScore / vectorRate + 1 / specialRate) * units
        // The softmax of a block stands between its two products.
        cost.engine = share * rows * 2 * width / (rate / units) + cost.vector
        let partials = kernel.parts > 1 ? Double(o.batch) * Double(o.heads) * Double(o.queries) * Double(o.valueDimension) * 4 * 2 * parts : 0
        cost.cacheBytes = chains * keys.total * cached + o.traffic.activations.value + partials
        cost.cache = max(cost.cacheBytes / cacheBandwidth, share * cached / feed)
        cost.occupancy = min(1, blocks * parts / units)

        // Blocks of one head run together and share what they read; later waves find it in the cache if it fits there.
        let perChain = Double(o.keysRead) * cached
        let tilesPerHead = rowTiles * (kernel.packsHeads ? 1 : group)
        let inFlight = max(1, (units / tilesPerHead).rounded(.up)) * perChain
        let again = inFlight > cacheCapacity ? max(0, (tilesPerHead / units).rounded(.up) - 1) * o.cacheBytes.value : 0
        cost.memoryBytes = moved.read + again + moved.written
        cost.memory = (moved.read + again) / memoryBandwidth + moved.written / memoryWriteBandwidth
        let waves = (blocks * parts / units).rounded(.up)
        cost.latency = floor + waves * AttentionKernel.dependentAccesses * memoryLatency + (kernel.parts > 1 ? gap : 0)
        return cost
    }

    /// Keys that the blocks of one chain look at, in all and in the largest block, with what padding adds.
    private func visibleKeys(_ o: Attention, tiles: Double, queriesPerTile: Double) -> (total: Double, largest: Double) {
        let padding = AttentionKernel.keyStep / 2
        let context = Double(o.context), queries = Double(o.queries)
        let cut = o.window > 0 ? min(context, Double(o.window) + min(queries, queriesPerTile) - 1) : context
        guard o.causal else { return (tiles * (cut + padding), cut + padding) }
        // Tile i sees `first + i·queriesPerTile` keys, at most `cut`, the last one the whole context.
        let first = context - queries + min(queries, queriesPerTile)
        let growing = min(tiles, max(0, ((cut - first) / queriesPerTile).rounded(.up)))
        let total = growing * first + queriesPerTile * growing * max(0, growing - 1) / 2 + (tiles - growing) * cut
        return (total + tiles * padding, cut + padding)
    }

    func fastest(_ o: Attention, splits: Bool, moved: (read: Double, written: Double), within power: PowerBudget?) -> (AttentionKernel, TileCost) {
        var best = AttentionKernel.candidates[0]
        var bestCost = TileCost(latency: .infinity)
        for candidate in AttentionKernel.candidates where splits || candidate.parts == 1 {
            var cost = cost(of: o, by: candidate, moved: moved)
            guard cost.duration < bestCost.duration else { continue }
            power?.settle(&cost)
            if cost.duration < bestCost.duration { (best, bestCost) = (candidate, cost) }
        }
        return (best, bestCost)
    }
}
