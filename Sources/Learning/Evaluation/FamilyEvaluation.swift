import CostModels
import LearnedModels
import Quantities

/// What was found out about one family: all figures are of rows that what answered had not seen.
public struct FamilyEvaluation: Sendable {
    /// Errors of one kind of holding out; coverage and width of intervals where they are known.
    public struct Score: Sendable {
        /// `shapes`, `device` or `software`.
        public var heldOut: String
        /// Which device or software; empty for all.
        public var name: String
        public var rows: Int
        public var median: Double
        public var mape: Double
        public var coverage50: Double?
        public var coverage90: Double?
        public var width90: Double?
    }

    /// One way of predicting, on shapes and on devices that it had not seen.
    public struct Ablation: Sendable {
        public var name: String
        public var shapes: ErrorPair
        public var devices: ErrorPair?
        /// Of devices that have no sibling among the measured ones.
        public var alone: ErrorPair?
    }

    public struct ErrorPair: Sendable {
        public var median: Double
        public var mape: Double

        /// Nil for no errors.
        init?(_ errors: [Double]) {
            guard !errors.isEmpty else { return nil }
            median = errors.sorted()[errors.count / 2]
            mape = errors.reduce(0, +) / Double(errors.count)
        }
    }

    public struct CurvePoint: Sendable {
        /// Part of the training rows, and how many that is on average over the folds.
        public var part: Double
        public var rows: Int
        public var errors: ErrorPair
    }

    public struct CoveragePoint: Sendable {
        public var level: Double
        public var shapes: Double
        public var devices: Double?
    }

    public var family: KernelKey.Family
    /// Rows that took part.
    public var rows: Int
    public var points: [HeldOutPoint]
    public var scores: [Score]
    public var ablations: [Ablation]
    public var curve: [CurvePoint]
    public var coverage: [CoveragePoint]
}

extension FamilyEvaluation {
    static let levels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]

    /// - Parameter set: with its sites.
    init(_ set: TrainingSet, siblings: Siblings, folds: Int, seed: Int, progress: @Sendable (String) -> Void) throws {
        family = set.family
        rows = set.rows.count
        let outcome = try FamilyTraining(set: set, folds: folds, seed: seed).run(progress: progress)
        let shapes = set.rows.indices.compactMap { row in
            outcome.shapes[row].map { held in
                HeldOutPoint(measured: set.rows[row].measured, predicted: held.predicted, kind: .shape, group: set.rows[row].device,
                             below: max(log2(held.predicted / held.low), 1e-3), above: max(log2(held.high / held.predicted), 1e-3),
                             part: Int(set.rows[row].shape.mixed % 2))
            }
        }
        let left = try LeftOut(set: set, siblings: siblings, family: outcome.family, seed: seed)
        let devices = try left.devices(progress: progress), software = try left.software(progress: progress)
        points = shapes + devices + software
        let known = Coverage(shapes), unknown = Coverage(devices)
        scores = Self.scores("shapes", shapes, known) + Self.scores("device", devices, unknown) + Self.scores("software", software, Coverage([]))
        coverage = Self.levels.compactMap { level in
            known.at(level).map { .init(level: level, shapes: $0.part, devices: unknown.at(level)?.part) }
        }
        let ablation = Ablations(set: set, siblings: siblings, folds: folds, seed: seed)
        ablations = try ablation.run(shapes: shapes, devices: devices, progress: progress)
        curve = try LearningCurve(set: set, folds: folds, seed: seed).run(whole: shapes.map(\.error), progress: progress)
    }

    /// Of all points, then of each device or software.
    private static func scores(_ what: String, _ points: [HeldOutPoint], _ coverage: Coverage) -> [Score] {
        func score(_ name: String, _ wanted: (HeldOutPoint) -> Bool) -> Score? {
            guard let errors = ErrorPair(points.filter(wanted).map(\.error)) else { return nil }
            let half = coverage.at(0.5, where: wanted), ninety = coverage.at(0.9, where: wanted)
            return Score(heldOut: what, name: name, rows: points.count(where: wanted), median: errors.median, mape: errors.mape, coverage50: half?.part,
                         coverage90: ninety?.part, width90: ninety?.width)
        }
        return [score("", { _ in true })].compactMap(\.self) + Set(points.map(\.group)).sorted().compactMap { group in score(group) { $0.group == group } }
    }
}
