import Documents
internal import Foundation
internal import GRDB

/// A file of results: SQLite in WAL mode, so that it can be read while a sweep writes it, and survives the death of either.
///
///     let store = try ResultsStore(reading: "sweep.db")
///     let sweep = try store.sweep()                 // the latest run
///     for point in sweep.front { print(sweep.labels(of: point), sweep.value("tpot", of: point) ?? .nan) }
public final class ResultsStore: Sendable {
    public let path: String
    let database: any DatabaseWriter
    /// Held while the file is open for writing.
    private let lock: WriterLock?

    /// Opens a file for writing, making it where there is none.
    ///
    /// - Parameter sharedByMachines: readers on other machines see the file, over a network. A write-ahead log needs memory that
    ///   all of them share (sqlite.org/wal.html), so that there is none then, and readers and the writer take turns.
    /// - Throws: `StoreError` where another sweep is writing it, where it cannot be written, or is no results file.
    public init(writing path: String, sharedByMachines: Bool = false) throws {
        self.path = path
        try Self.refuseOthers(path)
        lock = try WriterLock(path)
        do {
            let database = try DatabaseQueue(path: path, configuration: Self.configuration(readOnly: false))
            self.database = database
            // A whole transaction of WAL survives a killed process; only the last ones are lost when the machine itself goes down.
            try database.writeWithoutTransaction { db in
                try db.execute(sql: sharedByMachines ? "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL" : "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
            }
            try Self.refuseNewer(database, path)
            try Self.migrations.migrate(database)
        } catch let error as DatabaseError { throw StoreError(error, path: path) }
    }

    /// Opens a file for reading.
    ///
    /// - Throws: `StoreError` where there is none, or it is no results file.
    public init(reading path: String) throws {
        self.path = path
        lock = nil
        guard FileManager.default.fileExists(atPath: path) else { throw StoreError(path: path, message: "cannot be read: no such file") }
        try Self.refuseOthers(path)
        do {
            database = try Self.openedForReading(path)
            try Self.refuseNewer(database, path)
            let complete = try database.read { try Self.migrations.hasCompletedMigrations($0) }
            guard complete else { throw StoreError(path: path, message: "is no results file, or one of an older version; sweep into it once to bring it up to date") }
        } catch let error as DatabaseError { throw StoreError(error, path: path) }
    }

    /// A file in WAL mode that nobody has open is read as it is: SQLite would leave files of its own beside it, and could not do
    /// even that in a folder that may not be written.
    private static func openedForReading(_ path: String) throws -> DatabaseQueue {
        guard isAtRest(path) else { return try DatabaseQueue(path: path, configuration: configuration(readOnly: true)) }
        let escaped = URL(fileURLWithPath: path).path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
        return try DatabaseQueue(path: "file:\(escaped)?immutable=1", configuration: configuration(readOnly: true))
    }

    /// Whether the header says WAL (its bytes 18 and 19 are 2: sqlite.org/fileformat.html, section 1.3) and there is no log.
    private static func isAtRest(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path), let header = try? file.read(upToCount: 20), header.count == 20 else { return false }
        return header[18] == 2 && header[19] == 2 && !FileManager.default.fileExists(atPath: path + "-wal")
    }

    private static func configuration(readOnly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(5)
        configuration.label = "results"
        return configuration
    }

    /// A file of another kind is not turned into a results file.
    private static func refuseOthers(_ path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        if isFolder.boolValue { throw StoreError(path: path, message: "is a folder; name a file in it") }
        guard let file = FileHandle(forReadingAtPath: path) else { throw StoreError(path: path, message: "cannot be read") }
        let start = (try? file.read(upToCount: 16)) ?? Data()
        if !start.isEmpty, start != Data("SQLite format 3\0".utf8) { throw StoreError(path: path, message: "is no results file: it is not SQLite") }
    }

    private static func refuseNewer(_ database: any DatabaseWriter, _ path: String) throws {
        let (newer, foreign) = try database.read { db in
            (try migrations.hasBeenSuperseded(db), try !db.tableExists("grdb_migrations") && Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") != 0)
        }
        if newer { throw StoreError(path: path, message: "was written by a newer version of this program") }
        if foreign { throw StoreError(path: path, message: "is an SQLite file of another program") }
    }

    // MARK: Access

    /// Errors of SQLite come out as `StoreError`.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try database.read(body) } catch let error as DatabaseError { throw StoreError(error, path: path) }
    }

    /// One transaction: all of it is written, or nothing.
    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try database.write(body) } catch let error as DatabaseError { throw StoreError(error, path: path) }
    }

    /// What `PRAGMA integrity_check` and `foreign_key_check` find; empty when the file is sound.
    public func damages() throws -> [String] {
        try read { db in
            let found = try String.fetchAll(db, sql: "PRAGMA integrity_check")
            let dangling = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { "a row of \($0[0] as String) refers to nothing" }
            return (found == ["ok"] ? [] : found) + dangling
        }
    }

    /// Moves what the log still holds into the file itself, so that it can be copied alone.
    public func settle() throws {
        do { try database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) } } catch let error as DatabaseError { throw StoreError(error, path: path) }
    }
}
