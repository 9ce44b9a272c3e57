internal import Foundation
internal import GRDB
import Synchronization

/// Writes the points of one run, a batch in a transaction.
public final class RunWriter: Sendable {
    public let store: ResultsStore
    public let run: Int64
    /// Ids of the metrics of the run, in its order.
    private let kinds: [Int64]
    private let bases = Mutex<[String: Int64]>([:])

    init(_ store: ResultsStore, run: Int64, kinds: [Int64]) {
        self.store = store
        self.run = run
        self.kinds = kinds
    }

    /// Places that are answered already, in their order.
    public func donePlaces() throws -> [Int] {
        try store.read { try Int.fetchAll($0, sql: "SELECT place FROM places WHERE run = ? ORDER BY place", arguments: [run]) }
    }

    /// Points that the file holds, whichever run they were computed for.
    public func knownPoints() throws -> Set<PointKey> {
        try store.read { db in
            var known = Set<PointKey>()
            let keys = try Data.fetchCursor(db, sql: "SELECT key FROM points")
            while let key = try keys.next() { known.insert(PointKey(Array(key))) }
            return known
        }
    }

    /// What stands at each place that is answered.
    public func answers() throws -> [Int: PointRecord.Answer] {
        let columns = Dictionary(uniqueKeysWithValues: kinds.enumerated().map { ($1, $0) })
        return try store.read { db in
            var answers: [Int: PointRecord.Answer] = [:]
            let rows = try Row.fetchCursor(db, sql: """
                SELECT place, outcome, reason, kind, value FROM places JOIN points ON points.id = places.point
                LEFT JOIN metrics ON metrics.point = points.id WHERE run = ?
                """, arguments: [run])
            while let row = try rows.next() {
                let place: Int = row[0]
                var answer = answers[place] ?? .init(outcome: SweepResults.Outcome(rawValue: row[1]) ?? .invalid, reason: row[2], values: kinds.map { _ in .nan })
                if let kind: Int64 = row[3], let column = columns[kind] { answer.values[column] = row[4] }
                answers[place] = answer
            }
            return answers
        }
    }

    /// Writes a batch: all of it, or nothing where that throws.
    public func write(_ records: [PointRecord]) throws {
        do { try store.write { db in for record in records { try write(record, db) } } } catch {
            // What was rolled back has no id.
            bases.withLock { $0 = [:] }
            throw error
        }
    }

    /// Notes that all places are answered.
    public func finish() throws {
        let time = Date().timeIntervalSince1970
        try store.write { try $0.execute(sql: "UPDATE runs SET finished = ?, due = (SELECT count(*) FROM places WHERE run = runs.id) WHERE id = ?", arguments: [time, run]) }
    }

    private func write(_ record: PointRecord, _ db: Database) throws {
        let key = Data(record.key.bytes)
        var point = try Int64.fetchOne(try db.cachedStatement(sql: "SELECT id FROM points WHERE key = ?"), arguments: [key])
        if point == nil, let answer = record.answer {
            let basis = try answer.basis.map { try id(ofBasis: $0, db) }
            try db.cachedStatement(sql: "INSERT INTO points (key, outcome, reason, basis) VALUES (?, ?, ?, ?)")
                .execute(arguments: [key, answer.outcome.rawValue, answer.reason, basis])
            let new = db.lastInsertedRowID
            point = new
            let insert = try db.cachedStatement(sql: "INSERT INTO metrics (point, kind, value) VALUES (?, ?, ?)")
            for (kind, value) in zip(kinds, answer.values) where !value.isNaN {
                insert.setUncheckedArguments([new, kind, value])
                try insert.execute()
            }
            try write(answer.operators, of: new, db)
        }
        guard let point else { throw StoreError(path: store.path, message: "a point that should be here is not: the file was changed while a sweep wrote it") }
        try db.cachedStatement(sql: "INSERT INTO places (run, place, point) VALUES (?, ?, ?)").execute(arguments: [run, record.place, point])
    }

    private func write(_ operators: [StoredOperator], of point: Int64, _ db: Database) throws {
        for (ordinal, row) in operators.enumerated() {
            try db.cachedStatement(sql: "INSERT INTO operators VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").execute(arguments: [
                point, ordinal, row.name, row.kind, row.device, row.count, row.seconds, row.flops, row.bytes, row.joules, row.bound, row.choice,
            ])
        }
    }

    private func id(ofBasis content: String, _ db: Database) throws -> Int64 {
        if let id = bases.withLock({ $0[content] }) { return id }
        try db.execute(sql: "INSERT INTO bases (content) VALUES (?) ON CONFLICT DO NOTHING", arguments: [content])
        let id = try Int64.fetchOne(db, sql: "SELECT id FROM bases WHERE content = ?", arguments: [content]) ?? 0
        bases.withLock { $0[content] = id }
        return id
    }
}
