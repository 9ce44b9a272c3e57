internal import GRDB

/// What cannot be read from or written to a results file, and what to do about it.
public struct StoreError: Error, Equatable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// The file is not what it should be.
        case data
        /// It cannot be written: a full disk, a read-only folder, another sweep.
        case output
    }

    public let path: String
    public let message: String
    public let kind: Kind

    public init(path: String, kind: Kind = .data, message: String) {
        self.path = path
        self.kind = kind
        self.message = message
    }

    public var description: String { "\(path): \(message)" }

    /// What an error of SQLite means for the person whose file it is.
    init(_ error: DatabaseError, path: String) {
        let text = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(path: path, kind: .output, message: "the disk is full; what was written before is kept: make room, then use --resume")
        case .SQLITE_READONLY:
            self.init(path: path, kind: .output, message: "may not be written; choose a file that may, with --db")
        case .SQLITE_CANTOPEN:
            self.init(path: path, kind: .output, message: "cannot be opened: the folder is missing or may not be written; choose another with --db")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(path: path, kind: .output, message: "another program is writing it; wait for it, or choose another file with --db")
        case .SQLITE_IOERR:
            self.init(path: path, kind: .output, message: "the disk refused it (\(text)); what was written before is kept: use --resume once it works")
        case .SQLITE_NOTADB:
            self.init(path: path, message: "is no results file: it is not SQLite")
        case .SQLITE_CORRUPT:
            self.init(path: path, message: "is damaged (\(text)); sweep again into another file")
        default:
            self.init(path: path, message: text)
        }
    }
}
