import ArgumentParser
import Orrery

/// One run as a person writes it behind `orrery simulate`.
struct RunLine: ParsableArguments {
    @Argument(help: "The job: a name or a file.")
    var job: String?

    @OptionGroup var target: TargetOptions
    @OptionGroup var changes: ChangeOptions

    /// - Parameter side: for messages: `A`.
    static func reading(_ words: String, side: String) throws -> RunLine {
        do { return try parse(words.split(separator: " ").map(String.init)) } catch {
            throw ValidationError("\(side), \"\(words)\": \(message(for: error))")
        }
    }

    /// What this line leaves open, taken from another.
    func completed(by other: RunLine) -> RunLine {
        var line = self
        line.job = job ?? other.job
        if target.device == nil, target.system == nil { (line.target.device, line.target.system) = (other.target.device, other.target.system) }
        line.target.runtime = target.runtime ?? other.target.runtime
        line.target.calibration = target.calibration ?? other.target.calibration
        line.target.library.library = target.library.library ?? other.target.library.library
        line.changes = changes.completed(by: other.changes)
        return line
    }

    func scenario() throws -> Scenario {
        guard let job else { throw ValidationError("A names no job") }
        var scenario = try target.scenario(of: job)
        try changes.apply(to: &scenario)
        return scenario
    }
}

/// One side of a comparison: a run to simulate, or a report that was saved.
enum RunSide {
    case scenario(Scenario, Report)
    case saved(Report)

    var report: Report {
        switch self {
        case .scenario(_, let report), .saved(let report): report
        }
    }

    /// A file that `--json` wrote, else the words of a run.
    init(_ words: String, side: String, completedBy other: RunLine?) throws {
        if let report = try Self.saved(words) {
            self = .saved(report)
            return
        }
        let line = try RunLine.reading(words, side: side)
        try self.init(other.map(line.completed) ?? line)
    }

    init(_ line: RunLine) throws {
        let scenario = try line.scenario()
        self = .scenario(scenario, try scenario.report())
    }

    /// The report in a file that `--json` wrote; nil where the name is that of something else.
    static func saved(_ path: String) throws -> Report? {
        guard path.hasSuffix(".json"), !path.contains(" ") else { return nil }
        let document = try Document(contentsOf: path)
        guard document.json["blame"] != nil, document.json["fits"] != nil else { return nil }
        return try Report(reading: document)
    }
}
