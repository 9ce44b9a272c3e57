import CostModels
import LearnedModels

/// How trees of one family are grown.
struct FamilyRecipe: Sendable {
    var residual = BoosterParameters(rounds: 300, depth: 10, learningRate: 0.07)
    /// Forests of other seeds whose mean is taken.
    var seeds = 2
    var unseen = BoosterParameters(rounds: 200, depth: 8, learningRate: 0.08, rowsInLeaf: 10, featureSample: 0.5)
    /// Of how far measurements lie from predictions: smooth, so that it does not learn them by heart.
    var spread = BoosterParameters(rounds: 60, depth: 5, learningRate: 0.1, rowsInLeaf: 50, featureSample: 0.5)

    static func of(_ family: KernelKey.Family) -> FamilyRecipe {
        var recipe = FamilyRecipe()
        switch family {
        case .collective: recipe.residual = BoosterParameters(rounds: 300, depth: 8, learningRate: 0.05, rowsInLeaf: 4)
        case .expertExchange: recipe.residual = BoosterParameters(rounds: 300, depth: 6, learningRate: 0.05, rowsInLeaf: 4)
        default: break
        }
        return recipe
    }
}

/// Trees with the codes that their rows were given.
struct Forest {
    var codes: KernelCodes
    var trees: TreeEnsemble
    var knowsDevice: Bool

    /// - Parameters:
    ///   - rows: places of the rows to learn from.
    ///   - ships: the forest is to be used, not only to be held against what was held out; for that one seed will do, whose
    ///     errors are a little larger.
    static func grow(_ set: TrainingSet, rows: [Int], knowsDevice: Bool, seed: Int, ships: Bool = false) throws -> Forest {
        let recipe = FamilyRecipe.of(set.family), codes = KernelCodes(set, rows: rows, knowsDevice: knowsDevice)
        let (matrix, width) = Self.matrix(set, rows, codes)
        let targets = rows.map { set.rows[$0].target }
        let count = knowsDevice && ships ? recipe.seeds : 1
        var trees: [PlainTree] = []
        for one in 0..<count {
            trees += try XGBooster.grow(matrix, width: width, targets: targets, seed: seed + one, knowsDevice ? recipe.residual : recipe.unseen)
        }
        return Forest(codes: codes, trees: try TreeEnsemble(packing: trees, features: width, weight: 1 / Float(count)), knowsDevice: knowsDevice)
    }

    private static func matrix(_ set: TrainingSet, _ rows: [Int], _ codes: KernelCodes) -> (values: [Float], width: Int) {
        var values: [Float] = []
        var width = set.width
        for place in rows {
            let own = codes.codes(of: set.rows[place])
            width = set.width + own.count
            values += set.features(of: place)
            values += own
        }
        return (values, width)
    }

    func matrix(_ set: TrainingSet, _ rows: [Int]) -> [Float] { Self.matrix(set, rows, codes).values }

    /// As `matrix`, of the rows as they would be on the siblings of their devices.
    func matrix(_ set: TrainingSet, _ rows: [Int], moved: Bool, knowing others: [Int]? = nil) -> [Float] {
        guard moved else { return matrix(set, rows) }
        let groups = codes.groups(set, rows: others ?? Array(set.rows.indices))
        var known: [String: [Float]] = [:], values: [Float] = []
        for place in rows {
            guard let there = set.moved[place] else { continue }
            let row = set.rows[place]
            let key = [there.device, row.software, row.version, row.format, row.kernel].joined(separator: "|")
            let own = known[key] ?? groups.match(.init(format: row.format, architecture: row.architecture,
                                                       labels: KernelLabels(software: row.software, version: row.version, kernel: row.kernel)), device: there.device, strictly: true)?.codes
                ?? [Float](repeating: .nan, count: KernelGroups.levels(knownDevice: true).count)
            known[key] = own
            values += there.features
            values += own
        }
        return values
    }

    /// log₂ of measured ÷ base as it would be on the sibling of each row's device.
    func predictMoved(_ set: TrainingSet, _ rows: [Int], knowing others: [Int]) -> [Float] { trees.predict(matrix(set, rows, moved: true, knowing: others)) }

    /// log₂ of measured ÷ base as the trees have it; never below the physical bound.
    func predict(_ set: TrainingSet, _ rows: [Int]) -> [Float] {
        zip(rows, trees.predict(matrix(set, rows))).map { place, residual in
            let row = set.rows[place]
            return max(residual, Float(log2(row.bound / row.base)))
        }
    }
}
