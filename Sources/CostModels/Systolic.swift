import Hardware
import Operators
import Quantities

extension Systolic {
    /// Cycles of `C[m, n] = A[m, k]·B[k, n]` on one array, operands already beside it.
    ///
    /// One fold streams `T` operands through the array after the stationary ones are in place; skew at the edges adds
    /// rows + columns − 2 cycles (SCALE-Sim, arXiv 1811.02883, section 3.2, with R rows, C columns):
    ///
    ///     output-stationary   T = k,  F = ⌈m/R⌉·⌈n/C⌉ folds of T + R + C − 2
    ///     weight-stationary   T = m,  F = ⌈k/R⌉·⌈n/C⌉ folds of T + 2R + C − 2 (R cycles to load the weights)
    ///     input-stationary    T = n,  F = ⌈k/R⌉·⌈m/C⌉ folds of T + 2R + C − 2 (R cycles to load the inputs)
    ///
    /// SCALE-Sim runs folds one after the other: F·(length of a fold). An array whose cells hold a second stationary operand
    /// loads it behind the present one, so that folds follow each other at max(T, R) and only the run as a whole
    /// fills and drains: (F − 1)·max(T, R) + length of a fold. This is what the first TPU does ("double-buffered weights",
    /// Jouppi et al., ISCA 2017, section 2), and what ONNXim and NeuPIMs count for weight-stationary arrays
    /// (`SystolicWS.cc`: the next product starts with the last row of the present one, no sooner than R cycles after it).
    ///
    /// The outputs of an output-stationary fold drain while the next one fills but for R cycles, which the fold's length
    /// contains (T + R + C − 2 with R to drain); cycles count from 0, hence the 1 taken off.
    public func cycles(m: Int, n: Int, k: Int) -> Double {
        let (count, length) = folds(m: m, n: n, k: k)
        return count > 0 ? (count - 1) * period(m: m, n: n, k: k) + length - 1 : 0
    }

    /// Number of folds and the cycles of each by itself.
    public func folds(m: Int, n: Int, k: Int) -> (count: Double, length: Double) {
        let r = Double(rows), c = Double(columns)
        func tiles(_ a: Int, _ b: Int) -> Double { Double(ceilDivide(a, rows)) * Double(ceilDivide(b, columns)) }
        return switch dataflow {
        case .outputStationary: (tiles(m, n), Double(k) + r + c - 2)
        case .weightStationary: (tiles(k, n), Double(m) + 2 * r + c - 2)
        case .inputStationary: (tiles(k, m), Double(n) + 2 * r + c - 2)
        }
    }

    /// Cycles from the start of one fold to that of the next.
    public func period(m: Int, n: Int, k: Int) -> Double {
        guard doubleBuffered, dataflow != .outputStationary else { return folds(m: m, n: n, k: k).length }
        return max(Double(dataflow == .weightStationary ? m : n), Double(rows))
    }

    /// Cycles of the busiest of `arrays` that share `batch` such products, folds dealt out in turn.
    ///
    /// Where there are fewer folds than arrays, what streams is dealt out, too: several arrays then hold the same
    /// stationary tile, and each takes a part of the rows that pass it.
    func cycles(m: Int, n: Int, k: Int, batch: Int, arrays: Int) -> Double {
        var best = Double.infinity
        var parts = 1
        repeat {
            let shared = dataflow == .weightStationary ? (ceilDivide(m, parts), n) : (m, ceilDivide(n, parts))
            let (count, length) = folds(m: shared.0, n: shared.1, k: k)
            let each = (count * Double(batch) * Double(parts) / Double(arrays)).rounded(.up)
            if each > 0 { best = min(best, (each - 1) * period(m: shared.0, n: shared.1, k: k) + length - 1) }
            parts *= 2
        } while parts <= arrays && dataflow != .outputStationary
        return best.isFinite ? best : 0
    }
}

extension Cycle.Prepared {
    /// Products on systolic arrays: folds dealt out to the arrays, the operands of the next fold brought in while one runs.
    ///
    /// - Parameter products: rows of A and how many products have them.
    func systolic(_ products: [(rows: Int, batch: Int)], n: Int, k: Int, _ math: NumberFormat, _ flops: Flops, _ traffic: Traffic,
                  on place: Int) -> Demand? {
        let engine = device.engines[place]
        guard let array = engine.systolic else { return nil }
        var folds = 0.0, whole = 0.0, longest = 0.0, fill = 0.0
        for product in products {
            let (count, length) = array.folds(m: product.rows, n: n, k: k)
            let period = array.period(m: product.rows, n: n, k: k)
            folds += count * Double(product.batch)
            whole += count * period * Double(product.batch)
            longest = max(longest, period)
            fill = max(fill, length - period)
        }
        guard folds > 0 else { return Demand(engine: .systolic, flops: flops) }
        let arrays = max(1, engine.count)
        // Unequal folds go longest first, so that none waits longer than one fold for the others.
        let onBusiest = products.count == 1
            ? array.cycles(m: products[0].rows, n: n, k: k, batch: products[0].batch, arrays: arrays)
            : whole / Double(arrays) + longest + fill - 1
        var cost = TileCost()
        cost.engine = max(onBusiest * array.slowdown(engine, math) / engine.clock.value, flops.value / machine.rate(place, math))
        cost.occupancy = min(1, folds / Double(arrays))
        addTransfers(traffic, firstFold: array.operands(m: products.map(\.rows).max() ?? 0, k: k), to: &cost)
        return settle(cost, flops: flops, math: math, on: place, choice: .folds(Int(min(folds, 1e15))))
    }

    /// Both products of attention: scores, then the weighted sum, softmax on the vector units beside them.
    func systolicAttention(_ o: Attention, on place: Int) -> Demand? {
        let engine = device.engines[place]
        guard let array = engine.systolic else { return nil }
        let group = max(1, o.heads / max(1, o.kvHeads))
        let rows = o.queries * group
        let keys = o.keysRead
        let scores = array.folds(m: rows, n: keys, k: o.keyDimension)
        let sums = array.folds(m: rows, n: o.valueDimension, k: keys)
        let chains = Double(o.batch) * Double(o.kvHeads), arrays = max(1, engine.count)
        let pairs = o.batch.multipliedReportingOverflow(by: max(1, o.kvHeads))
        guard !pairs.overflow else { return nil }
        var cost = TileCost()
        let cycles = array.cycles(m: rows, n: keys, k: o.keyDimension, batch: pairs.partialValue, arrays: arrays)
            + array.cycles(m: rows, n: o.valueDimension, k: keys, batch: pairs.partialValue, arrays: arrays)
        cost.engine = max(cycles * array.slowdown(engine, o.math) / engine.clock.value, o.flops.value / machine.rate(place, o.math))
        let computed = chains * Double(rows) * Double(keys)
        let units = Units(machine, engine: place, math: o.math)
        cost.vector = computed * (AttentionKernel.operationsPerScore / units.vectorRate + 1 / units.specialRate)
        cost.occupancy = min(1, chains * scores.count / Double(arrays))
        addTransfers(o.traffic, firstFold: array.operands(m: rows, k: o.keyDimension), to: &cost)
        return settle(cost, flops: o.flops, math: o.math, on: place,
                      choice: .folds(Int(min(chains * (scores.count + sums.count), 1e15))))
    }

    /// Bytes from the main memory, double-buffered: only what the first fold needs is waited for.
    ///
    /// - Parameter firstFold: operands of the first fold, of two bytes each at most.
    private func addTransfers(_ traffic: Traffic, firstFold: Double, to cost: inout TileCost) {
        let bytes = machine.transferred(traffic)
        cost.memoryBytes = bytes.read + bytes.written
        cost.cacheBytes = traffic.memory.value
        cost.memory = bytes.read / machine.achievable + bytes.written / machine.achievableWrite
        cost.latency = machine.floor + machine.memoryLatency
            + min(bytes.read, firstFold * 2) / machine.achievable
    }
}

extension Systolic {
    /// Operands that have to be there before the first fold ends: what stays in the cells and what streams past it.
    func operands(m: Int, k: Int) -> Double {
        let r = Double(rows), c = Double(columns)
        return switch dataflow {
        case .outputStationary: (r + c) * Double(k)
        case .weightStationary: r * c + r * Double(m)
        case .inputStationary: r * c
        }
    }
}

extension Systolic {
    /// How many cycles a step takes whose format the cells do at another rate than one multiply-accumulate a cycle.
    func slowdown(_ engine: Engine, _ math: NumberFormat) -> Double {
        guard let native = engine.native(math), let rate = engine.rates[native] else { return 1 }
        return 2 * Double(rows) * Double(columns) / rate.value
    }
}
