import Hardware
import Quantities

/// All tiles that a kernel for one kind of product may have on one engine.
struct TileShapes: Sendable {
    let units: Units
    private let shapes: [TileShape]
    /// One over rates of the units: bounds may round where answers must not.
    private let perUnit: Double
    private let perCacheByte: Double
    private let perFedByte: Double

    /// - Parameter product: of the kind; its size does not matter.
    init(_ product: borrowing Product, on units: Units) {
        self.units = units
        var list: [TileShape] = []
        list.reserveCapacity(GEMMTiling.shapes)
        for rows in GEMMTiling.sides {
            for columns in GEMMTiling.sides where rows * columns <= GEMMTiling.largest { list.append(TileShape(product, rows: rows, columns: columns, on: units)) }
        }
        shapes = list
        (perUnit, perCacheByte, perFedByte) = (1 / Double(units.count), 1 / units.cacheBandwidth, 1 / units.feed)
    }

    /// The kernel that the vendor's library would choose: the fastest, at the clock that the power limit leaves it.
    ///
    /// Every tile has a time that none of its splits comes below. The most promising one is tried first, and tiles and splits
    /// that cannot reach what that reaches are passed over: the answer is that of a search through all.
    func fastest(_ product: borrowing Product, within power: PowerBudget?) -> (GEMMTiling, TileCost) {
        let sides = GEMMTiling.sides.count, splits = GEMMTiling.splits
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * shapes.count + splits.count) { numbers in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * sides) { tiles in
                let bounds = numbers.baseAddress!, works = bounds + shapes.count, depths = works + shapes.count
                let rowTiles = tiles.baseAddress!, columnTiles = rowTiles + sides
                for (place, side) in GEMMTiling.sides.enumerated() {
                    var count = 0
                    for group in product.groups { count += ceilDivide(group, side) }
                    (rowTiles[place], columnTiles[place]) = (count, ceilDivide(product.n, side))
                }
                for place in splits.indices { depths[place] = GEMMTiling.depth(product.k, split: splits[place]) }
                let promising = bound(product, rowTiles, columnTiles, into: bounds, works)
                // The shortest that any candidate is known to take.
                var limit = Double.infinity

                /// The first of a tile's splits that is shorter than `best`, and no longer than any other candidate.
                func search(_ shape: TileShape, _ best: inout (GEMMTiling, TileCost)) {
                    let grid = TileGrid(product, shape, rowTiles: rowTiles[GEMMTiling.place(of: shape.rows)], columnTiles: columnTiles[GEMMTiling.place(of: shape.columns)], on: units)
                    let least = grid.bound(of: product, on: units)
                    guard least.duration <= limit * (1 + roundingSlack) else { return }
                    var most = least.longestWork(within: limit, power)
                    guard least.work <= most else { return }
                    for index in splits.indices {
                        let split = Double(splits[index])
                        guard grid.engineTime(split: split, depth: depths[index], on: units) <= most else { continue }
                        var cost = grid.cost(of: product, split: split, depth: depths[index], on: units)
                        guard cost.duration <= limit, cost.work <= most, cost.duration < best.1.duration else { continue }
                        power?.settle(&cost)
                        if cost.duration < limit {
                            limit = cost.duration
                            most = least.longestWork(within: limit, power)
                        }
                        if cost.duration < best.1.duration { best = (GEMMTiling(rows: shape.rows, columns: shape.columns, splitK: splits[index]), cost) }
                    }
                }

                let none = (GEMMTiling(rows: 0, columns: 0, splitK: 0), TileCost(latency: .infinity))
                var first = none, best = none
                search(shapes[promising], &first)
                let memory = power.map { ($0.limit.budget.value, $0.compute, $0.perMemoryByte * (product.read + product.written + 2 * product.widened)) }
                for place in shapes.indices where bounds[place] <= limit {
                    if place == promising {
                        if first.1.duration < best.1.duration { best = first }
                        continue
                    }
                    if let (budget, compute, other) = memory {
                        // As `longestWork`, without roots: work² · E_compute ≤ (T − latency)² · (budget · T − E_memory).
                        let time = limit * (1 + 1e-6), left = time - shapes[place].latency
                        guard works[place] * works[place] * compute <= left * left * (budget * time - other) * (1 + roundingSlack) else { continue }
                    }
                    search(shapes[place], &best)
                }
                return best
            }
        }
    }

    /// For each tile a time that none of its splits comes below at whatever clock, by multiplications alone, and of that what follows
    /// the clock.
    ///
    /// - Returns: the tile with the shortest.
    private func bound(_ product: borrowing Product, _ rowTiles: UnsafePointer<Int>, _ columnTiles: UnsafePointer<Int>, into bounds: UnsafeMutablePointer<Double>,
                       _ works: UnsafeMutablePointer<Double>) -> Int {
        let depth = Double(product.k), batch = Double(product.batch), pass = product.passTime(on: units)
        let memory = (product.read + product.widened) / units.memoryBandwidth + (product.written + product.widened) / units.memoryWriteBandwidth
        let once = product.storedWeights + product.widened, gap = pass > 0 ? units.gap : 0
        var promising = 0
        for (place, shape) in shapes.enumerated() {
            let tiles = Double(rowTiles[GEMMTiling.place(of: shape.rows)]) * Double(columnTiles[GEMMTiling.place(of: shape.columns)]) * batch
            let deep = tiles * depth, whole = deep * perUnit
            let cacheBytes = deep * shape.delivered + tiles * Double(shape.rows * shape.columns) * product.outputWidth + once
            let work = max(whole * shape.pace + pass - shape.hidden, cacheBytes * perCacheByte, whole * shape.drawn * perFedByte, deep * shape.widening)
            works[place] = work * (1 - roundingSlack)
            bounds[place] = (shape.latency + gap + max(work, memory)) * (1 - roundingSlack)
            if bounds[place] < bounds[promising] { promising = place }
        }
        return promising
    }
}

extension TileCost {
    /// The longest of the times that follow the clock.
    var work: Double { max(engine, vector, cache) }

    /// How long the work of a kernel may take at full clock that is to be done at some clock within `limit`, where it draws no
    /// less than this cost does: T ≥ latency + work ÷ φ and T ≥ (E_compute·φ² + E_rest) ÷ budget for whatever relative clock φ.
    func longestWork(within limit: Double, _ power: PowerBudget?) -> Double {
        // The clock that the limit leaves is settled to this accuracy.
        let time = limit * (1 + 1e-6)
        guard let power else { return time - latency }
        let (core, other) = power.energy(of: self), spare = power.limit.budget.value * time - other
        guard spare > 0 else { return -.infinity }
        return (time - latency) * (spare < core ? (spare / core).squareRoot() : 1) * (1 + roundingSlack)
    }
}

extension Units {
    /// As `TileShapes.fastest`, for one product.
    func fastest(_ product: Product, within power: PowerBudget?) -> (GEMMTiling, TileCost) { TileShapes(product, on: self).fastest(product, within: power) }

    /// The kernel of a library that has one tile and does not split the reduction.
    func only(_ tile: Runtime.Tile, _ product: Product, within power: PowerBudget?) -> (GEMMTiling, TileCost) {
        let rowTiles = product.groups.reduce(0) { $0 + ceilDivide($1, tile.rows) }
        var cost = TileGrid(product, rows: tile.rows, columns: tile.columns, rowTiles: rowTiles, on: self)
            .cost(of: product, split: 1, depth: GEMMTiling.depth(product.k, split: 1), on: self)
        power?.settle(&cost)
        return (GEMMTiling(rows: tile.rows, columns: tile.columns, splitK: 1), cost)
    }
}

extension GEMMTiling {
    /// Place of a side in `sides`, which are powers of two from 16.
    static func place(of side: Int) -> Int { side.trailingZeroBitCount - 4 }
}
