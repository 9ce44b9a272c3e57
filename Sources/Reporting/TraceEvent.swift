import Documents
import Quantities

/// Lines of a trace file.
enum TraceEvent {
    /// Something that took from `start` to `end`, in picoseconds.
    static func span(_ name: String, process: Int, thread: Int, start: Int64, end: Int64, arguments: JSON) -> String {
        "{\"ph\":\"X\",\"pid\":\(process),\"tid\":\(thread),\"ts\":\(microseconds(start)),\"dur\":\(microseconds(end - start))"
            + ",\"name\":\(JSON.string(name).compact),\"args\":\(arguments.compact)}"
    }

    /// New values of a counter, one curve for each.
    static func counter(_ name: String, process: Int, at time: Int64, values: [(name: String, value: Double)]) -> String {
        let curves = JSON.object(values.map { .init(key: $0.name, value: .number(significant($0.value, digits: 6))) })
        return "{\"ph\":\"C\",\"pid\":\(process),\"ts\":\(microseconds(time)),\"name\":\(JSON.string(name).compact),\"args\":\(curves.compact)}"
    }

    static func instant(_ name: String, at time: Int64) -> String {
        "{\"ph\":\"i\",\"s\":\"g\",\"pid\":\(TraceTracks.jobProcess),\"tid\":0,\"ts\":\(microseconds(time)),\"name\":\(JSON.string(name).compact)}"
    }

    /// The name of a process or, with a thread, of a thread.
    static func name(_ name: String, process: Int, thread: Int? = nil) -> [String] {
        let kind = thread == nil ? "process" : "thread"
        let place = "\"pid\":\(process)" + (thread.map { ",\"tid\":\($0)" } ?? "")
        return ["{\"ph\":\"M\",\(place),\"name\":\"\(kind)_name\",\"args\":{\"name\":\(JSON.string(name).compact)}}",
                "{\"ph\":\"M\",\(place),\"name\":\"\(kind)_sort_index\",\"args\":{\"sort_index\":\(thread ?? process)}}"]
    }

    /// Picoseconds as microseconds with six decimals: no rounding.
    static func microseconds(_ picoseconds: Int64) -> String {
        let fraction = String(picoseconds % 1_000_000)
        return "\(picoseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
    }
}

/// The processes and threads of a trace, numbered as they are first used.
struct TraceTracks {
    static let jobProcess = 1

    private var processes: [String: Int] = [:]
    /// Threads of one name by process, each with the end of its last span: spans of one thread must not overlap.
    private var threads: [String: [(thread: Int, end: Int64)]] = [:]
    private var threadCount = 0
    /// Names given since they were last asked for.
    private var announcements: [String] = []

    mutating func process(_ name: String) -> Int {
        if let process = processes[name] { return process }
        let process = Self.jobProcess + processes.count
        processes[name] = process
        announcements += TraceEvent.name(name, process: process)
        return process
    }

    /// A thread of this name that is free from `start` on; spans have to be asked for in the order of their start.
    mutating func thread(_ name: String, of process: Int, from start: Int64, to end: Int64) -> Int {
        let key = "\(process) \(name)"
        if let free = threads[key]?.firstIndex(where: { $0.end <= start }) {
            threads[key]?[free].end = end
            return threads[key]?[free].thread ?? 0
        }
        threadCount += 1
        threads[key, default: []].append((threadCount, end))
        let parallel = threads[key]?.count ?? 1
        announcements += TraceEvent.name(parallel > 1 ? "\(name) (\(parallel))" : name, process: process, thread: threadCount)
        return threadCount
    }

    mutating func takeAnnouncements() -> [String] {
        defer { announcements = [] }
        return announcements
    }
}
