import CostModels
import Documents
import Hardware
import LearnedModels
import Measurement
import Quantities

/// Grows a learned model from measured rows.
///
///     var training = try LearnedTraining(of: files, in: Library())
///     let model = try training.run()
public struct LearnedTraining {
    private let sets: [TrainingSet]
    /// Rows that state watts.
    private let powerSets: [TrainingSet]
    private let library: Library
    public let folds: Int
    public let seed: Int
    public private(set) var scores: [LearnedManifest.Score] = []
    /// Rows that nothing is learned from.
    public let skipped: SkippedRows

    /// - Parameter powerAlone: learn the watts of boards and no times, for a model that has those already.
    /// - Throws: `DocumentError` where a file cannot be read or has nothing to learn from.
    public init(of files: [String], in library: Library, families: [KernelKey.Family] = KernelKey.Family.learned, powerAlone: Bool = false, folds: Int = 10, seed: Int = 1,
                progress: (String) -> Void = { _ in }) throws(DocumentError) {
        self.library = library
        self.folds = folds
        self.seed = seed
        let read = powerAlone ? ([], SkippedRows()) : try TrainingSet.reading(files, in: library, progress: progress)
        sets = read.0.filter { families.contains($0.family) }
        let power = try TrainingSet.readingPower(files, in: library)
        powerSets = power.sets.filter { families.contains($0.family) }
        var skipped = read.1
        skipped.add(power.skipped)
        self.skipped = skipped
        for line in skipped.lines { progress(line) }
        guard !powerAlone || !powerSets.isEmpty else {
            throw DocumentError(file: files.first ?? "", message: "has fewer than \(PowerTraining.fewestRows) rows of any family that state watts in a column \"power\"")
        }
        guard powerAlone || !sets.isEmpty else {
            throw DocumentError(file: files.first ?? "", message: "has no rows of \(list(families.map(\.rawValue))) to learn from; Documentation/MeasuredRuns.md states the formats")
        }
        for set in sets where set.rows.count < 200 || Set(set.rows.map(\.device)).count < 2 {
            throw DocumentError(file: files.first ?? "", message: "has \(set.rows.count) rows of \(set.family.rawValue) from \(Set(set.rows.map(\.device)).count) devices; "
                                + "a model takes at least 200 rows from two: use \"orrery calibrate\" for fewer")
        }
    }

    /// Trains all families; the same rows and seed give the same model.
    ///
    /// - Throws: `BoosterError`, `TreeError` where trees cannot be grown or packed; neither is expected of valid rows.
    public mutating func run(version: String, date: String, licence: String, progress: @Sendable (String) -> Void = { _ in }) throws -> LearnedModel {
        var families: [LearnedFamily] = [], probes: [LearnedManifest.Probe] = [], sources: [LearnedManifest.Source] = []
        for set in sets {
            let outcome = try FamilyTraining(set: set, folds: folds, seed: seed).run(progress: progress)
            families.append(outcome.family)
            scores += outcome.scores
            sources += set.sources.sorted { $0.key < $1.key }.map { .init(family: set.family, file: $0.key, rows: $0.value) }
            // Without its probe a model would not notice that what it stands on has changed.
            if let row = set.rows.first { probes.append(try library.learnedProbe(of: set.family, device: row.device, software: row.software)) }
        }
        var power: [PowerTraining.Outcome] = []
        for set in powerSets { power.append(try PowerTraining(set: set, folds: folds, seed: seed).run(in: library, progress: progress)) }
        let manifest = LearnedManifest(version: version, date: date, licence: licence, seed: seed, folds: folds, sources: sources, skipped: skipped.entries, scores: scores, probes: probes,
                                       power: power.flatMap(\.scores))
        var model = LearnedModel(manifest: manifest, families: families)
        for family in power.compactMap(\.family) { model.power[family.family] = family }
        return model
    }

    /// Features, measurements and bases of all rows of a family as CSV, for whoever wants to look at them. The base that is named "lent" is of a
    /// sibling's calibration or of none, "halved" half-way between both for kernels that a sibling lacks, "kin" of other architectures.
    public func featuresCSV(of family: KernelKey.Family) -> String {
        guard let set = sets.first(where: { $0.family == family }) else { return "" }
        var text = "measured,base,lent,halved,kin,cycle,bound,shape,device,software,version,format,kernel," + set.names.map { "\"\($0)\"" }.joined(separator: ",") + "\n"
        for (place, row) in set.rows.enumerated() {
            let unmeasured = [row.lent, row.halved, row.kin].map { $0.map { "\($0)" } ?? "" }.joined(separator: ",")
            text += "\(row.measured),\(row.base),\(unmeasured),\(row.cycle),\(row.bound),\(row.shape),\(row.device),\(row.software),\(row.version),\"\(row.format)\",\"\(row.kernel)\""
            for value in set.features(of: place) { text += value.isFinite ? ",\(value)" : "," }
            text += "\n"
        }
        return text
    }
}
