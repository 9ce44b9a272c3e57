/// Errors on unseen shapes by how many rows were learned from.
struct LearningCurve {
    let set: TrainingSet
    let folds: Int
    let seed: Int

    static let parts = [1.0 / 32, 1.0 / 16, 1.0 / 8, 1.0 / 4, 1.0 / 2]
    /// Fewer rows say nothing.
    private static let fewest = 20

    /// - Parameter whole: errors of forests that learned from all rows but those held out.
    func run(whole: [Double], progress: @Sendable (String) -> Void) throws -> [FamilyEvaluation.CurvePoint] {
        let all = Array(set.rows.indices)
        // The same row is in every larger part, too.
        let marks = all.map { Double((UInt64($0) &+ UInt64(seed) << 32).mixed >> 11) / Double(1 << 53) }
        let jobs = Self.parts.flatMap { part in (0..<folds).map { (part: part, fold: $0) } }
        let results = try parallel(jobs.count) { place -> (rows: Int, errors: [Double]) in
            let (part, held) = jobs[place]
            defer { progress("\(set.family.rawValue): learning curve, \(place + 1) of \(jobs.count)") }
            let learned = all.filter { fold(of: $0) != held && marks[$0] < part }, out = all.filter { fold(of: $0) == held }
            guard learned.count >= Self.fewest else { return (learned.count, []) }
            return (learned.count, try Forest.heldAgainst(set, rows: learned, knowsDevice: true, seed: seed).errors(set, out))
        }
        var curve: [FamilyEvaluation.CurvePoint] = []
        for part in Self.parts {
            let own = zip(jobs, results).filter { $0.0.part == part }.map(\.1)
            guard own.allSatisfy({ !$0.errors.isEmpty }), let errors = FamilyEvaluation.ErrorPair(own.flatMap { $0.errors }) else { continue }
            curve.append(.init(part: part, rows: own.reduce(0) { $0 + $1.rows } / folds, errors: errors))
        }
        if let errors = FamilyEvaluation.ErrorPair(whole) { curve.append(.init(part: 1, rows: all.count * (folds - 1) / folds, errors: errors)) }
        return curve
    }

    private func fold(of row: Int) -> Int { Int(set.rows[row].shape % UInt64(folds)) }
}
