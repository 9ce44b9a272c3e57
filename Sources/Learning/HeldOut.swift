import LearnedModels

/// Predictions of rows by forests that had not seen them.
struct HeldOut {
    /// log₂ of the factor on the base by row; nil where a row was never held out.
    var predictions: [Float?]
    /// Seconds, and log₂ of measured ÷ predicted.
    private(set) var times: [Double] = []
    private(set) var errors: [Float] = []

    init(_ count: Int) { predictions = .init(repeating: nil, count: count) }

    var rows: [Int] { predictions.indices.filter { predictions[$0] != nil } }
    var isEmpty: Bool { predictions.allSatisfy { $0 == nil } }

    /// Factors on the rows' own base: `weight` of these, which are factors on another base, the rest of others.
    func mixed(with others: HeldOut, _ weight: Double, _ set: TrainingSet, _ base: (Int) -> Double) -> HeldOut {
        var mixed = self
        for row in predictions.indices {
            guard let prediction = predictions[row], let other = others.predictions[row] else { continue }
            mixed.predictions[row] = Float(weight * (Double(prediction) + log2(base(row) / set.rows[row].base)) + (1 - weight) * Double(other))
        }
        return mixed
    }

    /// Factors on some base of answers that are drawn to what is usual.
    func drawn(_ set: TrainingSet, _ base: (Int) -> Double, _ usual: (Int) -> LearnedFamily.Usual?) -> HeldOut {
        var drawn = self
        for row in predictions.indices {
            guard let prediction = predictions[row], let usual = usual(row) else { continue }
            drawn.predictions[row] = Float(log2(usual.drawing(base(row) * exp2(Double(prediction)), cycle: set.rows[row].cycle) / base(row)))
        }
        return drawn
    }

    /// Turns factors into seconds, never below the physical bound.
    mutating func settle(_ set: TrainingSet, _ base: (Int) -> Double) {
        times = predictions.indices.map { row in predictions[row].map { max(base(row) * exp2(Double($0)), set.rows[row].bound) } ?? 0 }
        errors = predictions.indices.map { predictions[$0] == nil ? 0 : Float(log2(set.rows[$0].measured / times[$0])) }
    }

    /// Mean absolute percentage error on some base.
    func error(_ set: TrainingSet, _ base: (Int) -> Double) -> Double {
        var sum = 0.0, count = 0.0
        for row in predictions.indices {
            guard let prediction = predictions[row] else { continue }
            sum += abs(max(base(row) * exp2(Double(prediction)), set.rows[row].bound) / set.rows[row].measured - 1)
            count += 1
        }
        return count > 0 ? sum / count : 0
    }
}

/// A held-out prediction in seconds with its 90 % interval.
struct HeldOutRow {
    var predicted: Double
    var low: Double
    var high: Double
}

/// How far measurements lie from predictions, learned from predictions of what was held out.
struct Spread {
    let trees: TreeEnsemble
    /// log₂ of the spread by row, from trees that had not seen the row either.
    private var unseen: [Int: Float] = [:]

    /// Rows count as scattered by this much at least, in log₂: measurements repeat to a percent.
    private static let floor = 0.015

    init(_ forest: Forest, _ set: TrainingSet, _ held: HeldOut, seed: Int) throws {
        let rows = held.rows, matrix = forest.matrix(set, rows, asUnseen: true).values, width = forest.trees.featureCount, recipe = FamilyRecipe.of(set.family).spread
        let targets = rows.map { Float(log2(Double(abs(held.errors[$0])) + Self.floor)) }
        @Sendable func part(_ places: [Int]) -> [Float] {
            var values: [Float] = []
            values.reserveCapacity(places.count * width)
            for place in places { values += matrix[place * width..<(place + 1) * width] }
            return values
        }
        @Sendable func grow(_ places: [Int]) throws -> TreeEnsemble {
            let grown = try recipe.map { try XGBooster.grow(part(places), width: width, targets: places.map { targets[$0] }, seed: seed, $0) } ?? []
            return try TreeEnsemble(packing: grown, features: width)
        }
        let everything = Array(rows.indices)
        let halves = (0..<2).map { half in everything.filter { Int(set.rows[rows[$0]].shape / 7 % 2) == half } }
        let grown = try parallel(3) { $0 == 2 ? try grow(everything) : try grow(halves[1 - $0]) }
        trees = grown[2]
        for half in 0..<2 { for (place, value) in zip(halves[half], grown[half].predict(part(halves[half]))) { unseen[rows[place]] = value } }
    }

    /// Intervals of held-out rows whose quantiles are kept by key, and under `LearnedFamily.all`.
    ///
    /// - Parameter spreads: of the rows held out, in order, where they are not those that this was learned from.
    func outcomes(_ held: HeldOut, _ set: TrainingSet, spreads: [Float]? = nil, key: (Int) -> String) -> (rows: [HeldOutRow?], quantiles: [String: LearnedFamily.Quantiles]) {
        let rows = held.rows
        let scales = rows.indices.map { exp2(Double(spreads?[$0] ?? unseen[rows[$0]] ?? 0)) }
        var byKey: [String: [Double]] = [:]
        for (place, row) in rows.enumerated() {
            let relative = Double(held.errors[row]) / scales[place]
            for name in Set([key(row), LearnedFamily.all]) { byKey[name, default: []].append(relative) }
        }
        let quantiles = byKey.filter { $0.value.count >= 50 || $0.key == LearnedFamily.all }.mapValues { values in
            let sorted = values.sorted()
            // Of n rows the ⌈(n + 1)·part⌉-th from one end leaves a new one beyond it with the probability 1 − part.
            func sides(_ part: Double) -> LearnedFamily.Quantiles.Sides {
                let place = min(sorted.count, Int((Double(sorted.count + 1) * (1 + part) / 2).rounded(.up))) - 1
                return .init(below: max(0, -sorted[sorted.count - 1 - place]), above: max(0, sorted[place]))
            }
            return LearnedFamily.Quantiles(half: sides(0.5), ninety: sides(0.9))
        }
        var outcomes = [HeldOutRow?](repeating: nil, count: held.predictions.count)
        for (place, row) in rows.enumerated() {
            guard let quantile = quantiles[key(row)] ?? quantiles[LearnedFamily.all] else { continue }
            let time = held.times[row], (below, above) = (quantile.ninety.below * scales[place], quantile.ninety.above * scales[place])
            outcomes[row] = HeldOutRow(predicted: time, low: max(time / exp2(below), set.rows[row].bound), high: time * exp2(above))
        }
        return (outcomes, quantiles)
    }
}
