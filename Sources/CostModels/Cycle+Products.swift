import Hardware
import Operators
import Quantities

extension Cycle {
    func matmul(_ o: Matmul, on engine: Engine, of device: Device, under runtime: Runtime) -> Demand? {
        guard device.peak(engine, o.math) > 0 else { return nil }
        switch engine.kind {
        case .systolic: return systolic([(o.m, o.batch)], n: o.n, k: o.k, o.math, o.flops, o.traffic, on: engine, of: device)
        case .bank: return banks(rows: o.m, n: o.n, k: o.k, batch: o.batch, o.weights, o.math, o.flops, o.traffic, on: engine, of: device)
        case .storage, .special: return inStorage(o.flops, o.math, o.traffic, on: engine, of: device)
        case .tensor, .vector: break
        }
        let math = engine.native(o.math) ?? o.math
        let widening = Widening(weights: o.weights, math: math, under: runtime, isWeight: o.weightStationed)
        let compulsory = device.transferred(o.traffic)
        let product = Product(groups: [o.m], n: o.n, k: o.k, batch: o.batch,
                              inputWidth: o.activations.bitsPerElement / 8, weightWidth: widening.streamedWidth,
                              outputWidth: o.activations.bitsPerElement / 8, mathWidth: math.bits / 8,
                              compulsoryRead: compulsory.read, compulsoryWritten: compulsory.written, wideningOps: widening.operations)
        let sparse = o.weights.sparse24 && runtime.sparse24
        let units = Units(device, engine: engine, math: o.math, sparse: sparse)
        var (tiling, cost) = units.fastest(product)
        widening.addPass(elements: Double(o.n) * Double(o.k) * Double(o.batch), to: &cost, on: units)
        return finish(cost, flops: o.flops, math: o.math, on: engine, of: device,
                      choice: .tile(rows: tiling.rows, columns: tiling.columns, splitK: tiling.splitK))
    }

    func grouped(_ o: GroupedMatmul, on engine: Engine, of device: Device, under runtime: Runtime) -> Demand? {
        guard device.peak(engine, o.math) > 0 else { return nil }
        switch engine.kind {
        case .systolic: return systolic(o.tokens.map { ($0, 1) }, n: o.n, k: o.k, o.math, o.flops, o.traffic, on: engine, of: device)
        case .bank: return banks(rows: o.rows, n: o.n, k: o.k, batch: 1, o.weights, o.math, o.flops, o.traffic, on: engine, of: device)
        case .storage, .special: return inStorage(o.flops, o.math, o.traffic, on: engine, of: device)
        case .tensor, .vector: break
        }
        let math = engine.native(o.math) ?? o.math
        let widening = Widening(weights: o.weights, math: math, under: runtime, isWeight: true)
        let compulsory = device.transferred(o.traffic)
        let product = Product(groups: o.tokens, n: o.n, k: o.k, batch: 1,
                              inputWidth: o.activations.bitsPerElement / 8, weightWidth: widening.streamedWidth,
                              outputWidth: o.activations.bitsPerElement / 8, mathWidth: math.bits / 8,
                              compulsoryRead: compulsory.read, compulsoryWritten: compulsory.written, wideningOps: widening.operations)
        let units = Units(device, engine: engine, math: o.math, sparse: o.weights.sparse24 && runtime.sparse24)
        var (tiling, cost) = units.fastest(product)
        widening.addPass(elements: Double(o.n) * Double(o.k) * Double(o.tokens.count), to: &cost, on: units)
        return finish(cost, flops: o.flops, math: o.math, on: engine, of: device,
                      choice: .tile(rows: tiling.rows, columns: tiling.columns, splitK: tiling.splitK))
    }

    func attention(_ o: Attention, on engine: Engine, of device: Device, under runtime: Runtime) -> Demand? {
        guard device.peak(engine, o.math) > 0 else { return nil }
        switch engine.kind {
        case .systolic: return systolicAttention(o, on: engine, of: device)
        case .bank: return bankAttention(o, on: engine, of: device)
        case .storage, .special: return inStorage(o.flops, o.math, o.traffic, on: engine, of: device)
        case .tensor, .vector: break
        }
        let units = Units(device, engine: engine, math: o.math)
        let (kernel, cost) = units.fastest(o, splits: runtime.fuses(.splitContext), compulsory: device.transferred(o.traffic))
        return finish(cost, flops: o.flops, math: o.math, on: engine, of: device,
                      choice: .contextSplit(queries: kernel.rows, parts: kernel.parts))
    }
}

/// Weights stored narrower than the arithmetic, and what it takes to make numbers of them.
struct Widening {
    /// Vector operations for one weight inside the kernel.
    var operations: Double
    /// Bytes of a weight on its way from the cache to a unit.
    var streamedWidth: Double
    /// Bytes of a weight, stored and widened, when a pass of its own goes through the memory first.
    var pass: (stored: Double, widened: Double)?

    /// - Parameter isWeight: activations in both operands are in the arithmetic's own format already.
    init(weights: TensorFormat, math: NumberFormat, under runtime: Runtime, isWeight: Bool) {
        let stored = weights.bitsPerElement / 8
        guard isWeight, weights.bits < math.bits else {
            self.init(operations: 0, streamedWidth: stored)
            return
        }
        let operations = Self.operations(weights)
        if runtime.widens(weights) {
            self.init(operations: operations, streamedWidth: stored)
        } else {
            self.init(operations: 0, streamedWidth: math.bits / 8, pass: (stored, math.bits / 8))
        }
    }

    private init(operations: Double, streamedWidth: Double, pass: (stored: Double, widened: Double)? = nil) {
        self.operations = operations
        self.streamedWidth = streamedWidth
        self.pass = pass
    }

    /// Instructions of one lane to widen one weight: 4 for four 8-bit weights (two byte permutes, two packed
    /// subtractions), 9 for eight 4-bit ones (four masks, a shift, four packed multiply-adds), and half a packed
    /// multiplication for a group's scale; as in the register-level converters of FasterTransformer (Kim et al., "Who Says
    /// Elephants Can't Run", arXiv 2211.10017, section 3.2). Narrower codes are unpacked like 4-bit ones.
    static func operations(_ weights: TensorFormat) -> Double {
        (weights.bits > 4 ? 1 : 9.0 / 8) + (weights.group > 0 ? 0.5 : 0)
    }

    /// A kernel before the product that reads the stored weights and writes widened ones, which the product then reads.
    func addPass(elements: Double, to cost: inout TileCost, on units: Units) {
        guard let pass else { return }
        let moved = elements * (pass.stored + 2 * pass.widened)
        cost.memory += elements * pass.widened * (1 / units.memoryBandwidth + 1 / units.memoryWriteBandwidth)
        cost.memoryBytes += elements * 2 * pass.widened
        cost.cacheBytes += moved
        cost.latency += units.floor
    }
}

extension Runtime {
    /// It has a kernel that widens weights of this format on the fly: same width of element, whatever the grouping.
    func widens(_ weights: TensorFormat) -> Bool {
        weightOnly.contains { $0.bits == weights.bits && ($0.number == nil || weights.number == nil || $0.number == weights.number) }
    }
}
