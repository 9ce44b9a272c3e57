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
        var points: [KernelKey.Family: [(point: GaussianProcess.Point, predicted: Double, measured: Double)]] = [:]
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
                    guard let estimate = model.estimate([site])[0], var point = model.place(of: site) else {
                        throw RowError("the model has not learned \(site.family.rawValue) in \(site.format)")
                    }
                    point.residual = log2(measured / estimate.time.value)
                    points[site.family, default: []].append((point, estimate.time.value, measured))
                    taken += 1
                } catch { skipped.add(error.description, in: name) }
            }
            skipped.add("malformed, first in \(file.complaints.first?.dropFirst(path.count + 2) ?? "")", in: name, rows: file.malformed)
            if taken > 0 { sources.append(.init(file: name, rows: taken)) }
        }
        var families: [KernelKey.Family: GaussianProcess] = [:]
        for (family, rows) in points.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard rows.count <= Self.mostRows else {
                throw DocumentError(file: files[0], message: "has \(rows.count) rows of \(family.rawValue) on \"\(device.id)\", more than \(Self.mostRows): that is no few; use \"orrery calibrate\" or \"orrery train\"")
            }
            guard rows.count >= Self.fewestRows else {
                skipped.add("fewer than \(Self.fewestRows) of \(family.rawValue)", in: "all files", rows: rows.count)
                continue
            }
            guard let process = GaussianProcess.fitted(to: rows.map(\.point)) else {
                skipped.add("no correction of \(family.rawValue) fits", in: "all files", rows: rows.count)
                continue
            }
            families[family] = process
            var before = ErrorStatistics(), after = ErrorStatistics(), inside = 0
            for (row, left) in zip(rows, process.leftOut) {
                before.add(predicted: row.predicted, measured: row.measured)
                after.add(predicted: row.measured / exp2(left.error), measured: row.measured)
                if abs(left.error) <= 1.645 * left.deviation { inside += 1 }
            }
            scores.append(Score(family: family, rows: rows.count, before: before, after: after, coverage: Double(inside) / Double(rows.count)))
        }
        guard !families.isEmpty else {
            throw DocumentError(file: files.first ?? "", message: "has fewer than \(Self.fewestRows) rows of any family on \"\(device.id)\" that the model knows")
        }
        correction = FewShot(device: device.id, version: version, date: date, sources: sources, families: families)
    }
}
