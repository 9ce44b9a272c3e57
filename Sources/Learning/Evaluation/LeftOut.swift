import CostModels
import LearnedModels
import Quantities

/// Answers for devices, and for software, none of whose rows and none of whose calibrations were given, found the way in which a
/// model answers for them: by a sibling, by kin, by the trees for strangers, by the kernel of another software.
///
/// The spreads and the two numbers by which siblings and strangers are mixed are those fitted on all rows.
struct LeftOut {
    private let set: TrainingSet
    private let siblings: Siblings
    private let family: LearnedFamily
    private let seed: Int
    private let all: [Int]

    init(set: TrainingSet, siblings: Siblings, family: LearnedFamily, seed: Int) throws {
        guard set.sites.count == set.rows.count else { throw BoosterError(description: "rows without their sites cannot be left out") }
        self.set = set
        self.siblings = siblings
        self.family = family
        self.seed = seed
        all = Array(set.rows.indices)
    }

    func devices(progress: @Sendable (String) -> Void) throws -> [HeldOutPoint] {
        let devices = Swift.Set(set.rows.map(\.device)).sorted()
        guard devices.count > 1 else { return [] }
        return try parallel(devices.count) { place in
            defer { progress("\(set.family.rawValue): without \(devices[place])") }
            return try without(device: devices[place])
        }.flatMap(\.self)
    }

    func software(progress: @Sendable (String) -> Void) throws -> [HeldOutPoint] {
        // The collectives of NCCL are no framework's.
        let software = Swift.Set(set.rows.map(\.software)).filter { $0 != "nccl" }.sorted()
        guard software.count > 1, set.family != .expertExchange else { return [] }
        return try parallel(software.count) { place in
            defer { progress("\(set.family.rawValue): without \(software[place])") }
            return try without(software: software[place])
        }.flatMap(\.self)
    }

    private func wanted(_ row: TrainingSet.Row) -> KernelGroups.Wanted {
        .init(format: row.format, architecture: row.architecture, labels: KernelLabels(software: row.software, version: row.version, kernel: row.kernel))
    }

    private func point(_ row: Int, _ kind: HeldOutPoint.Kind, _ time: Double, spread: Float, group: String) -> HeldOutPoint {
        let quantiles = switch kind {
        case .stranger: (set.moved[row] == nil ? nil : family.unseen.quantiles[LearnedFamily.lacking]) ?? family.unseen.quantiles[LearnedFamily.all]
        case .kin: family.unseen.quantiles[LearnedFamily.kin]
        default: family.known.quantiles[LearnedFamily.sibling]
        }
        let sides = quantiles?.ninety ?? .init(below: 1, above: 1)
        return HeldOutPoint(measured: set.rows[row].measured, predicted: max(time, set.rows[row].bound), kind: kind, group: group,
                            below: max(exp2(Double(spread)) * sides.below, 1e-3), above: max(exp2(Double(spread)) * sides.above, 1e-3), part: 0)
    }

    private func without(device: String) throws -> [HeldOutPoint] {
        let rest = all.filter { set.rows[$0].device != device }, out = all.filter { set.rows[$0].device == device }
        let strangers = try Forest.heldAgainst(set, rows: rest, knowsDevice: false, seed: seed), others = strangers.groups(set, rows: rest)
        let alone = Answers(strangers, spread: family.unseen.spread, of: set.family, rows: out.compactMap { row -> Answers.Row? in
            guard let sample = siblings.unmeasured(set.sites[row], part: family.lendingWeight), let group = others.match(wanted(set.rows[row]), device: nil) else { return nil }
            return Answers.Row(row: row, features: sample.features, codes: group.codes, scale: sample.base)
        })
        let related = out.contains { set.moved[$0] != nil }
        var known: Answers?
        if related {
            let forest = try Forest.heldAgainst(set, rows: rest, knowsDevice: true, seed: seed), groups = forest.groups(set, rows: rest)
            known = Answers(forest, spread: family.known.spread, of: set.family, rows: out.compactMap { row -> Answers.Row? in
                guard let there = set.moved[row], let group = groups.match(wanted(set.rows[row]), device: there.device, strictly: true) else { return nil }
                return Answers.Row(row: row, features: there.features, codes: group.codes, place: set.rows[row].curve, curves: group.curves, surface: group.surface, scale: there.base * power(there.own / there.base, family.siblingExponent))
            })
        }
        return out.compactMap { row in
            guard let (learned, far) = alone.answers[row] else { return nil }
            var stranger = LearnedFamily.knowsStrangers(set.family) ? learned : set.rows[row].lent
            if set.moved[row] == nil { stranger = family.usual.drawing(stranger, cycle: set.rows[row].cycle) }
            guard let (sibling, near) = known?.answers[row] else { return point(row, set.rows[row].kin == nil ? .stranger : .kin, stranger, spread: far, group: device) }
            let time = power(sibling, family.siblingWeight) * power(stranger, 1 - family.siblingWeight)
            return point(row, .sibling, time, spread: near, group: device)
        }
    }

    private func without(software: String) throws -> [HeldOutPoint] {
        let rest = all.filter { set.rows[$0].software != software }, out = all.filter { set.rows[$0].software == software }
        let forest = try Forest.heldAgainst(set, rows: rest, knowsDevice: true, seed: seed), groups = forest.groups(set, rows: rest)
        // Where a device or a format was measured under this software alone, nothing is left to go by.
        let answers = Answers(forest, spread: family.known.spread, of: set.family, rows: out.compactMap { row -> Answers.Row? in
            guard let group = groups.match(wanted(set.rows[row]), device: set.rows[row].device), let sample = siblings.under(group.software, set.sites[row]) else { return nil }
            return Answers.Row(row: row, features: sample.features, codes: group.codes, place: set.rows[row].curve, curves: group.curves, surface: group.surface, scale: sample.base)
        })
        return out.compactMap { row in answers.answers[row].map { point(row, .software, $0.time, spread: $0.spread, group: software) } }
    }
}

/// Rows put to a forest and to the trees of a spread.
private struct Answers {
    struct Row {
        var row: Int
        var features: [Float]
        var codes: [Float]
        var place: CurvePlace?
        var curves: GroupCurves.Curves = [:]
        var surface: KernelSurface?
        /// Seconds that 2 to the power of the forest's answer multiplies.
        var scale: Double
    }

    /// Seconds, and log₂ of the spread, by row.
    var answers: [Int: (time: Double, spread: Float)] = [:]

    init(_ forest: Forest, spread: TreeEnsemble, of family: KernelKey.Family, rows: [Row]) {
        var matrix = TreeRows(of: family, hasSurfaces: forest.surfaces != nil)
        for row in rows {
            matrix.add(row.features[...], codes: row.codes, place: row.place, curves: row.curves, surface: row.surface.flatMap { forest.surfaces?.value(on: $0, row.features[...]) })
        }
        for (row, (residual, spread)) in zip(rows, zip(matrix.predictions(of: forest.trees), spread.predict(matrix.values))) {
            answers[row.row] = (row.scale * exp2(Double(residual)), spread)
        }
    }
}
