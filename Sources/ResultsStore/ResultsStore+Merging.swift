internal import Foundation
internal import GRDB

extension ResultsStore {
    /// Places that are held in memory at once while shards are merged.
    private static let window = 20_000

    /// Makes of all shards of one run the run itself, in this file: equal to what one process would have written.
    ///
    /// - Throws: `StoreError` where shards are missing, incomplete, there twice or of different runs, and where two of them give
    ///   different answers for one point.
    public func merge(_ shards: [ResultsStore]) throws -> SweepResults.Run {
        let parts = try shards.map { store in (store, try store.onlyRun()) }
        let (first, run) = try Self.checked(parts)
        let whole = try first.declaration(of: run)
        let writer = try begin(whole, resuming: false)
        var start = 0
        let end = try parts.map { try $0.0.lastPlace(of: $0.1.id) }.max() ?? -1
        while start <= end {
            let places = start..<start + Self.window
            var records: [PointRecord] = []
            for (store, run) in parts { records += try store.records(of: run.id, in: places) }
            records.sort { $0.place < $1.place }
            try refuseDifferences(records)
            try writer.write(records)
            start = places.upperBound
        }
        try writer.finish()
        return try runs().first { $0.id == writer.run } ?? run
    }

    private static func checked(_ parts: [(ResultsStore, (id: Int64, key: Data, run: SweepResults.Run))]) throws -> (ResultsStore, SweepResults.Run) {
        guard let (first, reference) = parts.first else { throw StoreError(path: "merge", message: "name at least one shard") }
        var seen: [Int: String] = [:]
        for (store, part) in parts {
            func refuse(_ message: String) -> StoreError { StoreError(path: store.path, message: message) }
            let run = part.run
            guard part.key == reference.key else {
                let what = run.version != reference.run.version ? "version \(run.version) of the program, not \(reference.run.version)"
                    : run.name != reference.run.name ? "\"\(run.name)\"" : "another state of \"\(run.name)\": the grid or a specification was changed"
                throw refuse("holds a shard of another sweep than \(first.path): \(what)")
            }
            guard run.shards == reference.run.shards else { throw refuse("is one of \(run.shards) shards, but \(first.path) is one of \(reference.run.shards)") }
            if let other = seen.updateValue(store.path, forKey: run.shard) { throw refuse("is shard \(run.shard) of \(run.shards), and so is \(other)") }
            guard run.finished != nil else { throw refuse("is not complete; finish it with --resume") }
        }
        let missing = (1...reference.run.shards).filter { seen[$0] == nil }
        guard missing.isEmpty else {
            throw StoreError(path: first.path, message: "is one of \(reference.run.shards) shards; missing \(missing.count == 1 ? "is" : "are") \(missing.prefix(10).map(String.init).joined(separator: ", "))")
        }
        return (first, reference.run)
    }

    /// Two answers for one point mean that one of the machines computes wrongly, or that versions were mixed.
    private func refuseDifferences(_ records: [PointRecord]) throws {
        var known: [PointKey: PointRecord] = [:]
        for record in records {
            guard let other = known.updateValue(record, forKey: record.key) else { continue }
            let same = other.answer.map { a in record.answer.map { b in
                a.outcome == b.outcome && a.reason == b.reason && zip(a.values, b.values).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
            } ?? false } ?? false
            guard same else { throw StoreError(path: path, message: "places \(other.place) and \(record.place) are one point with two answers; nothing more was merged") }
        }
    }

    private func onlyRun() throws -> (id: Int64, key: Data, run: SweepResults.Run) {
        let runs = try runs()
        guard runs.count == 1 else { throw StoreError(path: path, message: "holds \(runs.count) runs; a shard holds one") }
        let key = try read { try Data.fetchOne($0, sql: "SELECT key FROM runs") } ?? Data()
        return (runs[0].id, key, runs[0])
    }

    private func lastPlace(of run: Int64) throws -> Int {
        try read { try Int.fetchOne($0, sql: "SELECT max(place) FROM places WHERE run = ?", arguments: [run]) } ?? -1
    }

    /// The run as a whole, as it was declared when its shard was begun.
    private func declaration(of run: SweepResults.Run) throws -> RunDeclaration {
        let sweep = try declarations(of: run)
        let (key, specs) = try read { db in
            (try Data.fetchOne(db, sql: "SELECT key FROM runs WHERE id = ?", arguments: [run.id]) ?? Data(),
             try Row.fetchAll(db, sql: "SELECT hash, kind, name, content FROM specs JOIN runSpecs USING (hash) WHERE run = ? ORDER BY specs.rowid", arguments: [run.id])
                .map { RunDeclaration.Spec(hash: Array($0[0] as Data), kind: $0[1], name: $0[2], content: $0[3]) })
        }
        return RunDeclaration(key: Array(key), name: run.name, summary: run.summary, version: run.version, costModel: run.costModel, grid: run.grid,
                              strategy: run.strategy, size: run.size, axes: sweep.axes, metrics: sweep.metrics, objectives: sweep.objectives,
                              constraints: sweep.constraints, specs: specs)
    }

    private func records(of run: Int64, in places: Range<Int>) throws -> [PointRecord] {
        try read { db in
            let kinds = try Int64.fetchAll(db, sql: "SELECT id FROM metricKinds ORDER BY id")
            let columns = Dictionary(uniqueKeysWithValues: kinds.enumerated().map { ($1, $0) })
            let values = try db.makeStatement(sql: "SELECT kind, value FROM metrics WHERE point = ?")
            let rows = try Row.fetchAll(db, sql: """
                SELECT place, key, outcome, reason, content, points.id FROM places JOIN points ON points.id = places.point
                LEFT JOIN bases ON bases.id = points.basis WHERE run = ? AND place >= ? AND place < ? ORDER BY place
                """, arguments: [run, places.lowerBound, places.upperBound])
            return try rows.map { row in
                var answer = PointRecord.Answer(outcome: SweepResults.Outcome(rawValue: row[2]) ?? .invalid, reason: row[3],
                                                values: Array(repeating: .nan, count: kinds.count), basis: row[4])
                for metric in try Row.fetchAll(values, arguments: [row[5] as Int64]) {
                    if let column = columns[metric[0]] { answer.values[column] = metric[1] }
                }
                answer.operators = try Self.operators(ofPoint: row[5], db)
                return PointRecord(place: row[0], key: PointKey(Array(row[1] as Data)), answer: answer)
            }
        }
    }
}
