#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What could not be written, and why.
public struct OutputError: Error, Equatable, CustomStringConvertible {
    public let path: String
    public let message: String

    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    public var description: String { "\(path): \(message)" }
}

/// A file that is there as a whole or not at all: written under a temporary name beside its own, renamed when it is complete.
///
///     var file = try OutputFile(path)
///     try file.write("…")
///     try file.close()        // without this the file is as it was before
public struct OutputFile: ~Copyable {
    private static let bufferSize = 1 << 16

    public let path: String
    /// Nil where the path names a device or a pipe, which is written directly.
    private let temporary: String?
    private let target: String
    private var stream: UnsafeMutablePointer<FILE>?
    private var buffer: [UInt8] = []

    /// - Throws: `OutputError` where the folder does not exist or may not be written.
    public init(_ path: String) throws(OutputError) {
        var status = stat()
        let exists = stat(path, &status) == 0
        if exists, status.st_mode & S_IFMT == S_IFDIR { throw OutputError(path: path, message: "is a folder; name a file in it") }
        // A link stays a link: what it points to is replaced.
        let target = exists ? Self.resolved(path) : path
        let temporary = !exists || status.st_mode & S_IFMT == S_IFREG ? "\(target).\(getpid()).partial" : nil
        guard let stream = fopen(temporary ?? target, "wb") else { throw Self.failure(path) }
        self.path = path
        self.target = target
        self.temporary = temporary
        self.stream = stream
        buffer.reserveCapacity(Self.bufferSize)
    }

    public mutating func write(_ text: String) throws(OutputError) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    public mutating func write(_ bytes: [UInt8]) throws(OutputError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Completes the file: from now on it stands under its own name.
    public consuming func close() throws(OutputError) {
        try flush()
        let open = stream
        stream = nil
        guard let open, fclose(open) == 0, temporary.map({ rename($0, target) == 0 }) ?? true else { throw failed() }
    }

    private mutating func flush() throws(OutputError) {
        guard let stream, fwrite(buffer, 1, buffer.count, stream) == buffer.count, fflush(stream) == 0 else { throw failed() }
        buffer.removeAll(keepingCapacity: true)
    }

    /// The error of the last system call; removes what was written so far.
    private func failed() -> OutputError {
        let error = Self.failure(path)
        if let temporary { unlink(temporary) }
        return error
    }

    deinit {
        // Still open: it was not completed. (After `close` or a failure of it there is nothing left to remove.)
        if let stream {
            fclose(stream)
            if let temporary { unlink(temporary) }
        }
    }

    private static func failure(_ path: String) -> OutputError {
        OutputError(path: path, message: "cannot be written: \(String(cString: strerror(errno)).lowercased())")
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
