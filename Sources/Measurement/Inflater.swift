import Documents
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// zlib's reader of gzip files, looked up when the first gzipped file is opened: every Linux has the library, few have
/// its header, and who reads plain files needs neither.
struct Inflater: Sendable {
    private typealias Open = @convention(c) (UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> OpaquePointer?
    private typealias Read = @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UInt32) -> Int32
    private typealias Offset = @convention(c) (OpaquePointer?) -> Int
    private typealias Close = @convention(c) (OpaquePointer?) -> Int32
    private typealias Explain = @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?) -> UnsafePointer<CChar>?

    private static let names = ["libz.so.1", "libz.so", "libz.dylib"]
    private static let found = Inflater()

    private let openFile: Open
    private let readFile: Read
    private let closeFile: Close
    private let offset: Offset?
    private let explain: Explain

    private init?() {
        guard let library = Self.names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first,
              let open = dlsym(library, "gzopen"), let read = dlsym(library, "gzread"),
              let close = dlsym(library, "gzclose"), let explain = dlsym(library, "gzerror")
        else { return nil }
        openFile = unsafeBitCast(open, to: Open.self)
        readFile = unsafeBitCast(read, to: Read.self)
        closeFile = unsafeBitCast(close, to: Close.self)
        self.explain = unsafeBitCast(explain, to: Explain.self)
        offset = dlsym(library, "gzoffset").map { unsafeBitCast($0, to: Offset.self) }
    }

    static func shared(for path: String) throws(DocumentError) -> Inflater {
        guard let found else {
            throw DocumentError(file: path, message: "is gzipped, and zlib (libz.so.1) is not on this machine; unpack the file first")
        }
        return found
    }

    func open(_ path: String) throws(DocumentError) -> Stream {
        guard let file = openFile(path, "rb") else {
            throw DocumentError(file: path, message: "cannot be read: \(String(cString: strerror(errno)).lowercased())")
        }
        return Stream(file: file, inflater: self)
    }

    struct Damage: Error, CustomStringConvertible {
        let description: String
    }

    struct Stream {
        fileprivate let file: OpaquePointer
        fileprivate let inflater: Inflater

        func read(_ base: UnsafeMutableRawPointer, _ count: Int) -> Result<Int, Damage> {
            let got = inflater.readFile(file, base, UInt32(min(count, 1 << 20)))
            if got > 0 { return .success(Int(got)) }
            var code: Int32 = 0
            // zlib puts the path in front.
            let text = inflater.explain(file, &code).flatMap { String(cString: $0).split(separator: ": ").last.map(String.init) } ?? ""
            // zlib.h: 0 is Z_OK, 1 Z_STREAM_END, −5 Z_BUF_ERROR (the file ends inside a compressed block).
            if got == 0, code == 0 || code == 1 { return .success(0) }
            let why = code == -5 ? "ends early: its compressed data is cut off" : "is damaged: \(text.isEmpty ? "zlib error \(code)" : text)"
            return .failure(Damage(description: why))
        }

        /// Bytes of the packed file that were read.
        var offset: Int? { inflater.offset.map { $0(file) } }

        func close() { _ = inflater.closeFile(file) }
    }
}
