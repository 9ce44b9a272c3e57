#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Orrery

/// One line on a terminal that says what is being done, how far it is, and how long the rest will take.
final class Progress {
    private let shows = isatty(STDERR_FILENO) == 1
    private let start = now
    private var last = now
    private var isOpen = false
    /// When the part that is shown was last smaller than before: another file, another stage.
    private var began = (time: now, part: 0.0)
    private var part = 0.0

    /// - Parameter part: from 0 to 1; nil where nobody knows how much there is.
    func show(_ what: String, part: Double?) {
        guard shows else { return }
        let now = Self.now
        if let part {
            if part < self.part { began = (now, part) }
            self.part = part
        }
        // What takes no second needs no line.
        guard now - last > 0.1, now - start > 0.5 else { return }
        last = now
        isOpen = true
        var line = (part.map { "\(Int($0 * 100)) %  " } ?? "") + what.prefix(64)
        if let part, part - began.part > 0.01, now - began.time > 2 { line += ", \(spoken((now - began.time) * (1 - part) / (part - began.part))) left" }
        Terminal.write("\r\u{1B}[K" + line)
    }

    func end() {
        guard isOpen else { return }
        Terminal.write("\r\u{1B}[K")
        isOpen = false
    }

    private static var now: Double {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + 1e-9 * Double(now.tv_nsec)
    }
}
