internal import GRDB

/// A measured run, and what was predicted for it.
public struct StoredComparison: Sendable, Equatable {
    public var file: String
    /// Number of the row in its file, from 1.
    public var row: Int
    public var device: String
    public var software: String?
    public var phase: String
    public var precision: String?
    public var metric: String
    /// As measured, in `unit`.
    public var value: Double
    public var unit: String
    /// In the same unit; nil where nothing was predicted.
    public var predicted: Double?
    /// Why not.
    public var reason: String?

    public init(file: String, row: Int, device: String, software: String? = nil, phase: String, precision: String? = nil, metric: String, value: Double,
                unit: String, predicted: Double? = nil, reason: String? = nil) {
        self.file = file
        self.row = row
        self.device = device
        self.software = software
        self.phase = phase
        self.precision = precision
        self.metric = metric
        self.value = value
        self.unit = unit
        self.predicted = predicted
        self.reason = reason
    }
}

extension ResultsStore {
    /// Keeps measured runs with what a cost model of a version predicts for them; a later prediction replaces an earlier one.
    public func record(_ comparisons: [StoredComparison], costModel: String, version: String) throws {
        try write { db in
            for row in comparisons {
                try db.execute(sql: """
                    INSERT INTO measuredRuns (file, row, device, software, phase, precision, metric, value, unit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (file, row, metric) DO UPDATE SET device = excluded.device, software = excluded.software, phase = excluded.phase,
                    precision = excluded.precision, value = excluded.value, unit = excluded.unit
                    """, arguments: [row.file, row.row, row.device, row.software, row.phase, row.precision, row.metric, row.value, row.unit])
                let id = try Int64.fetchOne(db, sql: "SELECT id FROM measuredRuns WHERE file = ? AND row = ? AND metric = ?", arguments: [row.file, row.row, row.metric])
                try db.execute(sql: "INSERT OR REPLACE INTO comparisons VALUES (?, ?, ?, ?, ?)", arguments: [id, costModel, version, row.predicted, row.reason])
            }
        }
    }

    /// All that was measured and predicted, in the order of files and rows.
    ///
    /// - Parameter costModel: whose predictions.
    public func comparisons(costModel: String = "cycle") throws -> [StoredComparison] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM measuredRuns JOIN comparisons ON measured = id WHERE costModel = ? ORDER BY file, row, metric", arguments: [costModel]).map { row in
                StoredComparison(file: row["file"], row: row["row"], device: row["device"], software: row["software"], phase: row["phase"], precision: row["precision"],
                                 metric: row["metric"], value: row["value"], unit: row["unit"], predicted: row["predicted"], reason: row["reason"])
            }
        }
    }
}
