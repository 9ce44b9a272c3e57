import CostModels
import LearnedModels

/// How trees of one family are grown.
struct FamilyRecipe: Sendable {
    /// Errors beyond 7 % count by their size: kernels that a library chose otherwise must not draw their neighbours.
    var residual = BoosterParameters(rounds: 300, depth: 10, learningRate: 0.07, rowsInLeaf: 1, bins: 128, softness: 0.1, isRelative: true)
    /// Forests of other seeds whose mean is taken in the model that ships.
    var seeds = 2
    /// Beside each forest one that is not told of its kernel's surface, but for half of what that says: their errors differ.
    var hasBlind = false
    var unseen = BoosterParameters(rounds: 200, depth: 8, learningRate: 0.08, rowsInLeaf: 10, featureSample: 0.5)
    /// Of how far measurements lie from predictions: smooth, so that it does not learn them by heart. Nil where it is the same for all.
    var spread: BoosterParameters? = BoosterParameters(rounds: 80, depth: 6, learningRate: 0.1, rowsInLeaf: 40, featureSample: 0.5)

    static func of(_ family: KernelKey.Family) -> FamilyRecipe {
        var recipe = FamilyRecipe()
        switch family {
        case .collective:
            recipe.residual = BoosterParameters(rounds: 300, depth: 6, learningRate: 0.05, rowsInLeaf: 4, softness: 0.02)
            // Rings scatter alike at all sizes, an engine's own kernels between two modes: nothing tells them better than the library.
            recipe.spread = nil
        case .expertExchange:
            recipe.residual = BoosterParameters(rounds: 300, depth: 4, learningRate: 0.05, rowsInLeaf: 4, softness: 0.02)
            recipe.spread = BoosterParameters(rounds: 120, depth: 4, learningRate: 0.1, rowsInLeaf: 20, featureSample: 0.5)
        case .gemm, .experts:
            if family == .experts { recipe.residual.learningRate = 0.1 }
            recipe.seeds = 1
            recipe.hasBlind = true
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
    /// Nil where devices are to be unknown, or the family has none.
    var surfaces: KernelSurfaces?
    var trees: TreeEnsemble
    var knowsDevice: Bool

    /// - Parameters:
    ///   - rows: places of the rows to learn from.
    ///   - ships: the forest is to be used, not only to be held against what was held out; for that one seed will do, whose
    ///     errors are a little larger.
    static func grow(_ set: TrainingSet, rows: [Int], knowsDevice: Bool, seed: Int, ships: Bool = false) throws -> Forest {
        let recipe = FamilyRecipe.of(set.family)
        var forest = Forest(codes: KernelCodes(set, rows: rows, knowsDevice: knowsDevice), curves: knowsDevice ? GroupCurves(set, rows: rows) : nil,
                            surfaces: knowsDevice ? KernelSurfaces(set, rows: rows) : nil,
                            trees: try TreeEnsemble(packing: [], features: 0), knowsDevice: knowsDevice)
        let matrix = forest.matrix(set, rows, asUnseen: true)
        let targets = zip(rows, matrix.offsets).map { set.rows[$0].target - $1 }
        let views = knowsDevice && recipe.hasBlind && forest.surfaces != nil ? 2 : 1, count = views * (knowsDevice && ships ? recipe.seeds : 1)
        var trees: [PlainTree] = []
        for one in 0..<count {
            let values = one % views == 0 ? matrix.values : matrix.blinded
            trees += try XGBooster.grow(values, width: matrix.width, targets: targets, seed: seed + one, knowsDevice ? recipe.residual : recipe.unseen)
        }
        forest.trees = try TreeEnsemble(packing: trees, features: matrix.width, weight: 1 / Float(count))
        return forest
    }

    /// - Parameter asUnseen: curves without what rows of the same shape contributed.
    func matrix(_ set: TrainingSet, _ rows: [Int], asUnseen: Bool = false) -> TreeRows {
        var matrix = TreeRows(of: set.family, hasSurfaces: surfaces != nil)
        for place in rows {
            let row = set.rows[place]
            matrix.add(set.features(of: place), codes: codes.codes(of: row), place: curves == nil ? nil : row.curve,
                       curves: curves?.curves(of: row, asUnseen: asUnseen) ?? [:], surface: surfaces?.value(set, place, asUnseen: asUnseen))
        }
        return matrix
    }

    /// As `matrix`, of the rows as they would be on the siblings of their devices; `others` are the rows that are known of.
    func matrixOnSiblings(_ set: TrainingSet, _ rows: [Int], knowing others: [Int]) -> TreeRows {
        let groups = groups(set, rows: others)
        var known: [String: KernelGroup?] = [:], matrix = TreeRows(of: set.family, hasSurfaces: surfaces != nil)
        for place in rows {
            guard let there = set.moved[place] else { continue }
            let row = set.rows[place]
            let key = [there.device, row.software, row.version, row.format, row.kernel].joined(separator: "|")
            let group = known[key] ?? groups.match(.init(format: row.format, architecture: row.architecture,
                                                         labels: KernelLabels(software: row.software, version: row.version, kernel: row.kernel)), device: there.device, strictly: true)
            known[key] = .some(group)
            matrix.add(there.features[...], codes: group?.codes ?? [Float](repeating: .nan, count: KernelGroups.levels(knownDevice: true).count),
                       place: row.curve, curves: group?.curves ?? [:], surface: group?.surface.flatMap { surfaces?.value(on: $0, there.features[...]) })
        }
        return matrix
    }

    /// The table that a model ships with.
    func groups(_ set: TrainingSet, rows: [Int]) -> KernelGroups { codes.groups(set, rows: rows, curves: curves, surfaces: surfaces) }

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
