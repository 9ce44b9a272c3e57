internal import Foundation

/// The commands of Slurm that a sweep needs. Slurm is what schedules; nothing here does.
struct Slurm {
    /// What is running, waiting, or about to: by number in the array. Those that have ended are not in it.
    typealias States = [Int: String]

    /// - Throws: `SlurmError` where Slurm is not installed here.
    init() throws {
        for command in ["sbatch", "squeue", "scancel"] where Self.find(command) == nil {
            throw SlurmError("\"\(command)\" is not installed here; run this where jobs are submitted, or leave out --slurm")
        }
    }

    /// Submits some tasks of a job array.
    ///
    /// - Returns: the number of the job.
    func submit(_ script: String, tasks: [Int], options: [String]) throws -> String {
        let answer = try run("sbatch", ["--parsable", "--array=\(Self.ranges(tasks))"] + options + [script])
        guard answer.status == 0, let job = answer.output.split(whereSeparator: { ";\n".contains($0) }).first else {
            throw SlurmError("sbatch refuses the shards: \(answer.complaint)")
        }
        return String(job)
    }

    /// - Returns: nil where the controller does not answer just now.
    func states(of job: String) throws -> States? {
        let answer = try run("squeue", ["--noheader", "--array", "--jobs=\(job)", "--format=%K %T"])
        guard answer.status == 0 else {
            // A job that ended a while ago is forgotten.
            return answer.complaint.contains("Invalid job id") ? [:] : nil
        }
        var states: States = [:]
        for line in answer.output.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let task = Int(words[0]) { states[task] = String(words[1]) }
        }
        // Tasks that have just ended stay in the queue for a moment.
        return states.filter { !["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "BOOT_FAIL", "DEADLINE"].contains($0.value) }
    }

    func cancel(_ job: String) { _ = try? run("scancel", [job]) }

    /// `1-3,7`
    static func ranges(_ tasks: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for task in tasks.sorted() {
            if let last = runs.last, last.upperBound + 1 == task { runs[runs.count - 1] = last.lowerBound...task } else { runs.append(task...task) }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }

    private struct Answer {
        var status: Int32
        var output: String
        var errors: String
        var complaint: String { errors.split(separator: "\n").first.map(String.init) ?? "status \(status)" }
    }

    private func run(_ command: String, _ arguments: [String]) throws -> Answer {
        let process = Process(), output = Pipe(), errors = Pipe()
        process.executableURL = URL(fileURLWithPath: Self.find(command) ?? command)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { throw SlurmError("\"\(command)\" cannot be run: \(error.localizedDescription)") }
        // Both answers are shorter than what a pipe holds.
        let text = output.fileHandleForReading.readDataToEndOfFile(), complaints = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Answer(status: process.terminationStatus, output: String(decoding: text, as: UTF8.self), errors: String(decoding: complaints, as: UTF8.self))
    }

    private static func find(_ command: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":").map { "\($0)/\(command)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// What Slurm refused, or what the shards did not manage.
public struct SlurmError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
