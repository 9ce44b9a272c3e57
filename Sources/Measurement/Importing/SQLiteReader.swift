import Documents
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Reads an SQLite file through the library of the system, looked up when the first such file is opened: nobody else needs it.
final class SQLiteReader {
    private typealias Open = @convention(c) (UnsafePointer<CChar>?, UnsafeMutablePointer<OpaquePointer?>?, Int32, UnsafePointer<CChar>?) -> Int32
    private typealias Prepare = @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Int32, UnsafeMutablePointer<OpaquePointer?>?, UnsafePointer<CChar>?) -> Int32
    private typealias OfStatement = @convention(c) (OpaquePointer?) -> Int32
    private typealias Number = @convention(c) (OpaquePointer?, Int32) -> Int64
    private typealias Text = @convention(c) (OpaquePointer?, Int32) -> UnsafePointer<UInt8>?
    private typealias Explain = @convention(c) (OpaquePointer?) -> UnsafePointer<CChar>?

    private struct Functions {
        var open: Open, prepare: Prepare, step: OfStatement, finalize: OfStatement, close: OfStatement, int64: Number, text: Text, explain: Explain

        static let names = ["libsqlite3.so.0", "libsqlite3.so", "libsqlite3.dylib"]

        init?() {
            guard let library = Self.names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else { return nil }
            func find<F>(_ name: String, _: F.Type) -> F? { dlsym(library, name).map { unsafeBitCast($0, to: F.self) } }
            guard let open = find("sqlite3_open_v2", Open.self), let prepare = find("sqlite3_prepare_v2", Prepare.self),
                  let step = find("sqlite3_step", OfStatement.self), let finalize = find("sqlite3_finalize", OfStatement.self),
                  let close = find("sqlite3_close_v2", OfStatement.self), let int64 = find("sqlite3_column_int64", Number.self),
                  let text = find("sqlite3_column_text", Text.self), let explain = find("sqlite3_errmsg", Explain.self)
            else { return nil }
            (self.open, self.prepare, self.step, self.finalize, self.close) = (open, prepare, step, finalize, close)
            (self.int64, self.text, self.explain) = (int64, text, explain)
        }
    }

    // sqlite3.h
    private static let openReadOnly: Int32 = 1, row: Int32 = 100, done: Int32 = 101

    private let path: String
    private let functions: Functions
    private var database: OpaquePointer?

    /// - Throws: `DocumentError` where it cannot be opened, or there is no SQLite here.
    init(_ path: String) throws(DocumentError) {
        guard let functions = Functions() else {
            throw DocumentError(file: path, message: "is an SQLite file, and libsqlite3.so.0 is not on this machine (Debian: libsqlite3-0)")
        }
        self.path = path
        self.functions = functions
        guard functions.open(path, &database, Self.openReadOnly, nil) == 0 else { throw failure() }
    }

    deinit { _ = functions.close(database) }

    /// One row of an answer; columns count from 0.
    struct Row {
        fileprivate let statement: OpaquePointer?
        fileprivate let reader: SQLiteReader

        func integer(_ column: Int) -> Int { Int(reader.functions.int64(statement, Int32(column))) }
        /// Nil for NULL.
        func text(_ column: Int) -> String? { reader.functions.text(statement, Int32(column)).map { String(cString: $0) } }
    }

    /// Runs a query and gives out its rows as they come.
    func query(_ sql: String, _ take: (Row) throws(DocumentError) -> Void) throws(DocumentError) {
        var statement: OpaquePointer?
        guard functions.prepare(database, sql, -1, &statement, nil) == 0 else { throw failure() }
        defer { _ = functions.finalize(statement) }
        while true {
            let code = functions.step(statement)
            if code == Self.done { return }
            guard code == Self.row else { throw failure() }
            try take(Row(statement: statement, reader: self))
        }
    }

    private func failure() -> DocumentError {
        DocumentError(file: path, message: "cannot be read: \(functions.explain(database).map { String(cString: $0) } ?? "SQLite does not say why")")
    }

    /// Names of the columns of a table, empty where there is none of that name.
    func columns(of table: String) throws(DocumentError) -> Set<String> {
        var names: Set<String> = []
        try query("SELECT name FROM pragma_table_info('\(table)')") { (row) throws(DocumentError) in
            if let name = row.text(0) { names.insert(name) }
        }
        return names
    }
}
