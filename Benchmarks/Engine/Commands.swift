import Foundation

/// CPU time of this thread, so that other work on the machine distorts figures less.
func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Runs a command found on the path; its standard output, or `nil` when it is missing or fails.
func output(of words: [String]) -> String? {
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return nil }
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return process.terminationStatus == 0 ? text : nil
}

/// Runs a command that prints seconds, then check numbers.
func outcome(of words: [String]) -> Outcome? {
    guard let fields = output(of: words)?.split(whereSeparator: \.isWhitespace),
        let first = fields.first, let seconds = Double(first)
    else { return nil }
    return Outcome(seconds: seconds, checks: fields.dropFirst().compactMap { Int64($0) })
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted[sorted.count / 2]
}

/// `text` filled with blanks on the left.
func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}

func format(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
