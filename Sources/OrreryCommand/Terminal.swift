import ArgumentParser
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Orrery

/// Standard output, standard error and the exit status.
enum Terminal {
    /// The exit statuses of sysexits.h that this program uses.
    enum Status: Int32 {
        case usage = 64, data = 65, unavailable = 69, software = 70, output = 74
        /// Ended by Ctrl-C, as shells report it.
        case interrupted = 130
    }

    /// As wide as the terminal where there is one, within reason; emphasis only there.
    static var style: Style {
        guard isatty(STDOUT_FILENO) == 1 else { return .plain }
        var size = winsize()
        let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let dumb = getenv("NO_COLOR") != nil || getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
        return Style(width: known ? min(100, max(60, Int(size.ws_col))) : Style.plain.width, emphasis: !dumb)
    }

    /// Writes to standard output.
    ///
    /// - Throws: `OutputError` when it cannot be written, as on a full disk. A reader that has gone away (`| head`) is no error:
    ///   the program ends quietly.
    static func print(_ text: String) throws(OutputError) {
        guard !send(text, to: STDOUT_FILENO) else { return }
        if errno == EPIPE { endProcess(0) }
        throw OutputError(path: "standard output", message: "cannot be written: \(String(cString: strerror(errno)).lowercased())")
    }

    static func warn(_ message: String) { _ = send(message + "\n", to: STDERR_FILENO) }

    /// To standard error as it is: the line of a progress, which the next one replaces.
    static func write(_ text: String) { _ = send(text, to: STDERR_FILENO) }

    /// The answer of a sweep, as text or as JSON.
    static func print(_ store: ResultsStore, json: Bool) throws {
        let sweep = try store.sweep()
        try print(json ? sweep.json.text(width: 200, packed: false) + "\n" : SweepText(sweep, style: style).text)
    }

    /// Whether all of the text was taken.
    private static func send(_ text: String, to descriptor: Int32) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { writeBytes(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Ends the program with one message and the status that suits the error.
    static func exit(with error: any Error) -> Never {
        switch error {
        case is DocumentError, is SimulationError, is QuantityError: fail("\(error)", .data)
        case let failures as Failures: fail(failures.messages, .data)
        case is OutputError: fail("\(error)", .output)
        case let error as StoreError: fail(error.description, error.kind == .data ? .data : .output)
        case is SlurmError: fail("\(error)", .unavailable)
        case let stopped as Stopped: fail(stopped.message, .interrupted)
        case let mistake as ValidationError: fail(mistake.message, .usage)
        case is BoundViolation: fail("\(error)", .software)
        default: exit(withUsage: error)
        }
    }

    /// Several things wrong, each with its own line.
    struct Failures: Error {
        let messages: [String]
    }

    /// A person, or a scheduler, asked to stop.
    struct Stopped: Error {
        let message: String
    }

    private static func fail(_ message: String, _ status: Status) -> Never { fail([message], status) }

    private static func fail(_ messages: [String], _ status: Status) -> Never {
        for message in messages { warn(status == .interrupted ? message : "error: \(message)") }
        endProcess(status.rawValue)
    }

    /// What the parser of the command line has to say: help and version on standard output, mistakes on standard error.
    private static func exit(withUsage error: any Error) -> Never {
        let message = OrreryCommand.fullMessage(for: error)
        guard OrreryCommand.exitCode(for: error) != .success else {
            do { try print(message + "\n") } catch { fail("\(error)", .output) }
            endProcess(0)
        }
        warn(message.hasPrefix("Error: ") ? "error: " + message.dropFirst(7) : message)
        endProcess(Status.usage.rawValue)
    }
}

/// `exit` of the C library, which `Terminal.exit` hides.
private func endProcess(_ status: Int32) -> Never { exit(status) }

/// `write` of the C library, which `Terminal.write` hides.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(descriptor, bytes, count) }
