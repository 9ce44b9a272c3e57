import Hardware
import Operators
import Quantities

/// A matrix product cut into output tiles, one unit each, and what that costs.
///
/// Every candidate's cost never falls when m, n, k or the batch grows, and the candidates are the same for every shape:
/// their minimum is monotone too. Tile and wave quantisation therefore show as steps, never as speed-ups from padding.
struct GEMMTiling {
    var rows: Int
    var columns: Int
    /// Parts into which the reduction is cut; partial sums are added up through the cache in 32 bits.
    var splitK: Int

    /// Tiles of the libraries' kernels (CUTLASS documentation, "Efficient GEMM"): up to 256×128, accumulators of 32 bits
    /// within a register file of 256 KiB; either operand may take the long side.
    static let candidates: [GEMMTiling] = {
        var all: [GEMMTiling] = []
        for rows in [16, 32, 64, 128, 256] {
            for columns in [16, 32, 64, 128, 256] where rows * columns <= 256 * 128 {
                for split in [1, 2, 3, 4, 6, 8, 16, 32] { all.append(GEMMTiling(rows: rows, columns: columns, splitK: split)) }
            }
        }
        return all
    }()

    /// The reduction advances by this many elements: two steps of the widest matrix instruction (k = 16 of 16-bit numbers).
    static let step = 32
    /// Steps whose operands are under way while one is multiplied (CUTLASS, "Efficient GEMM", software pipelining).
    static let stages = 4.0
}

/// A (possibly grouped) product as the tiling search sees it.
struct Product {
    /// Rows of A that share one B, for every B: one entry for a plain product.
    var groups: [Int]
    var n: Int
    var k: Int
    var batch: Int
    /// Bytes of an element on the way from the cache: A, B and C.
    var inputWidth: Double
    var weightWidth: Double
    var outputWidth: Double
    /// Bytes of an element in the unit's local memory, ready for the engine.
    var mathWidth: Double
    /// Bytes from and to the main memory if nothing is read twice, activations that stay in the cache left out.
    var read: Double
    var written: Double
    /// Vector operations to widen one weight; 0 when the engine takes it as it is.
    var wideningOps: Double
    /// Bytes of widened weights that a kernel before this one writes and this one reads, and of the stored ones it reads.
    var widened: Double
    var storedWeights: Double
}

extension Units {
    func cost(of product: Product, by tiling: GEMMTiling) -> TileCost {
        let units = Double(count)
        var rowTiles = 0
        for rows in product.groups { rowTiles += ceilDivide(rows, tiling.rows) }
        let columnTiles = ceilDivide(product.n, tiling.columns)
        let tiles = Double(rowTiles) * Double(columnTiles) * Double(product.batch) * Double(tiling.splitK)
        let depth = Double(ceilDivide(ceilDivide(product.k, tiling.splitK), GEMMTiling.step) * GEMMTiling.step)
        let tm = Double(tiling.rows), tn = Double(tiling.columns)
        let waves = (tiles / units).rounded(.up)

        // One tile on one unit.
        let multiply = 2 * tm * tn * depth / (rate / units)
        let local = operandReads * (tm + tn) * depth * product.mathWidth / feed
        let drawn = (tm * product.inputWidth + tn * product.weightWidth) * depth
        // Units next to each other share the larger operand.
        let shared = drawn - max(tm * product.inputWidth, tn * product.weightWidth) * depth * (1 - 1 / multicast)
        // Tiles whose stages fit a unit's memory together run there together and hide each other's fill and drain.
        let stage = drawn / depth * Double(GEMMTiling.step)
        let resident = max(1, (localCapacity / (stage * GEMMTiling.stages)).rounded(.down))
        let fill = memoryLatency + tm * tn * product.outputWidth / feed
        // Little's law: a step cannot come sooner than the latency over the steps under way.
        let streaming = max(1, waves / resident) * (depth / Double(GEMMTiling.step)) * memoryLatency / GEMMTiling.stages

        // The whole product.
        let outputs = Double(rowTiles) * tm * Double(columnTiles) * tn * Double(product.batch)
        let partials = tiling.splitK > 1 ? outputs * 4 * 2 * Double(tiling.splitK) : 0
        var cost = TileCost()
        cost.engine = waves * max(multiply, local) + ((waves / resident).rounded(.up) - 1) * fill
        cost.cacheBytes = tiles * shared + outputs * product.outputWidth + partials
        cost.cache = max(cost.cacheBytes / cacheBandwidth, waves * drawn / feed, streaming)
        cost.occupancy = min(1, tiles / (waves * units))

        let refetched = refetch(product, rowTiles: rowTiles, columnTiles: columnTiles, tiling)
        let spilled = max(0, partials - cacheCapacity) / 2
        let read = product.read + refetched + spilled + product.widened, written = product.written + spilled + product.widened
        cost.memoryBytes = read + written
        cost.memory = read / memoryBandwidth + written / memoryWriteBandwidth
        if product.wideningOps > 0 {
            // Every row of tiles widens its weights anew.
            let widened = Double(rowTiles) * Double(columnTiles) * tn * depth * Double(tiling.splitK) * Double(product.batch)
            cost.vector = max(widened * product.wideningOps / vectorRate, waves * tn * depth * product.wideningOps / (vectorRate / units))
        }
        if product.widened > 0 {
            // The product cannot start before its weights are there.
            cost.engine += product.storedWeights / memoryBandwidth + product.widened / memoryWriteBandwidth
            cost.cacheBytes += product.storedWeights + product.widened
            cost.latency += gap
        }
        cost.latency += floor + fill + (tiling.splitK > 1 ? gap : 0)
        return cost
    }

    /// Bytes read again from the main memory because a wave's operands have left the cache before the next needs them.
    ///
    /// Tiles run in waves that cover a block of the output as square as it can be. When the smaller operand stays in
    /// (half of) the cache the other streams past once; otherwise one of them is read again for every band of waves.
    private func refetch(_ product: Product, rowTiles: Int, columnTiles: Int, _ tiling: GEMMTiling) -> Double {
        guard product.groups.count == 1 else { return 0 }
        let a = Double(rowTiles * tiling.rows) * Double(product.k) * product.inputWidth
        let b = Double(columnTiles * tiling.columns) * Double(product.k) * product.weightWidth
        guard min(a, b) > cacheCapacity / 2 else { return 0 }
        let bandRows = max(1, (Double(count) * Double(tiling.columns) / Double(tiling.rows)).squareRoot().rounded(.down))
        let bandColumns = max(1, (Double(count) / bandRows).rounded(.down))
        let again = min(b * ((Double(rowTiles) / bandRows).rounded(.up) - 1), a * ((Double(columnTiles) / bandColumns).rounded(.up) - 1))
        return again * Double(product.batch)
    }

    /// The kernel that the vendor's library would choose: the fastest, at the clock that the power limit leaves it.
    func fastest(_ product: Product, within power: PowerBudget?) -> (GEMMTiling, TileCost) {
        var best = GEMMTiling.candidates[0]
        var bestCost = TileCost(latency: .infinity)
        for candidate in GEMMTiling.candidates {
            var cost = cost(of: product, by: candidate)
            guard cost.duration < bestCost.duration else { continue }
            power?.settle(&cost)
            if cost.duration < bestCost.duration { (best, bestCost) = (candidate, cost) }
        }
        return (best, bestCost)
    }
}
