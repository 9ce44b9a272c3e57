import CostModels
import Measurement

/// Measured rows of one kernel, and what was made of them.
struct KernelFitting {
    /// By its place in the samples: the prediction by a fit that had not seen its shape.
    var heldOut: [Double?]
    var calibrations: [KernelCalibration] = []
    /// Why there is none.
    var refusal: String?

    /// Parts into which the shapes are divided; each is predicted from the others.
    static let folds: UInt64 = 5
    private static let fewestShapes = 5

    init(_ samples: [KernelSample], key: KernelKey, kernel: String) {
        heldOut = [Double?](repeating: nil, count: samples.count)
        let least = KernelFit.rowsPerParameter(samples)
        guard samples.count >= least else {
            refusal = "\(samples.count) rows are too few: a parameter takes \(least)"
            return
        }
        let shapes = Set(samples.map(\.shape)).count
        guard shapes >= Self.fewestShapes else {
            refusal = "\(shapes) different shapes are too few to hold some back; take \(Self.fewestShapes)"
            return
        }
        guard let whole = add(samples, at: Array(samples.indices), key: key, kernel: kernel) else {
            refusal = "its rows support none of the parameters: every standard error is as large as the value"
            return
        }
        calibrations.append(whole)
        // The shorter names first, so that the closest variant that the rows support has the last word.
        let variants = samples.map { KernelKey(key.family, format: key.format, variant: $0.variant).variants }
        // On a processor heads that share a cached one go through the loop of lone ones.
        let sameLoop = samples.first?.onProcessor == true ? [KernelKey.sharedHeads, KernelKey.loneHeads] : []
        let names = Set(variants.joined()).filter { name in !sameLoop.contains { name.hasSuffix($0) } }.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
        var fitted: Set<[Int]> = [Array(samples.indices)]
        for variant in names {
            let places = samples.indices.filter { variants[$0].contains(variant) }
            guard places.count >= Self.leastOfVariant(samples, key.family), fitted.insert(places).inserted else { continue }
            let own = places.map { samples[$0] }
            guard Set(own.map(\.shape)).count >= Self.fewestShapes else { continue }
            if let calibration = add(own, at: places, key: KernelKey(key.family, format: key.format, variant: variant), kernel: kernel) { calibrations.append(calibration) }
        }
    }

    /// Fits and cross-validates; keeps the held-out predictions.
    private mutating func add(_ samples: [KernelSample], at places: [Int], key: KernelKey, kernel: String) -> KernelCalibration? {
        guard let (plan, fit) = Self.planned(samples, key.family) else { return nil }
        // Shapes in the order of their hashes, dealt out in turn, so that the parts are of equal size.
        let shapes = Set(samples.map(\.shape)).sorted()
        let fold = Dictionary(uniqueKeysWithValues: shapes.enumerated().map { ($0.element, UInt64($0.offset) % Self.folds) })
        for part in 0..<Self.folds {
            let rest = samples.filter { fold[$0.shape] != part }
            let (plan, found) = Self.planned(rest, key.family, from: fit) ?? (nil, nil)
            let constants = found?.constants ?? KernelConstants { $0.neutral }
            for (place, sample) in zip(places, samples) where fold[sample.shape] == part { heldOut[place] = sample.under(plan).predicted(under: constants) }
        }
        let training = Self.score(samples.map { ($0.under(plan).predicted(under: fit.constants), $0.measured) })
        let validation = Self.score(zip(places, samples).compactMap { place, sample in heldOut[place].map { ($0, sample.measured) } })
        return KernelCalibration(key: key, kernel: kernel, plan: plan, fitted: fit.fitted, rows: samples.count, training: training, validation: validation)
    }

    /// The plan that explains the rows best, and the constants that go with it.
    private static func planned(_ samples: [KernelSample], _ family: KernelKey.Family, from other: KernelFit? = nil) -> (AttentionPlan?, KernelFit)? {
        let plan = KernelPlanning.best(of: samples, family)
        return best(samples.map { $0.under(plan) }, family, from: other).map { (plan, $0) }
    }

    /// Rows that a variant needs for a fit of its own.
    private static func leastOfVariant(_ samples: [KernelSample], _ family: KernelKey.Family) -> Int {
        let onProcessor = samples.first?.onProcessor ?? false
        return KernelFit.rowsPerParameter(samples) * (onProcessor ? 3 : family.parameters(onProcessor: false).count)
    }

    /// With a constant that is added to every call; or, where no call is anywhere near as short as the model says, with one
    /// below which none came: calls that the host launched one by one.
    private static func best(_ samples: [KernelSample], _ family: KernelKey.Family, from other: KernelFit? = nil) -> KernelFit? {
        let start = other?.fitted.mapValues(\.value) ?? [:], samples = fastest(samples)
        let parameters = family.parameters(onProcessor: samples.first?.onProcessor ?? false, ofUnits: samples.contains(where: \.statesUnits),
                                           ofEngine: samples.contains(where: \.ofEngine))
        let added = KernelFit(samples, parameters, from: start)
        let neutral = KernelConstants { $0.neutral }
        let shortest = samples.map(\.measured).min() ?? 0, modelled = samples.map { $0.predicted(under: neutral) }.min() ?? 0
        guard family == .gemm || family == .experts, !(samples.first?.onProcessor ?? false), shortest > launchedRatio * modelled else { return added }
        guard let floored = KernelFit(samples, [.hostFloor] + parameters.filter { $0 != .overhead }, from: start) else { return added }
        guard let added else { return floored }
        func error(_ fit: KernelFit) -> Double { score(samples.map { ($0.predicted(under: fit.constants), $0.measured) }).mape }
        return error(floored) < error(added) ? floored : added
    }

    /// Of the rows of one call the fastest: what the others took longer, replayed from no graph, was the host's.
    private static func fastest(_ samples: [KernelSample]) -> [KernelSample] {
        var place: [UInt64: Int] = [:], kept: [KernelSample] = []
        for sample in samples {
            guard let call = sample.call, let known = place[call] else {
                if let call = sample.call { place[call] = kept.count }
                kept.append(sample)
                continue
            }
            if sample.measured < kept[known].measured { kept[known] = sample }
        }
        return kept
    }

    /// The shortest measured call over the shortest modelled one, beyond which the host is suspected.
    private static let launchedRatio = 8.0

    static func score(_ pairs: [(predicted: Double, measured: Double)]) -> KernelCalibration.Score {
        var errors = ErrorStatistics()
        for pair in pairs { errors.add(predicted: pair.predicted, measured: pair.measured) }
        return .init(rows: errors.predicted, medianAPE: errors.medianAPE ?? 0, mape: errors.mape ?? 0)
    }
}
