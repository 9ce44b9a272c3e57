import Documents
internal import Foundation
internal import GRDB

/// What a query found.
public struct QueryAnswer: Sendable {
    public enum Value: Sendable, Equatable {
        case null, integer(Int64), number(Double), text(String)
    }

    public var columns: [String]
    public var rows: [[Value]]

    /// A list of objects.
    public var json: JSON {
        .array(rows.map { row in .object(zip(columns, row).map { .init(key: $0, value: $1.json) }) })
    }
}

extension QueryAnswer.Value {
    var json: JSON {
        switch self {
        case .null: .null
        case .integer(let value): .number(String(value))
        case .number(let value): JSON(value)
        case .text(let text): .string(text)
        }
    }

    init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let value): self = .integer(value)
        case .double(let value): self = .number(value)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .text(data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        }
    }

    /// As a field of CSV: quoted where it has to be (RFC 4180).
    var field: String {
        switch self {
        case .null: return ""
        case .integer(let value): return String(value)
        case .number(let value): return value.description
        case .text(let text):
            guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
            return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
        }
    }
}

extension ResultsStore {
    /// Rows that a query may have.
    public static let mostRows = 1_000_000

    /// Runs one statement that changes nothing.
    ///
    /// - Throws: `StoreError` where it is no SQL, would write, or finds more than a million rows.
    public func query(_ sql: String) throws -> QueryAnswer {
        try read { db in
            do {
                let statement = try db.makeStatement(sql: sql)
                guard statement.isReadonly, statement.columnCount > 0 else { throw StoreError(path: path, message: "a query reads only: begin it with SELECT") }
                var rows: [[QueryAnswer.Value]] = []
                let cursor = try Row.fetchCursor(statement)
                while let row = try cursor.next() {
                    guard rows.count < Self.mostRows else { throw StoreError(path: path, message: "finds more than a million rows; add a LIMIT") }
                    rows.append(row.databaseValues.map(QueryAnswer.Value.init))
                }
                return QueryAnswer(columns: statement.columnNames, rows: rows)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR || error.resultCode == .SQLITE_MISUSE {
                throw StoreError(path: path, message: "the query is wrong: \(error.message ?? "it is no SQL"); \"results\" has a column for each axis and metric")
            }
        }
    }

    /// Writes the points of a run as CSV, a title line first.
    ///
    /// - Parameter id: the latest run where none is given.
    public func export(_ id: Int64? = nil, to write: (String) throws -> Void) throws {
        let run = try sweepRun(id)
        try read { db in
            let cursor = try Row.fetchCursor(db, sql: "SELECT * FROM run\(run.id) ORDER BY place")
            var isFirst = true
            while let row = try cursor.next() {
                if isFirst { try write(row.columnNames.map { QueryAnswer.Value.text($0).field }.joined(separator: ",") + "\n") }
                isFirst = false
                try write(row.databaseValues.map { QueryAnswer.Value($0).field }.joined(separator: ",") + "\n")
            }
        }
    }
}
