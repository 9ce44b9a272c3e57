import CostModels
import Documents
import Hardware
import LearnedModels
import Measurement
import Quantities

/// Learns the watts that boards draw while kernels run, where tables have them.
///
/// The trees say log₂ of measured watts ÷ the board's limit; what the analytic models make of the power is among their features.
/// Over the analytic watts themselves they err more: those are off by a third. Power meters are slow beside a kernel of microseconds, so that readings carry
/// what ran before: errors count by their size instead of its square.
struct PowerTraining {
    /// Rows with watts in place of seconds: `measured`, `base` (the limit) and `cycle` (by the analytic models).
    let set: TrainingSet
    let folds: Int
    let seed: Int

    private static let recipe = BoosterParameters(rounds: 200, depth: 8, learningRate: 0.07, rowsInLeaf: 2, softness: 0.03)
    /// Forests of other seeds whose mean is taken.
    private static let seeds = 2
    /// Fewer rows say too little.
    static let fewestRows = 200

    struct Outcome {
        /// Nil where the analytic models are no worse.
        var family: PowerFamily?
        var scores: [LearnedManifest.Power]
        var points: [HeldOutPoint]
    }

    func run(in library: Library, progress: @Sendable (String) -> Void) throws -> Outcome {
        let all = Array(set.rows.indices)
        let results = try parallel(folds + 1) { place -> (forest: Forest?, held: [(row: Int, residual: Float)]) in
            defer { progress("power of \(set.family.rawValue): forest \(place + 1) of \(folds + 1)") }
            guard place < folds else { return (try grow(all), []) }
            let out = all.filter { fold(of: $0) == place }, forest = try grow(all.filter { fold(of: $0) != place })
            return (nil, Array(zip(out, forest.matrix(set, out).predictions(of: forest.trees))))
        }
        guard let forest = results[folds].forest else { throw BoosterError(description: "no trees of power were grown") }
        let points = results.flatMap(\.held).sorted { $0.row < $1.row }.map { row, residual in
            let own = set.rows[row]
            return HeldOutPoint(measured: own.measured, predicted: min(own.base * exp2(Double(residual)), own.bound), kind: .shape, group: own.device, below: 1, above: 1,
                                part: Int(own.shape.mixed % 2))
        }
        let errors = points.map { log2($0.measured / $0.predicted) }.sorted()
        // Of n rows the ⌈(n + 1)·part⌉-th from one end leaves a new one beyond it with the probability 1 − part.
        func sides(_ part: Double) -> LearnedFamily.Quantiles.Sides {
            let place = min(errors.count, Int((Double(errors.count + 1) * (1 + part) / 2).rounded(.up))) - 1
            return .init(below: max(0, -errors[errors.count - 1 - place]), above: max(0, errors[place]))
        }
        let family = PowerFamily(family: set.family, features: set.names, groups: forest.groups(set, rows: all), residual: forest.trees,
                                 quantiles: .init(half: sides(0.5), ninety: sides(0.9)))
        let coverage = Coverage(points)
        var scores: [LearnedManifest.Power] = []
        for device in Swift.Set(set.rows.map(\.device)).sorted() {
            let own = points.filter { $0.group == device }
            guard let learned = FamilyEvaluation.ErrorPair(own.map(\.error)), let row = set.rows.first(where: { $0.device == device }),
                  let analytic = FamilyEvaluation.ErrorPair(set.rows.filter { $0.device == device }.map { abs($0.cycle / $0.measured - 1) }) else { continue }
            let ninety = coverage.at(0.9) { $0.group == device }
            scores.append(.init(family: set.family, device: device, software: row.software, rows: own.count, mape: learned.mape, medianAPE: learned.median,
                                analyticMedianAPE: analytic.median, coverage: ninety?.part ?? 0, width: ninety?.width ?? 0, isUsed: learned.median < analytic.median,
                                probe: try library.powerProbe(of: set.family, device: device, software: row.software)))
        }
        let isUsed = scores.allSatisfy(\.isUsed)
        for place in scores.indices { scores[place].isUsed = isUsed }
        return Outcome(family: isUsed ? family : nil, scores: scores, points: points)
    }

    private func fold(of row: Int) -> Int { Int(set.rows[row].shape % UInt64(folds)) }

    private func grow(_ rows: [Int]) throws -> Forest {
        let codes = KernelCodes(set, rows: rows, knowsDevice: true)
        var forest = Forest(codes: codes, curves: nil, surfaces: nil, trees: try TreeEnsemble(packing: [], features: 0), knowsDevice: true)
        let matrix = forest.matrix(set, rows)
        var trees: [PlainTree] = []
        for one in 0..<Self.seeds { trees += try XGBooster.grow(matrix.values, width: matrix.width, targets: rows.map { set.rows[$0].target }, seed: seed + one, Self.recipe) }
        forest.trees = try TreeEnsemble(packing: trees, features: matrix.width, weight: 1 / Float(Self.seeds))
        return forest
    }
}

extension TrainingSet {
    /// Rows that state watts, by family: `measured`, `base` (the reference of the trees) and `cycle` (by the analytic models) are watts, `bound` is the most that the
    /// board may draw.
    ///
    /// - Throws: `DocumentError` where a file, or a calibration of the library, cannot be read.
    static func readingPower(_ files: [String], in library: Library) throws(DocumentError) -> (sets: [TrainingSet], skipped: SkippedRows) {
        var sets: [KernelKey.Family: TrainingSet] = [:], skipped = SkippedRows()
        var predictor = Predictor(library, costs: Cycle(), calibrations: .shipped)
        for path in files {
            var file = try MeasuredFile(path)
            guard file.header.layout == .operators, file.header.place(of: "power") != nil else { continue }
            let name = path.split(separator: "/").last.map(String.init) ?? path
            while let row = file.next() {
                guard let text = row["power"] else { continue }
                do throws(RowError) {
                    guard let watts = Double(text), watts > 0, watts < 1e5 else { throw RowError("power \"\(text)\" is no number of watts above 0") }
                    guard let family = KernelKey.Family(rawValue: row.phase), KernelKey.Family.learned.contains(family) else { throw RowError("no power is learned of \"\(row.phase)\"") }
                    let site = try predictor.site(of: row)
                    guard let sample = PowerSample(site, calibration: try predictor.calibration(for: site)) else { throw RowError("\"\(site.device.id)\" states no power") }
                    var set = sets.removeValue(forKey: family) ?? TrainingSet(family: family)
                    if set.names.isEmpty { set.names = sample.names() }
                    set.features += sample.features
                    let residual = Float(log2(watts / sample.reference))
                    set.rows.append(Row(residual: residual, target: residual, measured: watts, base: sample.reference, lent: sample.reference, cycle: sample.base,
                                        bound: site.device.power.limit?.value ?? .infinity, shape: shape(of: row, family), device: site.device.id,
                                        architecture: site.device.architecture, software: site.labels.software, version: site.labels.version, format: site.format,
                                        kernel: site.labels.kernel))
                    set.moved.append(nil)
                    set.sources[name, default: 0] += 1
                    sets[family] = set
                } catch { skipped.add("power: \(error.description)", in: name) }
            }
        }
        let large = sets.values.filter { $0.rows.count >= PowerTraining.fewestRows }
        for set in sets.values where set.rows.count < PowerTraining.fewestRows {
            for (file, rows) in set.sources { skipped.add("power of \(set.family.rawValue): fewer than \(PowerTraining.fewestRows) rows", in: file, rows: rows) }
        }
        return (large.sorted { $0.family.rawValue < $1.family.rawValue }, skipped)
    }
}
