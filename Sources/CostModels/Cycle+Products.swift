import Hardware
import Operators
import Quantities

extension Cycle.Prepared {
    func matmul(_ o: Matmul, on place: Int) -> Demand? {
        switch device.engines[place].kind {
        case .systolic: systolic([(o.m, o.batch)], n: o.n, k: o.k, o.math, o.flops, o.traffic, on: place)
        case .bank: banks(rows: o.m, n: o.n, k: o.k, batch: o.batch, o.weights, o.math, o.flops, o.traffic, on: place)
        case .storage, .special: inStorage(o.flops, o.math, o.traffic, on: place)
        case .vector where device.kind == .cpu:
            product(groups: [o.m], n: o.n, k: o.k, batch: o.batch, o.weights, o.math, isWeight: o.weightStationed, o.flops, o.traffic,
                    on: Cores(machine, engine: place, math: o.math), at: place)
        case .tensor, .vector:
            tiled(groups: [o.m], n: o.n, k: o.k, batch: o.batch, o.activations, o.output, o.weights, o.math, isWeight: o.weightStationed,
                  o.flops, o.traffic, on: place)
        }
    }

    func grouped(_ o: GroupedMatmul, on place: Int) -> Demand? {
        switch device.engines[place].kind {
        case .systolic: systolic(o.tokens.map { ($0, 1) }, n: o.n, k: o.k, o.math, o.flops, o.traffic, on: place)
        case .bank: banks(rows: o.rows, n: o.n, k: o.k, batch: 1, o.weights, o.math, o.flops, o.traffic, on: place)
        case .storage, .special: inStorage(o.flops, o.math, o.traffic, on: place)
        case .vector where device.kind == .cpu:
            product(groups: o.tokens, n: o.n, k: o.k, batch: 1, o.weights, o.math, isWeight: true, o.flops, o.traffic,
                    on: Cores(machine, engine: place, math: o.math), at: place)
        case .tensor where runtime.groupedTiles[o.math] != nil: nil
        case .tensor, .vector:
            tiled(groups: o.tokens, n: o.n, k: o.k, batch: 1, o.activations, o.output, o.weights, o.math, isWeight: true,
                  o.flops, o.traffic, only: runtime.groupedTiles[o.math], on: place)
        }
    }

    /// The best tiling over the units of a tensor or vector engine, or the only one that the runtime has.
    private func tiled(groups: [Int], n: Int, k: Int, batch: Int, _ activations: TensorFormat, _ output: TensorFormat,
                       _ weights: TensorFormat, _ math: NumberFormat, isWeight: Bool, _ flops: Flops, _ traffic: Traffic,
                       only tile: Runtime.Tile? = nil, on place: Int) -> Demand? {
        let kind = tiles.kind(.init(place: place, math: math, activations: activations, output: output, weights: weights, isWeight: isWeight)) {
            TileKind($0, on: machine, under: runtime)
        }
        let moved = machine.transferred(traffic), widening = kind.widening
        let elements = Double(n) * Double(k) * Double(isWeight ? max(batch, groups.count) : batch)
        let product = Product(groups: groups, n: n, k: k, batch: batch,
                              inputWidth: kind.inputWidth, weightWidth: widening.streamedWidth, outputWidth: kind.outputWidth, mathWidth: kind.mathWidth,
                              read: moved.read, written: moved.written, wideningOps: widening.operations, widened: widening.passWidth * elements,
                              storedWeights: widening.passWidth > 0 ? traffic.weights.value : 0)
        let budget = power(flops, math)
        let (tiling, cost) = tile.map { kind.shapes.units.only($0, product, within: budget) } ?? kind.shapes.fastest(product, within: budget)
        return finish(cost, flops: flops, math: math, on: place,
                      choice: .tile(rows: tiling.rows, columns: tiling.columns, splitK: tiling.splitK))
    }

    func attention(_ o: Attention, _ way: AttentionWay, on place: Int) -> Demand? {
        switch device.engines[place].kind {
        case .systolic: return systolicAttention(o, on: place)
        case .bank: return bankAttention(o, on: place)
        case .storage, .special: return inStorage(o.flops, o.math, o.traffic, exponentials: o.exponentials, on: place)
        case .vector where device.kind == .cpu: return attention(o, on: Cores(machine, engine: place, math: o.math), at: place)
        case .tensor, .vector: break
        }
        let units = Units(machine, engine: place, math: o.math)
        let (kernel, cost) = units.fastest(o, way, splits: runtime.fuses(.splitContext), moved: machine.transferred(o.traffic),
                                            within: power(o.flops, o.math))
        return finish(cost, flops: o.flops, math: o.math, on: place,
                      choice: .contextSplit(queries: kernel.rows, parts: kernel.parts))
    }
}

/// Weights stored narrower than the arithmetic, and what it takes to make numbers of them.
struct Widening: Sendable {
    /// Vector operations for one weight inside the kernel.
    var operations: Double
    /// Bytes of a weight on its way from the cache to a unit.
    var streamedWidth: Double
    /// Bytes of a widened weight when a kernel of its own writes it to memory first; 0 when none is needed.
    var passWidth: Double

    /// - Parameter isWeight: otherwise both operands are activations, in the arithmetic's own format already.
    init(weights: TensorFormat, math: NumberFormat, under runtime: Runtime, isWeight: Bool) {
        let narrow = isWeight && weights.bits < math.bits
        let inKernel = narrow && runtime.widens(weights)
        operations = inKernel ? Self.operations(weights) : 0
        streamedWidth = narrow && !inKernel ? math.bits / 8 : weights.bitsPerElement / 8
        passWidth = narrow && !inKernel ? math.bits / 8 : 0
    }

    /// Instructions of one lane to widen one weight: 4 for four 8-bit weights (two byte permutes, two packed
    /// subtractions), 9 for eight 4-bit ones (four masks, a shift, four packed multiply-adds), and half a packed
    /// multiplication for a group's scale; as in the register-level converters of FasterTransformer (Kim et al., "Who Says
    /// Elephants Can't Run", arXiv 2211.10017, section 3.2). Narrower codes are unpacked like 4-bit ones.
    static func operations(_ weights: TensorFormat) -> Double {
        (weights.bits > 4 ? 1 : 9.0 / 8) + (weights.group > 0 ? 0.5 : 0)
    }
}

extension Runtime {
    /// It has a kernel that widens weights of this format on the fly: same width of element, whatever the grouping.
    func widens(_ weights: TensorFormat) -> Bool {
        weightOnly.contains { $0.bits == weights.bits && ($0.number == nil || weights.number == nil || $0.number == weights.number) }
    }
}
