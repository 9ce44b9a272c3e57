import Hardware
import Operators
import Quantities

/// A matrix product cut into output tiles, one unit each.
///
/// Every candidate's cost never falls when m, n, k or the batch grows, and the candidates are the same for every shape:
/// their minimum is monotone too. Tile and wave quantisation therefore show as steps, never as speed-ups from padding.
struct GEMMTiling: Hashable {
    var rows: Int
    var columns: Int
    /// Parts into which the reduction is cut; partial sums are added up through the cache in 32 bits.
    var splitK: Int

    /// Sides of the libraries' tiles (CUTLASS documentation, "Efficient GEMM"): up to 256×128 with accumulators of 32 bits
    /// in a register file of 256 KiB; either operand may take the long side.
    static let sides = [16, 32, 64, 128, 256]
    static let largest = 256 * 128
    static let splits = [1, 2, 3, 4, 6, 8, 16, 32]

    /// The reduction advances by this many elements: two steps of the widest matrix instruction (k = 16 of 16-bit numbers).
    static let step = 32
    /// Steps whose operands are under way while one is multiplied (CUTLASS, "Efficient GEMM", software pipelining).
    static let stages = 4.0
    /// Memory latencies that pass, beside the first operands' own, before the main loop of a kernel runs at its pace:
    /// descriptors, address translation, the ramp of all units asking at once. Fitted: what products of at most 8 rows take
    /// beyond reading their weights and beyond the shortest kernel (Scripts/fit_kernel_latencies.py).
    static let firstAccesses = 3.0
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

    /// Seconds of the kernel before this one.
    func passTime(on units: borrowing Units) -> Double { widened > 0 ? storedWeights / units.memoryBandwidth + widened / units.memoryWriteBandwidth : 0 }
}

/// One size of tile for one kind of product on one engine: what no size of the product changes.
struct TileShape: Sendable {
    let rows: Int
    let columns: Int
    /// Seconds of one tile for one element of the reduction: multiplying or reading the local memory, whichever is longer.
    let pace: Double
    /// Bytes into a unit for one element of the reduction, and of those what the cache delivers.
    let drawn: Double
    let delivered: Double
    let fill: Double
    let resident: Double
    /// Of the fill, what even the first tile hides: all of it where a unit's memory has no bounds.
    let hidden: Double
    let widening: Double
    /// Seconds before and after the main loop of a kernel that is not split.
    let latency: Double

    init(_ product: borrowing Product, rows: Int, columns: Int, on units: borrowing Units) {
        self.rows = rows
        self.columns = columns
        let tm = Double(rows), tn = Double(columns), count = Double(units.count)
        pace = max(2 * tm * tn * count / units.rate, units.operandReads * (tm + tn) * product.mathWidth / units.feed)
        let a = tm * product.inputWidth, b = tn * product.weightWidth
        drawn = a + b
        // Units next to each other share the larger operand.
        delivered = drawn - max(a, b) * (1 - 1 / units.multicast)
        // Tiles whose stages fit a unit's memory together run there together and hide each other's fill and drain.
        resident = max(1, (units.localCapacity / (drawn * Double(GEMMTiling.step) * GEMMTiling.stages)).rounded(.down))
        fill = units.memoryLatency + tm * tn * product.outputWidth / units.feed
        hidden = resident.isFinite ? 0 : fill
        // Every row of tiles widens its weights anew.
        widening = product.wideningOps > 0 ? tn * product.wideningOps / units.vectorRate : 0
        latency = units.floor + fill + GEMMTiling.firstAccesses * units.memoryLatency
    }
}

/// A product under one size of tile: what does not depend on how the reduction is split.
struct TileGrid {
    private let shape: TileShape
    private let tiles: Double
    private let outputs: Double
    private let refetched: Double
    private let pass: Double

    init(_ product: borrowing Product, rows: Int, columns: Int, rowTiles: Int, on units: borrowing Units) {
        self.init(product, TileShape(product, rows: rows, columns: columns, on: units), rowTiles: rowTiles, columnTiles: ceilDivide(product.n, columns), on: units)
    }

    init(_ product: borrowing Product, _ shape: TileShape, rowTiles: Int, columnTiles: Int, on units: borrowing Units) {
        self.shape = shape
        tiles = Double(rowTiles) * Double(columnTiles) * Double(product.batch)
        outputs = tiles * Double(shape.rows) * Double(shape.columns)
        pass = product.passTime(on: units)
        refetched = Self.refetch(product, rows: shape.rows, columns: shape.columns, rowTiles: rowTiles, columnTiles: columnTiles, on: units)
    }

    /// - Parameters:
    ///   - split: parts of the reduction.
    ///   - depth: elements of one part, padded to whole steps.
    func cost(of product: borrowing Product, split: Double, depth: Double, on units: borrowing Units) -> TileCost {
        let count = Double(units.count), parts = tiles * split
        let waves = ceiling(parts / count)
        // Little's law: a step cannot come sooner than the latency over the steps under way.
        let streaming = max(1, waves / shape.resident) * (depth / Double(GEMMTiling.step)) * units.memoryLatency / GEMMTiling.stages
        let partials = split > 1 ? outputs * 4 * 2 * split : 0
        var cost = TileCost()
        cost.engine = waves * depth * shape.pace + (ceiling(waves / shape.resident) - 1) * shape.fill + pass
        cost.cacheBytes = parts * shape.delivered * depth + outputs * product.outputWidth + partials + product.storedWeights + product.widened
        cost.cache = max(cost.cacheBytes / units.cacheBandwidth, waves * shape.drawn * depth / units.feed, streaming)
        cost.occupancy = min(1, parts / (waves * count))
        let spilled = max(0, partials - units.cacheCapacity) / 2
        let read = product.read + refetched + spilled + product.widened, written = product.written + spilled + product.widened
        cost.memoryBytes = read + written
        cost.memory = read / units.memoryBandwidth + written / units.memoryWriteBandwidth
        cost.vector = shape.widening * depth * waves * count
        cost.latency = shape.latency + (split > 1 ? units.gap : 0) + (pass > 0 ? units.gap : 0)
        return cost
    }

    /// The engine's time alone, as far as waves of whole tiles set it.
    func engineTime(split: Double, depth: Double, on units: borrowing Units) -> Double {
        ceiling(tiles * split / Double(units.count)) * depth * shape.pace - shape.hidden
    }

    /// What no split of the reduction comes below: all units busy to the last, nothing padded in depth, no partial sums.
    func bound(of product: borrowing Product, on units: borrowing Units) -> TileCost {
        let depth = Double(product.k), whole = tiles * depth / Double(units.count)
        var cost = TileCost()
        cost.engine = whole * shape.pace + pass - shape.hidden
        cost.cacheBytes = tiles * shape.delivered * depth + outputs * product.outputWidth + product.storedWeights + product.widened
        cost.cache = max(cost.cacheBytes / units.cacheBandwidth, whole * shape.drawn / units.feed)
        let read = product.read + refetched + product.widened, written = product.written + product.widened
        cost.memoryBytes = read + written
        cost.memory = read / units.memoryBandwidth + written / units.memoryWriteBandwidth
        cost.vector = shape.widening * depth * tiles
        cost.latency = shape.latency + (pass > 0 ? units.gap : 0)
        return cost
    }

    /// Bytes read again from the main memory because a wave's operands have left the cache before the next needs them.
    ///
    /// Tiles run in waves that cover a block of the output as square as it can be. When the smaller operand stays in
    /// (half of) the cache the other streams past once; otherwise one of them is read again for every band of waves.
    private static func refetch(_ product: borrowing Product, rows: Int, columns: Int, rowTiles: Int, columnTiles: Int, on units: borrowing Units) -> Double {
        guard product.groups.count == 1 else { return 0 }
        let a = Double(rowTiles) * Double(rows) * Double(product.k) * product.inputWidth
        let b = Double(columnTiles) * Double(columns) * Double(product.k) * product.weightWidth
        guard min(a, b) > units.cacheCapacity / 2 else { return 0 }
        let bandRows = max(1, (Double(units.count) * Double(columns) / Double(rows)).squareRoot().rounded(.down))
        let bandColumns = max(1, (Double(units.count) / bandRows).rounded(.down))
        let again = min(b * (ceiling(Double(rowTiles) / bandRows) - 1), a * (ceiling(Double(columnTiles) / bandColumns) - 1))
        return again * Double(product.batch)
    }
}

extension GEMMTiling {
    /// Pairs of sides within the largest tile.
    static let shapes = sides.reduce(0) { count, rows in count + sides.count { rows * $0 <= largest } }

    /// Elements of one part of a reduction over `k`, padded to whole steps.
    static func depth(_ k: Int, split: Int) -> Double { Double(ceilDivide(ceilDivide(k, split), step) * step) }
}

/// `x` rounded up, for x ≥ 0: what the compiler makes a few instructions of, where `rounded(.up)` may be a call.
@inline(__always)
func ceiling(_ x: Double) -> Double {
    guard x < 1e15 else { return x }
    let whole = Double(Int(x))
    return whole < x ? whole + 1 : whole
}
