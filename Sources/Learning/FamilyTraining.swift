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

    /// Errors on rows that were held out.
    struct HeldOut {
        /// log₂ of measured ÷ prediction by row; nil where a row was never held out.
        var errors: [Float?]
        var predictions: [Float?]
    }

    struct Outcome {
        var family: LearnedFamily
        var scores: [LearnedManifest.Score]
        /// Held-out predictions in seconds by row of the set: of known devices, and of devices left out.
        var known: [HeldOutRow?]
        var unseen: [HeldOutRow?]
    }

    struct HeldOutRow {
        var predicted: Double
        var low: Double
        var high: Double
    }

    func run(progress: @Sendable (String) -> Void) throws -> Outcome {
        let all = Array(set.rows.indices), devices = Swift.Set(set.rows.map(\.device)).sorted()
        enum Job { case final(Bool), fold(Int), without(String) }
        let jobs: [Job] = [.final(true)] + (0..<folds).map { .fold($0) } + [.final(false)] + devices.map { .without($0) }
        let results = try parallel(jobs.count) { place -> (forest: Forest?, held: [(Int, Float)]) in
            defer { progress("\(set.family.rawValue): \(place + 1) of \(jobs.count) forests") }
            switch jobs[place] {
            case .final(let knowsDevice): return (try Forest.grow(set, rows: all, knowsDevice: knowsDevice, seed: seed), [])
            case .fold(let fold):
                let out = all.filter { Int(set.rows[$0].shape % UInt64(folds)) == fold }
                let forest = try Forest.grow(set, rows: all.filter { Int(set.rows[$0].shape % UInt64(folds)) != fold }, knowsDevice: true, seed: seed)
                return (nil, Array(zip(out, forest.predict(set, out))))
            case .without(let device):
                let out = all.filter { set.rows[$0].device == device }
                let forest = try Forest.grow(set, rows: all.filter { set.rows[$0].device != device }, knowsDevice: false, seed: seed)
                return (nil, Array(zip(out, forest.predict(set, out))))
            }
        }
        func heldOut(_ places: Range<Int>) -> HeldOut {
            var held = HeldOut(errors: .init(repeating: nil, count: all.count), predictions: .init(repeating: nil, count: all.count))
            for place in places {
                for (row, prediction) in results[place].held {
                    held.predictions[row] = prediction
                    held.errors[row] = set.rows[row].residual - prediction
                }
            }
            return held
        }
        guard let own = results[0].forest, let other = results[folds + 1].forest else { throw BoosterError(description: "no trees were grown") }
        let (known, knownRows) = try part(own, heldOut(1..<folds + 1)) { [set.rows[$0].device] }
        let (unseen, unseenRows) = try part(other, heldOut(folds + 2..<jobs.count)) { place in
            let row = set.rows[place]
            return [set.rows.contains { $0.architecture == row.architecture && $0.device != row.device } ? LearnedFamily.sibling : LearnedFamily.stranger]
        }
        var scores = [score("shapes", all, knownRows)].compactMap(\.self)
        for device in devices { scores += [score(device, all.filter { set.rows[$0].device == device }, unseenRows)].compactMap(\.self) }
        let family = LearnedFamily(family: set.family, features: set.names, ranges: ranges, known: known, unseen: unseen)
        return Outcome(family: family, scores: scores, known: knownRows, unseen: unseenRows)
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

    /// A forest with its spread and the quantiles of its intervals, and what was held out under them.
    ///
    /// - Parameter keys: what a row's quantiles are kept under, beside those of all rows.
    private func part(_ forest: Forest, _ held: HeldOut, keys: (Int) -> [String]) throws -> (LearnedFamily.Part, [HeldOutRow?]) {
        let rows = held.errors.indices.filter { held.errors[$0] != nil }, recipe = FamilyRecipe.of(set.family)
        let matrix = forest.matrix(set, rows), width = forest.trees.featureCount
        // An error of nothing would count for ever; measurements scatter by a percent.
        let targets = rows.map { Float(log2(Double(abs(held.errors[$0] ?? 0)) + 0.015)) }
        func grow(_ places: [Int]) throws -> TreeEnsemble {
            var part: [Float] = []
            for place in places { part += matrix[place * width..<(place + 1) * width] }
            let trees = try XGBooster.grow(part, width: width, targets: places.map { targets[$0] }, seed: seed, recipe.spread)
            return try TreeEnsemble(packing: trees, features: width)
        }
        let everything = Array(rows.indices)
        let spread = try grow(everything)
        // The quantiles come from spreads of rows that the spread's own fit had not seen, either.
        var relative = [Double](repeating: 0, count: rows.count), spreads = relative
        for fold in 0..<2 {
            let out = everything.filter { Int(set.rows[rows[$0]].shape / 7 % 2) == fold }, rest = everything.filter { Int(set.rows[rows[$0]].shape / 7 % 2) != fold }
            guard !out.isEmpty, !rest.isEmpty else { continue }
            var part: [Float] = []
            for place in out { part += matrix[place * width..<(place + 1) * width] }
            for (place, value) in zip(out, try grow(rest).predict(part)) {
                spreads[place] = exp2(Double(value))
                relative[place] = Double(abs(held.errors[rows[place]] ?? 0)) / spreads[place]
            }
        }
        var byKey: [String: [Double]] = [:]
        for (place, row) in rows.enumerated() { for key in keys(row) + [LearnedFamily.all] { byKey[key, default: []].append(relative[place]) } }
        let quantiles = byKey.filter { $0.value.count >= 50 || $0.key == LearnedFamily.all }.mapValues { values in
            let sorted = values.sorted()
            func quantile(_ part: Double) -> Double { sorted[min(sorted.count - 1, Int((Double(sorted.count + 1) * part).rounded(.up)) - 1)] }
            return LearnedFamily.Quantiles(half: quantile(0.5), ninety: quantile(0.9))
        }
        var outcomes = [HeldOutRow?](repeating: nil, count: held.errors.count)
        for (place, row) in rows.enumerated() {
            guard let prediction = held.predictions[row], let quantile = keys(row).lazy.compactMap({ quantiles[$0] }).first ?? quantiles[LearnedFamily.all] else { continue }
            let time = set.rows[row].base * exp2(Double(prediction)), factor = exp2(quantile.ninety * spreads[place])
            outcomes[row] = HeldOutRow(predicted: time, low: max(time / factor, set.rows[row].bound), high: time * factor)
        }
        return (LearnedFamily.Part(groups: forest.codes.groups(set, rows: Array(set.rows.indices)), residual: forest.trees, spread: spread, quantiles: quantiles), outcomes)
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
