#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Keeps a second sweep off a file: a lock on a file beside it, which the system releases even when its holder is killed.
final class WriterLock: Sendable {
    private let descriptor: Int32
    private let path: String

    /// - Throws: `StoreError` when another process holds it, or the folder may not be written.
    init(_ database: String) throws(StoreError) {
        path = database + ".lock"
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else {
                throw StoreError(path: database, kind: .output, message: "cannot be written: \(String(cString: strerror(errno)).lowercased()); choose another file with --db")
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw StoreError(path: database, kind: .output, message: "another sweep is writing it; wait for it, or choose another file with --db")
            }
            // Whoever held it before may have removed the file between our opening and locking it.
            var ours = stat(), there = stat()
            if fstat(descriptor, &ours) == 0, stat(path, &there) == 0, ours.st_ino == there.st_ino {
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
    }

    deinit {
        unlink(path)
        close(descriptor)
    }
}
