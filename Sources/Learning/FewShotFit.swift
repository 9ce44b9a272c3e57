import CostModels
import Documents
import Hardware
import LearnedModels
import Measurement
import Quantities

/// Adapts a learned model to a device by a few measurements of its kernels.
public struct FewShotFit {
    public struct Score: Sendable {
        public var family: KernelKey.Family
        public var rows: Int
        /// Of the model alone, and of each row by a correction that had not seen it.
        public var before: ErrorStatistics
        public var after: ErrorStatistics
        /// Part of the rows within the 90 % interval so made.
        public var coverage: Double
    }

    private struct Measured {
        var point: GaussianProcess.Point
        var estimate: KernelEstimate
        /// As if every query saw all keys.
        var whole: KernelEstimate
        /// Seconds.
        var measured: Double
    }

    public private(set) var correction: FewShot
    public private(set) var scores: [Score] = []
    /// Rows that nothing was fitted to, those of other devices among them.
    public private(set) var skipped = SkippedRows()
    /// Fewer than these say too little of a family.
    public static let fewestRows = 5
    /// More than these are no few: train a model, or calibrate.
    public static let mostRows = 1000

    /// - Parameter device: id or name of the device; rows of others are passed over.
    /// - Throws: `DocumentError` where a file cannot be read, or has too few or too many rows of the device.
    public init(of files: [String], for device: String, in library: Library, model: LearnedModel, version: String, date: String) throws(DocumentError) {
        let device = try library.device(device)
        var model = model
        model.fewShots = [:]
        var predictor = Predictor(library, costs: Cycle(), calibrations: .shipped)
        var rows: [KernelKey.Family: [Measured]] = [:]
        var sources: [Calibration.Source] = []
        for path in files {
            var file = try MeasuredFile(path)
            var taken = 0
            let name = path.split(separator: "/").last.map(String.init) ?? path
            while let row = file.next() {
                do throws(RowError) {
                    let site = try predictor.site(of: row)
                    guard site.device.id == device.id else { throw RowError("of another device than \"\(device.id)\"") }
                    let measured = try predictor.work(of: row).measured.value
                    guard let estimate = model.estimate([site])[0], let point = model.place(of: site) else {
                        throw RowError("the model has not learned \(site.family.rawValue) in \(site.format)")
                    }
                    let whole = site.withoutWindow.flatMap { model.estimate([$0])[0] } ?? estimate
                    rows[site.family, default: []].append(Measured(point: point, estimate: estimate, whole: whole, measured: measured))
                    taken += 1
                } catch { skipped.add(error.description, in: name) }
            }
            skipped.add("malformed, first in \(file.complaints.first?.dropFirst(path.count + 2) ?? "")", in: name, rows: file.malformed)
            if taken > 0 { sources.append(.init(file: name, rows: taken)) }
        }
        var families: [KernelKey.Family: KernelCorrection] = [:]
        for (family, rows) in rows.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard rows.count <= Self.mostRows else {
                throw DocumentError(file: files[0], message: "has \(rows.count) rows of \(family.rawValue) on \"\(device.id)\", more than \(Self.mostRows): that is no few; use \"orrery calibrate\" or \"orrery train\"")
            }
            guard rows.count >= Self.fewestRows else {
                skipped.add("fewer than \(Self.fewestRows) of \(family.rawValue)", in: "all files", rows: rows.count)
                continue
            }
            guard let (found, fit) = Self.correction(rows) else {
                skipped.add("no correction of \(family.rawValue) fits", in: "all files", rows: rows.count)
                continue
            }
            var best = found
            var before = ErrorStatistics(), after = ErrorStatistics(), inside = 0
            // The law, too, is one that had not seen the row.
            let left = zip(best.process.leftOut, zip(fit.leftOut, fit.residuals)).map { (error: $0.error + $1.0 - $1.1, deviation: $0.deviation) }
            (best.half, best.ninety) = Self.deviations(left.map { abs($0.error) / $0.deviation })
            families[family] = best
            for (row, left) in zip(rows, left) {
                before.add(predicted: row.estimate.time.value, measured: row.measured)
                after.add(predicted: max(row.measured / exp2(left.error), row.estimate.bound.value), measured: row.measured)
                if abs(left.error) <= best.ninety * left.deviation { inside += 1 }
            }
            scores.append(Score(family: family, rows: rows.count, before: before, after: after, coverage: Double(inside) / Double(rows.count)))
        }
        guard !families.isEmpty else {
            throw DocumentError(file: files.first ?? "", message: "has fewer than \(Self.fewestRows) rows of any family on \"\(device.id)\" that the model knows")
        }
        correction = FewShot(device: device.id, version: version, date: date, sources: sources, families: families)
    }

    /// Within how many deviations half and 90 % of new rows lie, by rows left out.
    private static func deviations(_ relative: [Double]) -> (half: Double, ninety: Double) {
        let sorted = relative.sorted()
        func quantile(_ part: Double) -> Double { sorted[min(sorted.count, Int((Double(sorted.count + 1) * part).rounded(.up))) - 1] }
        return (max(KernelCorrection.normalHalf, quantile(0.5)), max(KernelCorrection.normalNinety, quantile(0.9)))
    }

    /// Laws and a process of what they leave, by the subject that makes the measurements most plausible.
    private static func correction(_ rows: [Measured]) -> (KernelCorrection, KernelLawFit)? {
        var best: (correction: KernelCorrection, fit: KernelLawFit, plausibility: Double)?
        for subject in KernelCorrection.Subject.allCases {
            let fit = KernelLawFit(rows.map { .init(label: $0.point.label, measured: $0.measured, model: subject.seconds($0.estimate), whole: subject.seconds($0.whole)) })
            let points = zip(rows, fit.residuals).map { row, residual in
                var point = row.point
                point.residual = residual
                return point
            }
            guard let (process, plausibility) = GaussianProcess.fitted(to: points), plausibility > best?.plausibility ?? -.infinity else { continue }
            best = (KernelCorrection(subject: subject, laws: fit.laws, process: process), fit, plausibility)
        }
        return best.map { ($0.correction, $0.fit) }
    }
}
