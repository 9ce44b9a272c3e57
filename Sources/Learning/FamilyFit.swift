import CostModels
import LearnedModels

/// How trees of one family are grown.
struct FamilyRecipe: Sendable {
    /// Forests whose mean is taken, each grown for one way of counting errors.
    var residual = [BoosterParameters(rounds: 300, depth: 10, learningRate: 0.07)]
    /// How often each is grown with another seed for the model that ships.
    var seeds = 2
    var unseen = BoosterParameters(rounds: 200, depth: 8, learningRate: 0.08, rowsInLeaf: 10, featureSample: 0.5)
    /// Of how far measurements lie from predictions: smooth, so that it does not learn them by heart.
    var spread = BoosterParameters(rounds: 60, depth: 5, learningRate: 0.1, rowsInLeaf: 50, featureSample: 0.5)

    static func of(_ family: KernelKey.Family) -> FamilyRecipe {
        var recipe = FamilyRecipe()
        switch family {
        case .experts:
            // Libraries' tuners fall back to slow kernels for some networks: a forest that these do not draw keeps the mean near
            // the others.
            var soft = recipe.residual[0]
            soft.softness = 0.05
            recipe.residual.append(soft)
            recipe.seeds = 1
        case .collective: recipe.residual = [BoosterParameters(rounds: 300, depth: 6, learningRate: 0.05, rowsInLeaf: 4, softness: 0.02)]
        case .expertExchange: recipe.residual = [BoosterParameters(rounds: 300, depth: 4, learningRate: 0.05, rowsInLeaf: 4, softness: 0.02)]
        default: break
        }
        return recipe
    }
}

/// Trees with the codes and curves that their rows were given.
struct Forest {
    var codes: KernelCodes
    /// Nil where devices are to be unknown: a curve is one device's.
    var curves: GroupCurves?
    var trees: TreeEnsemble
    var knowsDevice: Bool

    /// What a forest is grown for: the model that ships, or to be held against what was left out, for which one seed will do (its
    /// errors are a little larger), and for a device one way of counting errors.
    enum Purpose { case model, shapes, device }

    /// - Parameter rows: places of the rows to learn from.
    static func grow(_ set: TrainingSet, rows: [Int], knowsDevice: Bool, seed: Int, for purpose: Purpose) throws -> Forest {
        let recipe = FamilyRecipe.of(set.family)
        var forest = Forest(codes: KernelCodes(set, rows: rows, knowsDevice: knowsDevice), curves: knowsDevice ? GroupCurves(set, rows: rows) : nil,
                            trees: try TreeEnsemble(packing: [], features: 0), knowsDevice: knowsDevice)
        let matrix = forest.matrix(set, rows, asUnseen: true)
        let targets = zip(rows, matrix.offsets).map { set.rows[$0].target - $1 }
        var ways = knowsDevice ? recipe.residual : [recipe.unseen]
        if purpose == .device { ways = Array(ways.prefix(1)) }
        let seeds = knowsDevice && purpose == .model ? recipe.seeds : 1
        var trees: [PlainTree] = []
        for one in 0..<seeds {
            for way in ways { trees += try XGBooster.grow(matrix.values, width: matrix.width, targets: targets, seed: seed + one, way) }
        }
        forest.trees = try TreeEnsemble(packing: trees, features: matrix.width, weight: 1 / Float(seeds * ways.count))
        return forest
    }

    /// - Parameter asUnseen: curves without what rows of the same shape contributed.
    func matrix(_ set: TrainingSet, _ rows: [Int], asUnseen: Bool = false) -> TreeRows {
        var matrix = TreeRows(of: set.family)
        for place in rows {
            let row = set.rows[place]
            matrix.add(set.features(of: place), codes: codes.codes(of: row), place: curves == nil ? nil : row.curve,
                       curves: curves?.curves(of: row, asUnseen: asUnseen) ?? [:])
        }
        return matrix
    }

    /// As `matrix`, of the rows as they would be on the siblings of their devices; `others` are the rows that are known of.
    func matrixOnSiblings(_ set: TrainingSet, _ rows: [Int], knowing others: [Int]) -> TreeRows {
        let groups = groups(set, rows: others)
        var known: [String: KernelGroup?] = [:], matrix = TreeRows(of: set.family)
        for place in rows {
            guard let there = set.moved[place] else { continue }
            let row = set.rows[place]
            let key = [there.device, row.software, row.version, row.format, row.kernel].joined(separator: "|")
            let group = known[key] ?? groups.match(.init(format: row.format, architecture: row.architecture,
                                                         labels: KernelLabels(software: row.software, version: row.version, kernel: row.kernel)), device: there.device, strictly: true)
            known[key] = .some(group)
            matrix.add(there.features[...], codes: group?.codes ?? [Float](repeating: .nan, count: KernelGroups.levels(knownDevice: true).count),
                       place: row.curve, curves: group?.curves ?? [:])
        }
        return matrix
    }

    /// The table that a model ships with.
    func groups(_ set: TrainingSet, rows: [Int]) -> KernelGroups { codes.groups(set, rows: rows, curves: curves) }

    /// log₂ of measured ÷ base as it would be on the sibling of each row's device.
    func predictOnSiblings(_ set: TrainingSet, _ rows: [Int], knowing others: [Int]) -> [Float] {
        matrixOnSiblings(set, rows, knowing: others).predictions(of: trees)
    }

    /// log₂ of measured ÷ base as the trees have it; never below the physical bound.
    func predict(_ set: TrainingSet, _ rows: [Int]) -> [Float] {
        zip(rows, matrix(set, rows).predictions(of: trees)).map { place, residual in
            let row = set.rows[place]
            return max(residual, Float(log2(row.bound / row.base)))
        }
    }
}
