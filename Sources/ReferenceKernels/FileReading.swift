import ReferenceKernelsC

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file that is read past the page cache where the file system allows it: weights or cache blocks on a drive.
public final class DirectFile {
    public let path: String
    public let size: Int
    /// Whether reads bypass the page cache; otherwise `dropCache()` before a measurement.
    public let isDirect: Bool
    let descriptor: Int32

    /// Alignment of offsets, sizes and memory of a read past the cache.
    public static let alignment = 4096

    public init(path: String) throws(KernelError) {
        var direct: Int32 = 0
        descriptor = rk_open_direct(path, &direct)
        guard descriptor >= 0 else { throw KernelError("\(path): cannot be read: \(String(cString: strerror(errno)).lowercased())") }
        self.path = path
        isDirect = direct != 0
        size = Int(lseek(descriptor, 0, SEEK_END))
    }

    deinit { close(descriptor) }

    public func dropCache() { rk_drop_cache(descriptor) }

    /// Reads [offset, offset + bytes) in pieces of `request` bytes, `inFlight` of them at a time.
    public func read(into memory: UnsafeMutableRawPointer, bytes: Int, offset: Int = 0, request: Int = 1 << 20, inFlight: Int = 4) throws(KernelError) {
        let error = rk_read_parallel(descriptor, memory, bytes, offset, request, Int32(clamping: inFlight))
        guard error == 0 else { throw KernelError("\(path): cannot be read: \(String(cString: strerror(error)).lowercased())") }
    }
}

/// Writes a file under a temporary name; it takes its own once it is whole and on the drive.
final class FileWriter {
    let path: String
    private let descriptor: Int32
    private var isFinished = false
    private var temporary: String { path + ".part" }

    init(path: String) throws(KernelError) {
        self.path = path
        descriptor = open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failed() }
    }

    deinit {
        close(descriptor)
        if !isFinished { unlink(temporary) }
    }

    func append(_ bytes: UnsafeRawPointer, count: Int) throws(KernelError) {
        var done = 0
        while done < count {
            let written = write(descriptor, bytes + done, count - done)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failed() }
            done += written
        }
    }

    func finish() throws(KernelError) {
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failed() }
        isFinished = true
    }

    private func failed() -> KernelError { KernelError("\(path): cannot be written: \(String(cString: strerror(errno)).lowercased())") }
}
