import CostModels
import Dispatch
import LearnedModels
import Quantities

/// Trains one family, and finds out on what it has not seen how far to trust it.
///
/// Known devices: `folds`-fold cross-validation by shape. Unknown ones: each device is left out in turn. The errors on what was
/// held out train the spread, and give the quantiles of split-conformal intervals (Papadopoulos et al., "Inductive confidence
/// machines for regression", ECML 2002; normalised by the spread as in Lei et al., JASA 2018).
struct FamilyTraining {
    let set: TrainingSet
    let folds: Int
    let seed: Int

    struct Outcome {
        var family: LearnedFamily
        var scores: [LearnedManifest.Score]
        /// Held-out predictions by row of the set: of shapes, and of devices.
        var shapes: [HeldOutRow?]
        var devices: [HeldOutRow?]
    }

    func run(progress: @Sendable (String) -> Void) throws -> Outcome {
        let all = Array(set.rows.indices), devices = Swift.Set(set.rows.map(\.device)).sorted()
        enum Job { case final(Bool), fold(Int), sibling(String), stranger(String) }
        // A sibling stands in for a device only with kernels that were measured on it.
        let kernels = Dictionary(grouping: set.rows, by: \.device).mapValues { Swift.Set($0.map { "\($0.format)|\($0.kernel)" }) }
        let hasSibling = all.map { row in set.moved[row].map { kernels[$0.device]?.contains("\(set.rows[row].format)|\(set.rows[row].kernel)") == true } ?? false }
        let related = devices.filter { device in all.contains { set.rows[$0].device == device && hasSibling[$0] } }
        let jobs: [Job] = [.final(true), .final(false)] + (0..<folds).map { .fold($0) } + related.map { .sibling($0) }
            + devices.map { .stranger($0) }
        let lentSet = set.over(\.lent), halfSet = set.over { $0.halved ?? $0.lent }, kinSet = set.over { $0.kin ?? $0.lent }
        let results = try parallel(jobs.count) { place -> (forest: Forest?, held: [(Int, Float)], unknown: [(row: Int, lent: Float, half: Float, kin: Float)]) in
            defer { progress("\(set.family.rawValue): forest \(place + 1) of \(jobs.count)") }
            switch jobs[place] {
            case .final(let knowsDevice): return (try Forest.grow(set, rows: all, knowsDevice: knowsDevice, seed: seed, ships: true), [], [])
            case .fold(let fold):
                let out = all.filter { Int(set.rows[$0].shape % UInt64(folds)) == fold }
                let forest = try Forest.grow(set, rows: all.filter { Int(set.rows[$0].shape % UInt64(folds)) != fold }, knowsDevice: true, seed: seed)
                return (nil, Array(zip(out, forest.predict(set, out))), [])
            case .sibling(let device):
                let rest = all.filter { set.rows[$0].device != device }, out = all.filter { set.rows[$0].device == device && hasSibling[$0] }
                let forest = try Forest.grow(set, rows: rest, knowsDevice: true, seed: seed)
                return (nil, Array(zip(out, forest.predictOnSiblings(set, out, knowing: rest))), [])
            case .stranger(let device):
                let out = all.filter { set.rows[$0].device == device }
                let forest = try Forest.grow(set, rows: all.filter { set.rows[$0].device != device }, knowsDevice: false, seed: seed)
                return (nil, Array(zip(out, forest.predict(set, out))), zip(zip(out, forest.predict(lentSet, out)), zip(forest.predict(halfSet, out), forest.predict(kinSet, out))).map { ($0.0, $0.1, $1.0, $1.1) })
            }
        }
        guard let own = results[0].forest, let other = results[1].forest else { throw BoosterError(description: "no trees were grown") }
        func gather(_ wanted: (Job) -> Bool) -> HeldOut {
            var held = HeldOut(all.count)
            for place in jobs.indices where wanted(jobs[place]) { for (row, prediction) in results[place].held { held.predictions[row] = prediction } }
            return held
        }
        var shapes = gather { if case .fold = $0 { true } else { false } }, siblings = gather { if case .sibling = $0 { true } else { false } }
        let plain = gather { if case .stranger = $0 { true } else { false } }
        shapes.settle(set) { set.rows[$0].base }
        // Without a sibling's kernel trees answer that know no device, over the calibration of kin or, without kin, over none.
        var strangers = HeldOut(all.count), halved = strangers, kin = strangers
        let knows = LearnedFamily.knowsStrangers(set.family)
        for one in results.flatMap(\.unknown) where !hasSibling[one.row] {
            strangers.predictions[one.row] = knows ? one.lent : 0
            halved.predictions[one.row] = knows ? one.half : 0
            if set.rows[one.row].kin != nil { kin.predictions[one.row] = one.kin }
        }
        let lending = halved.error(halfSet) { halfSet.rows[$0].base } < strangers.error(lentSet) { lentSet.rows[$0].base } ? 0.5 : 1, strangerSet = lending < 1 ? halfSet : lentSet
        if lending < 1 { strangers = halved }
        // What is usual on the other devices, and how far devices that have no sibling are best drawn to it.
        let residuals = Dictionary(grouping: all, by: { set.rows[$0].device }).mapValues { rows in
            rows.map { log2(set.rows[$0].measured / set.rows[$0].cycle) }.sorted()[rows.count / 2]
        }
        func usual(without device: String?, part: Double) -> LearnedFamily.Usual {
            let others = residuals.filter { $0.key != device }.sorted { $0.key < $1.key }.map(\.value)
            return .init(residual: others.reduce(0, +) / Double(max(1, others.count)), part: others.isEmpty ? 1 : part)
        }
        func drawn(_ part: Double) -> (strangers: HeldOut, kin: HeldOut) {
            let own = devices.reduce(into: [:]) { $0[$1] = usual(without: $1, part: part) }
            func ofRow(_ row: Int) -> LearnedFamily.Usual? { set.moved[row] == nil ? own[set.rows[row].device] : nil }
            return (strangers.drawn(set, { strangerSet.rows[$0].base }, ofRow), kin.drawn(set, { kinSet.rows[$0].base }, ofRow))
        }
        func error(_ part: Double) -> Double {
            let (strangers, kin) = drawn(part)
            // Devices count alike, however many rows are of each and however wrong it is.
            return devices.reduce(0) { product, device in
                let rows = all.filter { set.rows[$0].device == device && set.moved[$0] == nil }
                let sum = rows.reduce(1e-9) { sum, row in
                    let (factor, base) = kin.predictions[row].map { ($0, kinSet.rows[row].base) } ?? (strangers.predictions[row] ?? 0, strangerSet.rows[row].base)
                    return sum + abs(max(base * exp2(Double(factor)), set.rows[row].bound) / set.rows[row].measured - 1)
                }
                return rows.isEmpty ? product : product + log2(sum)
            }
        }
        let part = knows && error(0.85) < error(1) ? 0.85 : 1
        (strangers, kin) = drawn(part)
        strangers.settle(strangerSet) { strangerSet.rows[$0].base }
        kin.settle(kinSet) { kinSet.rows[$0].base }
        // The mean of what a sibling and what the trees for strangers say, at the exponent and weight that are least wrong.
        var best = (exponent: 0.5, weight: 1.0, error: Double.infinity)
        for exponent in [0, 0.25, 0.5, 0.75, 1] {
            for weight in [0, 0.25, 0.5, 0.75, 1] {
                let error = siblings.mixed(with: plain, weight, set, Self.scale(exponent, set)).error(set) { set.rows[$0].base }
                if error < best.error { best = (exponent, weight, error) }
            }
        }
        siblings = siblings.mixed(with: plain, best.weight, set, Self.scale(best.exponent, set))
        siblings.settle(set) { set.rows[$0].base }
        let exponent = best.exponent

        let spread = try Spread(own, set, shapes, seed: seed)
        let strangerSpread = try !kin.isEmpty ? Spread(other, kinSet, kin, seed: seed) : !strangers.isEmpty ? Spread(other, strangerSet, strangers, seed: seed) : Spread(other, set, shapes, seed: seed)
        let matrix = own.matrixOnSiblings(set, all.filter { siblings.predictions[$0] != nil }, knowing: all)
        func library(_ row: Int) -> String? { LearnedFamily.library(of: set.family, software: set.rows[row].software, kernel: set.rows[row].kernel) }
        let siblingRows = spread.outcomes(siblings, set, spreads: spread.trees.predict(matrix.values)) { LearnedFamily.sibling + (library($0) ?? "") }
        let shapeRows = spread.outcomes(shapes, set) { library($0) ?? set.rows[$0].device }
        let strangerRows = strangerSpread.outcomes(strangers, strangerSet, spreads: kin.isEmpty ? nil : strangerSpread.trees.predict(other.matrix(strangerSet, strangers.rows).values)) {
            library($0) ?? (set.moved[$0] == nil ? LearnedFamily.all : LearnedFamily.lacking)
        }
        let kinRows = strangerSpread.outcomes(kin, kinSet) { _ in LearnedFamily.kin }
        var siblingQuantiles = siblingRows.quantiles
        siblingQuantiles[LearnedFamily.sibling] = siblingQuantiles.removeValue(forKey: LearnedFamily.all)
        let quantiles = shapeRows.quantiles.merging(siblingQuantiles) { shape, _ in shape }
        let kinQuantiles = kinRows.quantiles.filter { $0.key == LearnedFamily.kin }
        let known = LearnedFamily.Part(groups: own.groups(set, rows: all), residual: own.trees, spread: spread.trees, quantiles: quantiles)
        let unseen = LearnedFamily.Part(groups: other.groups(set, rows: all), residual: other.trees, spread: strangerSpread.trees,
                                        quantiles: (strangers.isEmpty ? shapeRows : strangerRows).quantiles.merging(kinQuantiles) { stranger, _ in stranger })
        var scores = [score("shapes", all, shapeRows.rows)].compactMap(\.self)
        let left = all.map { siblingRows.rows[$0] ?? kinRows.rows[$0] ?? strangerRows.rows[$0] }
        for device in devices {
            scores += [score(device, all.filter { set.rows[$0].device == device }, left)].compactMap(\.self)
        }
        let family = LearnedFamily(family: set.family, features: set.names, ranges: ranges, known: known, unseen: unseen, siblingExponent: exponent, siblingWeight: best.weight,
                                   lendingWeight: lending, usual: usual(without: nil, part: part))
        return Outcome(family: family, scores: scores, shapes: shapeRows.rows, devices: left)
    }

    /// Seconds that a sibling's residual multiplies.
    private static func scale(_ exponent: Double, _ set: TrainingSet) -> (Int) -> Double {
        { row in set.moved[row].map { $0.base * power($0.own / $0.base, exponent) } ?? set.rows[row].base }
    }

    private var ranges: [ClosedRange<Float>] {
        self.set.names.indices.map { feature in
            var low = Float.infinity, high = -Float.infinity
            for row in set.rows.indices {
                let value = set.features[row * set.width + feature]
                if value.isFinite { (low, high) = (min(low, value), max(high, value)) }
            }
            return low <= high ? low...high : 0...0
        }
    }

    private func score(_ what: String, _ places: [Int], _ outcomes: [HeldOutRow?]) -> LearnedManifest.Score? {
        var errors: [Double] = [], widths: [Double] = [], inside = 0
        for place in places {
            guard let outcome = outcomes[place] else { continue }
            let measured = set.rows[place].measured
            errors.append(abs(outcome.predicted / measured - 1))
            widths.append((outcome.high - outcome.low) / outcome.predicted)
            if measured >= outcome.low, measured <= outcome.high { inside += 1 }
        }
        guard !errors.isEmpty else { return nil }
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        return LearnedManifest.Score(family: set.family, heldOut: what, rows: errors.count, mape: errors.reduce(0, +) / Double(errors.count),
                                     medianAPE: median(errors), coverage: Double(inside) / Double(errors.count), width: median(widths))
    }
}

/// Does `count` pieces of work, as many at once as there are processors; results in order.
///
/// - Throws: the first error in that order.
func parallel<Result: Sendable>(_ count: Int, _ work: @Sendable (Int) throws -> Result) throws -> [Result] {
    let results = Slots<Result>(count)
    DispatchQueue.concurrentPerform(iterations: count) { place in results.set(place, Swift.Result { try work(place) }) }
    return try results.all.map { try $0.get() }
}

private final class Slots<Value: Sendable>: @unchecked Sendable {
    private let lock = DispatchSemaphore(value: 1)
    private var values: [Result<Value, any Error>?]

    init(_ count: Int) { values = Array(repeating: nil, count: count) }

    func set(_ place: Int, _ value: Result<Value, any Error>) {
        lock.wait()
        values[place] = value
        lock.signal()
    }

    var all: [Result<Value, any Error>] { values.compactMap(\.self) }
}
