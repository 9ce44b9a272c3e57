import CostModels
import Documents
import Quantities

/// Predictions held against measurements, gathered by any columns of the rows.
public struct Comparison {
    /// One group of rows that have the same values in the columns asked for.
    public struct Group {
        public var keys: [String]
        public var errors = ErrorStatistics()
    }

    /// A row whose prediction is far off.
    public struct Outlier {
        public var file: String
        public var row: MeasuredRow
        public var prediction: Prediction
        /// Absolute percentage error, as a fraction.
        public var error: Double
    }

    /// What a file had in it.
    public struct File {
        public var path: String
        public var rows: Int
        public var malformed: Int
        public var complaints: [String]
        /// Why its end is missing.
        public var damage: String?
    }

    /// More groups than anybody reads mean that a column was asked for whose values are all different.
    public static let mostGroups = 10_000
    private static let mostReasons = 200
    private static let rowsPerProgress = 64
    private static let otherReasons = "another reason"

    public let costModel: String
    public let columns: [String]
    public private(set) var total = ErrorStatistics()
    /// Why rows were not predicted, and how many.
    public private(set) var reasons: [String: Int] = [:]
    /// The rows that are farthest off, the worst first.
    public private(set) var worst: [Outlier] = []
    public var files: [File] = []
    private let worstCount: Int
    private var groupsByKey: [[String]: ErrorStatistics] = [:]

    /// - Parameter columns: `device`, `phase`, `metric`, `precision`, `software`, or any column of the files.
    public init(costModel: String, by columns: [String], worst: Int = 5) {
        self.costModel = costModel
        self.columns = columns
        worstCount = worst
    }

    /// The groups in the order of their keys.
    public var groups: [Group] {
        groupsByKey.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { Group(keys: $0.key, errors: $0.value) }
    }

    public var malformed: Int { files.reduce(0) { $0 + $1.malformed } }

    /// - Throws: `DocumentError` when the columns make too many groups.
    public mutating func add(_ row: MeasuredRow, of file: String, _ outcome: Result<Prediction, RowError>) throws(DocumentError) {
        let keys = columns.map { brief(Self.value(of: $0, in: row)) }
        guard groupsByKey[keys] != nil || groupsByKey.count < Self.mostGroups else {
            throw DocumentError(file: file, path: "row \(row.index)", message: "more than \(Self.mostGroups) groups by \(columns.joined(separator: ", ")); group by columns with fewer values")
        }
        switch outcome {
        case .success(let prediction):
            total.add(predicted: prediction.value, measured: row.value)
            groupsByKey[keys, default: ErrorStatistics()].add(predicted: prediction.value, measured: row.value)
            remember(Outlier(file: file, row: row, prediction: prediction, error: abs(prediction.value / row.value - 1)))
        case .failure(let error):
            total.addUnpredicted()
            groupsByKey[keys, default: ErrorStatistics()].addUnpredicted()
            let reason = brief(error.description)
            reasons[reasons[reason] != nil || reasons.count < Self.mostReasons ? reason : Self.otherReasons, default: 0] += 1
        }
    }

    /// Far off is measured by the ratio, so that a prediction ten times too small counts as much as one ten times too large.
    private mutating func remember(_ outlier: Outlier) {
        func distance(_ o: Outlier) -> Double { max(o.prediction.value / o.row.value, o.row.value / o.prediction.value) }
        guard worstCount > 0, worst.count < worstCount || distance(outlier) > distance(worst[worst.count - 1]) else { return }
        let place = worst.firstIndex { distance($0) < distance(outlier) } ?? worst.count
        worst.insert(outlier, at: place)
        if worst.count > worstCount { worst.removeLast() }
    }

    /// What a row has in a column: first the figures that both formats know, then any column of its file.
    public static func value(of column: String, in row: MeasuredRow) -> String {
        switch column {
        case "device": row.device
        case "phase": row.phase
        case "metric": row.metric
        case "precision": row.precision ?? ""
        case "software": row.software ?? ""
        default: row[column] ?? ""
        }
    }
    static let commonColumns = ["device", "phase", "metric", "precision", "software"]
}

extension Comparison {
    /// Reads the files, predicts every row, or a sample of so many, and compares.
    ///
    /// - Parameters:
    ///   - limit: rows of the sample, each with the same chance; nil for all.
    ///   - seed: chooses the sample; the same seed gives the same one.
    ///   - visit: called for every row in the order of the files, after its prediction.
    ///   - progress: called now and then with the file, the rows read of it, and how much of it that is from 0 to 1, nil where nobody knows.
    /// - Throws: `DocumentError` where a file cannot be read, is no measured file, or has not a column asked for.
    public init(
        of files: [String], with predictor: inout Predictor, by columns: [String] = ["phase"], limit: Int? = nil, seed: UInt64 = 1,
        worst: Int = 5, visit: (String, MeasuredRow, Result<Prediction, RowError>) throws -> Void = { _, _, _ in },
        progress: (String, Int, Double?) -> Void = { _, _, _ in }
    ) throws {
        self.init(costModel: predictor.costs.name, by: columns, worst: worst)
        try Self.checkColumns(columns, in: files)
        var sample = Reservoir<(file: Int, row: MeasuredRow)>(capacity: limit ?? 0, seed: seed)
        for (place, path) in files.enumerated() {
            var file = try MeasuredFile(path)
            while let row = file.next() {
                if file.rows % Self.rowsPerProgress == 0 { progress(path, file.rows, file.part) }
                if limit != nil {
                    sample.offer((place, row))
                } else {
                    try compare(row, of: path, with: &predictor, visit)
                }
            }
            self.files.append(File(path: path, rows: file.rows, malformed: file.malformed, complaints: file.complaints, damage: file.damage))
        }
        let kept = sample.kept.sorted { ($0.file, $0.row.index) < ($1.file, $1.row.index) }
        for (number, (place, row)) in kept.enumerated() {
            if number % Self.rowsPerProgress == 0 { progress(files[place], number, Double(number) / Double(kept.count)) }
            try compare(row, of: files[place], with: &predictor, visit)
        }
    }

    private mutating func compare(_ row: MeasuredRow, of file: String, with predictor: inout Predictor,
                                  _ visit: (String, MeasuredRow, Result<Prediction, RowError>) throws -> Void) throws {
        let outcome: Result<Prediction, RowError>
        do throws(RowError) { outcome = .success(try predictor.predict(row)) } catch { outcome = .failure(error) }
        try add(row, of: file, outcome)
        try visit(file, row, outcome)
    }

    /// A column that none of the files has is a slip of the pen.
    private static func checkColumns(_ columns: [String], in files: [String]) throws(DocumentError) {
        var known = commonColumns
        for path in files { known += try MeasuredFile(path).header.names }
        for column in columns where !known.contains(column) {
            let hint = nearest(to: column, among: known).map { "did you mean \"\($0)\"?" } ?? "use \(list(commonColumns)), or a column of the file"
            throw DocumentError(file: files.first ?? "", path: "line 1", message: "there is no column \"\(column)\" to group by; \(hint)")
        }
    }
}
