import Documents
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The bytes of a file in pieces, unpacked where the file is gzipped, in constant memory.
///
/// What could be read before the file ends early or turns out to be damaged is given out; `damage` then says what is wrong.
public final class ByteSource {
    private enum Handle {
        case plain(UnsafeMutablePointer<FILE>)
        case packed(Inflater.Stream)
    }

    public let path: String
    /// Why the last bytes are missing, nil when the file was read to its end.
    public private(set) var damage: String?
    private var handle: Handle
    private let size: Int
    private var given = 0

    /// - Throws: `DocumentError` where the file is missing, a folder or unreadable, or gzipped and there is no zlib here.
    public init(_ path: String) throws(DocumentError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.unreadable(path) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw DocumentError(file: path, message: "is a folder; name a file in it") }
        guard let file = fopen(path, "rb") else { throw Self.unreadable(path) }
        self.path = path
        size = Int(status.st_size)
        handle = .plain(file)
        // A pipe cannot be looked into and read again: it is taken as plain text.
        guard status.st_mode & S_IFMT == S_IFREG else { return }
        let isPacked = getc(file) == 0x1F && getc(file) == 0x8B
        rewind(file)
        if isPacked {
            let stream = try Inflater.shared(for: path).open(path)
            fclose(file)
            handle = .packed(stream)
        }
    }

    deinit {
        switch handle {
        case .plain(let file): fclose(file)
        case .packed(let stream): stream.close()
        }
    }

    /// How much of the file was read, from 0 to 1, as it lies on the disk; nil where nobody knows how long it is.
    public var part: Double? {
        guard size > 0 else { return nil }
        switch handle {
        case .plain: return min(1, Double(given) / Double(size))
        case .packed(let stream): return stream.offset.map { min(1, Double($0) / Double(size)) }
        }
    }

    /// Fills `buffer` from its start and returns how many bytes there are; 0 at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let base = buffer.baseAddress, damage == nil else { return 0 }
        switch handle {
        case .plain(let file):
            let count = fread(base, 1, buffer.count, file)
            given += count
            if count == 0, ferror(file) != 0 { damage = "cannot be read any further: \(String(cString: strerror(errno)).lowercased())" }
            return count
        case .packed(let stream):
            switch stream.read(base, buffer.count) {
            case .success(let count): return count
            case .failure(let error):
                damage = error.description
                return 0
            }
        }
    }

    private static func unreadable(_ path: String) -> DocumentError {
        DocumentError(file: path, message: "cannot be read: \(String(cString: strerror(errno)).lowercased())")
    }
}
