import CostModels
import LearnedModels

/// What each part of the model is worth: analytic models alone, trees told of sizes, trees told of ratios.
struct Ablations {
    let set: TrainingSet
    let siblings: Siblings
    let folds: Int
    let seed: Int

    /// - Parameters:
    ///   - shapes: what the whole model says of unseen shapes.
    ///   - devices: and of devices left out.
    func run(shapes: [HeldOutPoint], devices: [HeldOutPoint], progress: @Sendable (String) -> Void) throws -> [FamilyEvaluation.Ablation] {
        // On a device left out the cycle model has no calibration but its sibling's.
        let lent = set.sites.map { siblings.unmeasured($0) }
        func analytic(_ name: String, _ time: (TrainingSet.Row) -> Double, devices: (Int) -> Double?) -> FamilyEvaluation.Ablation? {
            let own = set.rows.map { abs(time($0) / $0.measured - 1) }
            let other = set.rows.indices.compactMap { row in devices(row).map { (set.rows[row].device, abs($0 / set.rows[row].measured - 1)) } }
            return ablation(name, own, other)
        }
        var found = [
            analytic("roofline alone", \.bound) { set.rows[$0].bound }, analytic("cycle model alone", \.cycle) { set.rows[$0].cycle },
            analytic("calibrated cycle model alone", \.base) { lent[$0]?.base },
        ]
        let raw = Self.sizes(of: set.names), ratios = set.names.indices.filter { !raw.contains($0) }
        found.append(try trees("trees on sizes, without an analytic model", set.keeping(raw, base: { _ in 1e-6 }), lent: nil, progress))
        found.append(try trees("trees on sizes, over the calibrated cycle model", set.keeping(raw), lent: lent.map { $0.map { sample in (sample.base, raw.map { sample.features[$0] }) } }, progress))
        found.append(try trees("trees on ratios, over the calibrated cycle model", set.keeping(ratios), lent: lent.map { $0.map { sample in (sample.base, ratios.map { sample.features[$0] }) } }, progress))
        let everything = Array(set.names.indices)
        found.append(try trees("trees on both, over the calibrated cycle model", set.keeping(everything), lent: lent.map { $0.map { ($0.base, $0.features) } }, progress))
        let plain = set.over(set.sites.map { SiteSample($0, calibration: nil) })
        found.append(try trees("trees on both, over the cycle model alone", plain.keeping(everything), lent: nil, progress))
        found.append(ablation("the model: ratios, sizes, curves, siblings", shapes.map(\.error), devices.map { ($0.group, $0.error) }))
        return found.compactMap(\.self)
    }

    /// - Parameter lent: by row what the trees are told on a device left out, with its base; nil where that is no different.
    private func trees(_ name: String, _ set: TrainingSet, lent: [(base: Double, features: [Float])?]?, _ progress: @Sendable (String) -> Void) throws -> FamilyEvaluation.Ablation? {
        let all = Array(set.rows.indices), devices = Swift.Set(set.rows.map(\.device)).sorted()
        let results = try parallel(folds + (devices.count > 1 ? devices.count : 0)) { place -> (device: String, errors: [Double]) in
            defer { progress("\(set.family.rawValue): \(name), \(place + 1)") }
            if place < folds {
                let out = all.filter { Int(set.rows[$0].shape % UInt64(folds)) == place }
                let rest = all.filter { Int(set.rows[$0].shape % UInt64(folds)) != place }
                return ("", try Forest.heldAgainst(set, rows: rest, knowsDevice: true, seed: seed).errors(set, out))
            }
            let device = devices[place - folds], out = all.filter { set.rows[$0].device == device }
            let forest = try Forest.heldAgainst(set, rows: all.filter { set.rows[$0].device != device }, knowsDevice: false, seed: seed)
            return (device, forest.errors(lent.map { set.replacing($0) } ?? set, out))
        }
        return ablation(name, results.prefix(folds).flatMap(\.errors), results.dropFirst(folds).flatMap { one in one.errors.map { (one.device, $0) } })
    }

    private func ablation(_ name: String, _ shapes: [Double], _ devices: [(device: String, error: Double)]) -> FamilyEvaluation.Ablation? {
        guard let own = FamilyEvaluation.ErrorPair(shapes) else { return nil }
        let related = Swift.Set(set.rows.indices.filter { set.moved[$0] != nil }.map { set.rows[$0].device })
        return .init(name: name, shapes: own, devices: .init(devices.map(\.error)), alone: .init(devices.filter { !related.contains($0.device) }.map(\.error)))
    }

    /// Places of the features that are sizes of the work, formats, and datasheet figures of the device: what a model is told that
    /// knows no relation between them.
    private static func sizes(of names: [String]) -> [Int] {
        names.indices.filter { sizes.contains(names[$0]) }
    }

    private static let sizes: Set<String> = [
        "units", "peak of a unit", "balance", "bandwidth",
        "rows", "columns", "depth", "weight bits", "input bits", "warm",
        "batch", "queries", "context", "heads", "cached heads", "head dimension", "window", "cache bits", "math bits",
        "tokens", "experts", "choices", "hidden", "width", "active experts", "largest",
        "members", "kind", "bytes", "bits", "messages", "bytes a message", "link bandwidth", "link latency",
    ]
}

extension TrainingSet {
    /// With these features alone.
    ///
    /// - Parameter base: seconds that residuals are of, where they are not to be of the calibrated cycle model; no bound holds then.
    func keeping(_ places: [Int], base: ((Row) -> Double)? = nil) -> TrainingSet {
        var kept = self
        kept.names = places.map { names[$0] }
        kept.features = rows.indices.flatMap { row in places.map { features[row * width + $0] } }
        kept.moved = .init(repeating: nil, count: rows.count)
        kept.sites = []
        // Curves of a kernel over size are a part of their own.
        for row in rows.indices { kept.rows[row].curve = nil }
        guard let base else { return kept }
        for row in rows.indices {
            let other = base(rows[row]), shift = Float(log2(rows[row].base / other))
            kept.rows[row].base = other
            kept.rows[row].bound = 0
            kept.rows[row].residual += shift
            kept.rows[row].target += shift
        }
        return kept
    }

    /// With other features and bases of rows, where there are any; codes and measurements stay.
    func replacing(_ others: [(base: Double, features: [Float])?]) -> TrainingSet {
        var set = self
        for (row, other) in others.enumerated() {
            guard let other else { continue }
            set.rows[row].base = other.base
            for (place, value) in other.features.enumerated() { set.features[row * width + place] = value }
        }
        return set
    }

    /// Over other analytic answers, residuals and all.
    func over(_ samples: [SiteSample?]) -> TrainingSet {
        var set = self
        for (row, sample) in samples.enumerated() {
            guard let sample else { continue }
            let shift = Float(log2(rows[row].base / sample.base))
            set.rows[row].base = sample.base
            set.rows[row].residual += shift
            set.rows[row].target += shift
            for (place, value) in sample.features.enumerated() { set.features[row * width + place] = value }
        }
        return set
    }
}
