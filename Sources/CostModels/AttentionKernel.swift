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

    static let rowsOfBlocks = [16, 64, 128]
    static let partsOfContext = [1, 2, 4, 8, 16, 32, 64, 128]

    /// Keys of one step of the inner loop; on average half a step is masked away at the end of a row.
    static let keyStep = 128.0
    /// Of decode, where a block has few rows. An assumption, read in no source.
    static let decodeStep = 64.0

    /// Operations on the vector engine for one score: scale and subtract the maximum (one multiply-add), compare for the
    /// maximum, add to the sum, convert for the second product (FlashAttention-2, section 3.1).
    static let operationsPerScore = 4.0

    /// Memory latencies that follow on each other before a block does useful work and after it: length, page table,
    /// queries, first keys, first values, output. Fitted, not counted: the slope of decode time over waves of blocks at
    /// contexts of at most 16 keys, where nothing else matters (Scripts/fit_kernel_latencies.py).
    static let dependentAccesses = 8.0
}

/// Attention under one shape of block: what does not depend on how the context is split.
struct AttentionGrid {
    private let units: Units
    private let o: Attention
    private let moved: (read: Double, written: Double)
    private let chains: Double
    private let rowTiles: Double
    private let keys: (total: Double, largest: Double)
    /// Seconds of one unit for a key seen by a block: both products, and the softmax between them.
    private let products: Double
    private let softmax: Double
    /// Bytes of the cache for a key.
    private let cached: Double
    private let again: Double
    /// Bytes a second from the cache that all units share: as much as they take in where nobody states it.
    private let cacheRate: Double

    init(_ o: Attention, packsHeads: Bool, rows: Int, moved: (read: Double, written: Double), on units: Units) {
        self.units = units
        self.o = o
        self.moved = moved
        let count = Double(units.count)
        let group = Double(max(1, o.heads / max(1, o.kvHeads)))
        let rowsPerQuery = packsHeads ? group : 1
        chains = Double(o.batch) * Double(o.heads) / rowsPerQuery
        rowTiles = ceiling(Double(o.queries) * rowsPerQuery / Double(rows))
        keys = Self.visibleKeys(o, tiles: rowTiles, queriesPerTile: Double(rows) / rowsPerQuery)
        cached = o.cache.bytes(elements: Double(o.sharedKeyValue ? o.keyDimension : o.keyDimension + o.valueDimension)).value
        products = Double(rows) * 2 * Double(o.keyDimension + o.valueDimension) * count / units.rate
        softmax = Double(rows) * (AttentionKernel.operationsPerScore / units.vectorRate + 1 / units.specialRate) * count
        // Blocks of one head run together and share what they read; later waves find it in the cache if it fits there.
        let tilesPerHead = rowTiles * (packsHeads ? 1 : group)
        cacheRate = min(units.cacheBandwidth, units.feed * count)
        let inFlight = max(1, ceiling(count / tilesPerHead)) * Double(o.keysRead) * cached
        again = inFlight > units.cacheCapacity ? max(0, ceiling(tilesPerHead / count) - 1) * o.cacheBytes.value : 0
    }

    /// Parts that a kernel of this plan cuts a block's context into.
    func parts(under cut: AttentionPlan.Cut) -> Double {
        cut.parts(of: chains * rowTiles, on: Double(units.count), visible: visible)
    }

    /// Keys that the last block sees.
    private var visible: Double { keys.largest - AttentionKernel.keyStep / 2 }

    /// Whole steps of one query's inner loop, which are half as long as those of many.
    private static func padded(_ keys: Double) -> Double { ceiling(keys / AttentionKernel.decodeStep) * AttentionKernel.decodeStep }

    /// - Parameter planned: how the library cuts is known, and so how many keys of the last step of a part are masked away.
    func cost(parts: Double, planned: Bool = false) -> TileCost {
        let count = Double(units.count), blocks = chains * rowTiles * parts
        let waves = ceiling(blocks / count)
        // Keys that the busiest unit sees; blocks of different length are started longest first.
        let ofPart = planned && rowTiles == 1 ? Self.padded(visible / parts) : keys.largest / parts
        let share = rowTiles == 1 ? waves * ofPart : max(chains * keys.total / count, keys.largest / parts)
        let partials = parts > 1 ? Double(o.batch) * Double(o.heads) * Double(o.queries) * Double(o.valueDimension) * 4 * 2 * parts : 0
        var cost = TileCost()
        cost.vector = share * softmax
        // The softmax of a block stands between its two products.
        cost.engine = share * products + cost.vector
        cost.cacheBytes = (planned && rowTiles == 1 ? blocks * ofPart : chains * keys.total) * cached + o.traffic.activations.value + partials
        cost.shared = cost.cacheBytes / cacheRate
        cost.feed = share * cached / units.feed
        cost.cache = max(cost.shared, cost.feed)
        cost.occupancy = min(1, blocks / count)
        cost.memoryBytes = moved.read + again + moved.written
        cost.memory = (moved.read + again) / units.memoryBandwidth + moved.written / units.memoryWriteBandwidth
        cost.latency = units.floor + waves * AttentionKernel.dependentAccesses * units.memoryLatency + (parts > 1 ? units.gap : 0)
        return cost
    }

    /// Keys that the blocks of one chain look at, in all and in the largest block, with what padding adds.
    private static func visibleKeys(_ o: Attention, tiles: Double, queriesPerTile: Double) -> (total: Double, largest: Double) {
        let padding = AttentionKernel.keyStep / 2
        let context = Double(o.context), queries = Double(o.queries)
        let cut = o.window > 0 ? min(context, Double(o.window) + min(queries, queriesPerTile) - 1) : context
        guard o.causal else { return (tiles * (cut + padding), cut + padding) }
        // Tile i sees `first + i·queriesPerTile` keys, at most `cut`, the last one the whole context.
        let first = context - queries + min(queries, queriesPerTile)
        let growing = min(tiles, ceiling(max(0, (cut - first) / queriesPerTile)))
        let total = growing * first + queriesPerTile * growing * max(0, growing - 1) / 2 + (tiles - growing) * cut
        return (total + tiles * padding, cut + padding)
    }
}

extension Units {
    /// The kernel that the library would choose: the fastest, at the clock that the power limit leaves it, of those that its plan allows.
    func fastest(_ o: Attention, _ way: AttentionWay, splits: Bool, moved: (read: Double, written: Double), within power: PowerBudget?) -> (AttentionKernel, TileCost) {
        var best = AttentionKernel(packsHeads: false, rows: 0, parts: 1)
        var bestCost = TileCost(latency: .infinity)
        for packs in [false, true] where way.packs ?? packs == packs {
            for rows in AttentionKernel.rowsOfBlocks {
                let grid = AttentionGrid(o, packsHeads: packs, rows: rows, moved: moved, on: self)
                func consider(_ parts: Int) {
                    var cost = grid.cost(parts: Double(parts), planned: way.cut != nil)
                    guard cost.duration < bestCost.duration else { return }
                    power?.settle(&cost)
                    if cost.duration < bestCost.duration { (best, bestCost) = (AttentionKernel(packsHeads: packs, rows: rows, parts: parts), cost) }
                }
                if let cut = way.cut {
                    consider(Int(grid.parts(under: cut)))
                } else {
                    for parts in AttentionKernel.partsOfContext where splits || parts == 1 { consider(parts) }
                }
            }
        }
        return (best, bestCost)
    }
}
