internal import Foundation
internal import GRDB

extension ResultsStore {
    /// Begins a run, or goes on with it where the file already holds a part.
    ///
    /// - Parameter resuming: whether to go on; without it a run that was begun is an error.
    /// - Throws: `StoreError` where the run is there already and `resuming` is false, or another shard of it is.
    public func begin(_ run: RunDeclaration, resuming: Bool) throws -> RunWriter {
        try write { db in
            if let there = try Row.fetchOne(db, sql: "SELECT id, shard, shards, finished, due FROM runs WHERE key = ?", arguments: [Data(run.key)]) {
                try refuse(there, for: run, resuming, db)
                return RunWriter(self, run: there[0], kinds: try kinds(of: run, db))
            }
            return RunWriter(self, run: try insert(run, db), kinds: try kinds(of: run, db))
        }
    }

    private func refuse(_ there: Row, for run: RunDeclaration, _ resuming: Bool, _ db: Database) throws {
        let shard: Int = there[1], shards: Int = there[2], finished: Double? = there[3], due: Int = there[4]
        guard shard == run.shard, shards == run.shards else {
            let own = run.shards == 1 ? "the whole of it" : "shard \(run.shard) of \(run.shards)"
            throw StoreError(path: path, kind: .output, message: "holds shard \(shard) of \(shards) of this sweep, not \(own); choose another file with --db")
        }
        guard !resuming else { return }
        let done = try Int.fetchOne(db, sql: "SELECT count(*) FROM places WHERE run = ?", arguments: [there[0] as Int64]) ?? 0
        throw StoreError(path: path, kind: .output, message: finished == nil
            ? "holds \(done) of the \(due) points of this sweep; go on with --resume, or choose another file with --db"
            : "already holds this sweep, all \(done) points of it; choose another file with --db, or remove it")
    }

    private func insert(_ run: RunDeclaration, _ db: Database) throws -> Int64 {
        try db.execute(sql: """
            INSERT INTO runs (key, name, summary, version, costModel, grid, strategy, started, size, shard, shards, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, arguments: [Data(run.key), run.name, run.summary, run.version, run.costModel, run.grid, run.strategy, Date().timeIntervalSince1970,
                             run.size, run.shard, run.shards, run.due])
        let id = db.lastInsertedRowID
        for spec in run.specs {
            try db.execute(sql: "INSERT INTO specs VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", arguments: [Data(spec.hash), spec.kind, spec.name, spec.content])
            try db.execute(sql: "INSERT INTO runSpecs VALUES (?, ?) ON CONFLICT DO NOTHING", arguments: [id, Data(spec.hash)])
        }
        for (number, axis) in run.axes.enumerated() {
            try db.execute(sql: "INSERT INTO axes VALUES (?, ?, ?, ?, ?, ?)", arguments: [id, number, axis.path, axis.name, axis.stride, axis.values.count])
            for (choice, value) in axis.values.enumerated() {
                try db.execute(sql: "INSERT INTO axisValues VALUES (?, ?, ?, ?, ?)", arguments: [id, number, choice, value.label, value.number])
            }
        }
        for (ordinal, objective) in run.objectives.enumerated() {
            try db.execute(sql: "INSERT INTO objectives VALUES (?, ?, ?, ?)", arguments: [id, ordinal, objective.metric, objective.goal.rawValue])
        }
        for (ordinal, constraint) in run.constraints.enumerated() {
            try db.execute(sql: "INSERT INTO constraints VALUES (?, ?, ?, ?, ?, ?)",
                           arguments: [id, ordinal, constraint.metric, constraint.relation.rawValue, constraint.bound, constraint.label])
        }
        _ = try kinds(of: run, db)
        try makeViews(of: id, run, db)
        return id
    }

    private func kinds(of run: RunDeclaration, _ db: Database) throws -> [Int64] {
        try run.metrics.map { metric in
            try db.execute(sql: "INSERT INTO metricKinds (name, unit, title) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING", arguments: [metric.name, metric.unit, metric.title])
            return try Int64.fetchOne(db, sql: "SELECT id FROM metricKinds WHERE name = ?", arguments: [metric.name]) ?? 0
        }
    }

    /// `run1`, `run2` … with a column for each axis and metric, and `results` for the latest: what a person queries.
    private func makeViews(of id: Int64, _ run: RunDeclaration, _ db: Database) throws {
        var columns = ["place"]
        for (number, axis) in run.axes.enumerated() {
            // "8" is worth 8 in a comparison; "2 TB/s" stays as it is written.
            let column = axis.values.allSatisfy { Double($0.label) != nil } ? "number" : "label"
            columns.append("""
                (SELECT \(column) FROM axisValues WHERE run = \(id) AND axis = \(number) AND choice = place / \(axis.stride) % \(axis.values.count)) AS \(quoted(axis.name))
                """)
        }
        columns.append("CASE outcome WHEN 0 THEN 'computed' WHEN 1 THEN 'does not fit' ELSE 'cannot be' END AS outcome")
        for (metric, kind) in zip(run.metrics, try kinds(of: run, db)) {
            columns.append("(SELECT value FROM metrics WHERE point = points.id AND kind = \(kind)) AS \(quoted(metric.name))")
        }
        columns.append("reason")
        let select = "SELECT \(columns.joined(separator: ",\n  "))\nFROM places JOIN points ON points.id = places.point WHERE run = \(id)"
        try db.execute(sql: "CREATE VIEW run\(id) AS \(select)")
        try db.execute(sql: "DROP VIEW IF EXISTS results; CREATE VIEW results AS SELECT * FROM run\(id)")
    }

    private func quoted(_ name: String) -> String { "\"\(name.replacingOccurrences(of: "\"", with: "\"\""))\"" }
}
