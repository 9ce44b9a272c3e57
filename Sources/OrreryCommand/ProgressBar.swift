#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Orrery
import Synchronization

/// One line of standard error that says how far a sweep is; nothing where that is no terminal.
final class ProgressBar: Sendable {
    private let isShown = isatty(STDERR_FILENO) == 1
    private let width = Mutex(0)

    @Sendable
    func show(_ progress: Sweep.Progress) {
        guard isShown else { return }
        let part = progress.total > 0 ? Double(progress.done) / Double(progress.total) : 1
        let filled = Int(part * 24)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        var line = "\(bar) \(counted(progress.done)) of \(counted(progress.total))"
        if progress.rate > 0 { line += ", \(significant(progress.rate, digits: 3)) points/s" }
        if let left = progress.secondsLeft, progress.done < progress.total { line += ", \(spoken(left)) left" }
        write(line)
    }

    /// Any other line in its place.
    func write(_ line: String) {
        guard isShown else { return }
        width.withLock { width in
            Terminal.write("\r" + line + String(repeating: " ", count: max(0, width - line.count)))
            width = line.count
        }
    }

    /// Leaves the line for what comes after it.
    func end() {
        guard isShown else { return }
        width.withLock { width in
            if width > 0 { Terminal.write("\n") }
            width = 0
        }
    }
}

/// A whole number with its thousands apart.
func counted(_ number: Int) -> String {
    let digits = Array(String(number))
    return digits.enumerated().reduce(into: "") { $0 += ($1.offset > 0 && (digits.count - $1.offset) % 3 == 0 ? "," : "") + String($1.element) }
}
