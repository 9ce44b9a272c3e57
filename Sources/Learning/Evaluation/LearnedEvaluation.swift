import CostModels
import Documents
import Hardware
import LearnedModels
import Measurement
import Quantities

/// The learned model held against what it had not seen: shapes, devices, software; what its parts are worth; what more rows bring.
///
///     let evaluation = try LearnedEvaluation(of: files, in: Library(), sample: 4000)
///     print(evaluation.markdown)
///
/// The same files, sample and seed give the same figures.
public struct LearnedEvaluation: Sendable {
    public private(set) var families: [FamilyEvaluation] = []
    /// Of boards' watts, with the points in watts.
    public private(set) var power: [(scores: [LearnedManifest.Power], points: [HeldOutPoint])] = []
    public let skipped: SkippedRows
    /// Rows of each family at most; nil for all.
    public let sample: Int?
    public let folds: Int
    public let seed: Int

    /// A sample of fewer leaves folds, devices and software without enough rows to learn from.
    public static let smallestSample = 500

    /// - Throws: `DocumentError` where a file cannot be read or has nothing to learn from; `BoosterError`, `TreeError` as training.
    public init(of files: [String], in library: Library, families wanted: [KernelKey.Family] = KernelKey.Family.learned, sample: Int? = nil, folds: Int = 10,
                seed: Int = 1, progress: @Sendable (String) -> Void = { _ in }) throws {
        self.sample = sample
        self.folds = folds
        self.seed = seed
        let read = try TrainingSet.reading(files, in: library, sample: sample, seed: seed, keepsSites: true, progress: progress)
        let watts = try TrainingSet.readingPower(files, in: library)
        var skipped = read.skipped
        skipped.add(watts.skipped)
        self.skipped = skipped
        let sets = read.sets.filter { wanted.contains($0.family) }
        guard !sets.isEmpty else {
            throw DocumentError(file: files.first ?? "", message: "has no rows of \(list(wanted.map(\.rawValue))) to learn from; Documentation/MeasuredRuns.md states the formats")
        }
        for set in sets where set.rows.count < 200 {
            throw DocumentError(file: files.first ?? "", message: "has \(set.rows.count) rows of \(set.family.rawValue); an evaluation takes at least 200")
        }
        let siblings = try Siblings(library)
        for set in sets { families.append(try FamilyEvaluation(set, siblings: siblings, folds: folds, seed: seed, progress: progress)) }
        for set in watts.sets where wanted.contains(set.family) {
            let outcome = try PowerTraining(set: set, folds: folds, seed: seed).run(in: library, progress: progress)
            power.append((outcome.scores, outcome.points))
        }
    }
}
