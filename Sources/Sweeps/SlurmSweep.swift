import Documents
internal import Foundation
import ResultsStore

/// A sweep in shards on a Slurm cluster: submitted as one job array, watched, mended and merged.
///
/// The shards lie beside the results file, in a folder that every node sees. A shard that ends before it is complete (killed,
/// out of time, its node gone) is submitted again and goes on where it was.
public struct SlurmSweep {
    /// How often one shard is submitted before the sweep gives up.
    public static let mostAttempts = 4

    /// What a person watching wants to know.
    public struct Status: Sendable {
        public var complete = 0
        public var running = 0
        public var waiting = 0
        public var resubmitted = 0
        public var points = 0
        public var total = 0
    }

    let sweep: Sweep
    let shards: Int
    /// `sbatch` options that a person chose: partition, time, account.
    let options: [String]
    /// Program and arguments that every shard is run with; its own follow.
    let command: [String]
    let database: String
    let cpus: Int

    /// - Parameters:
    ///   - command: what runs a sweep on a node: the program, `sweep`, the grid and options, all paths absolute.
    ///   - cpus: processors of each shard.
    /// - Throws: `DocumentError` for a search, which has no shards.
    public init(_ sweep: Sweep, shards: Int, cpus: Int = 1, options: [String] = [], command: [String], database: String) throws {
        guard sweep.grid.strategy.isFixed else {
            throw DocumentError(file: sweep.grid.file, path: "strategy", message: "a search has no shards: each step depends on the one before; run it without --slurm, or use \"exhaustive\", \"random\" or \"sobol\"")
        }
        self.sweep = sweep
        self.shards = min(shards, sweep.size)
        self.cpus = cpus
        self.options = options
        self.command = command
        self.database = Self.absolute(database)
    }

    public static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

    private var folder: String { database + ".shards" }
    private func file(_ shard: Int) -> String { "\(folder)/shard-\(shard).db" }

    /// Runs to the end, and leaves the results where they belong.
    ///
    /// - Parameters:
    ///   - interval: seconds between two looks.
    ///   - report: called at each look.
    ///   - shouldStop: cancels the shards; what they have stays for `resuming`.
    /// - Returns: false when it was stopped.
    public func run(resuming: Bool, interval: Double = 2, report: (Status) -> Void, shouldStop: () -> Bool) throws -> Bool {
        let slurm = try Slurm()
        try prepare(resuming)
        var attempts = [Int](repeating: 0, count: shards + 1), status = Status()
        status.total = sweep.size
        var job: String?
        while true {
            let counts = (1...shards).map(progress)
            status.points = counts.reduce(0) { $0 + $1.points }
            status.complete = counts.count { $0.isComplete }
            if status.complete == shards { break }
            if shouldStop() {
                job.map(slurm.cancel)
                return false
            }
            // A controller that does not answer says nothing about the shards.
            if let states = try job.map(slurm.states) ?? [:] {
                status.waiting = states.values.count { $0 == "PENDING" }
                status.running = states.count - status.waiting
                // While some of an array still run, ended ones wait for them: one array at a time is easy to watch and to cancel.
                if states.isEmpty {
                    let missing = (1...shards).filter { !progress($0).isComplete }
                    if !missing.isEmpty { job = try submit(missing, slurm, &attempts, &status) }
                }
            }
            report(status)
            Thread.sleep(forTimeInterval: interval)
        }
        report(status)
        try merge()
        return true
    }

    private func submit(_ missing: [Int], _ slurm: Slurm, _ attempts: inout [Int], _ status: inout Status) throws -> String {
        for shard in missing {
            if attempts[shard] > 0 { status.resubmitted += 1 }
            attempts[shard] += 1
            guard attempts[shard] <= Self.mostAttempts else {
                throw SlurmError("shard \(shard) of \(shards) ended \(Self.mostAttempts) times before it was complete; its last words: \(lastWords(of: shard)). "
                    + "The other shards are kept in \(folder), --resume goes on")
            }
        }
        return try slurm.submit("\(folder)/shard.sh", tasks: missing, options: [
            "--job-name=orrery-\(sweep.grid.id)", "--ntasks=1", "--cpus-per-task=\(cpus)", "--output=\(folder)/shard-%a.log", "--open-mode=append", "--export=ALL",
        ] + options)
    }

    private func prepare(_ resuming: Bool) throws {
        let manager = FileManager.default
        if manager.fileExists(atPath: database), let runs = try? ResultsStore(reading: database).runs(), runs.contains(where: { $0.grid == sweep.grid.json.text() }) {
            throw StoreError(path: database, kind: .output, message: "already holds this sweep; choose another file with --db, or remove it")
        }
        if manager.fileExists(atPath: folder), !resuming {
            throw StoreError(path: folder, kind: .output, message: "holds shards of a sweep that did not end; go on with --resume, or remove the folder")
        }
        let words = command + ["--shared", "--resume"]
        let script = """
            #!/bin/sh
            # One shard of a sweep, as a task of a Slurm job array.
            exec \(words.map(Self.quoted).joined(separator: " ")) --jobs "${SLURM_CPUS_PER_TASK:-1}" \
            --shard "$SLURM_ARRAY_TASK_ID/\(shards)" --db \(Self.quoted(folder + "/shard-"))"$SLURM_ARRAY_TASK_ID.db"

            """
        do {
            try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(script.utf8).write(to: URL(fileURLWithPath: "\(folder)/shard.sh"), options: .atomic)
        } catch { throw StoreError(path: folder, kind: .output, message: "cannot be written; choose another place with --db") }
    }

    /// For the shell of the node.
    private static func quoted(_ word: String) -> String { "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'" }

    private func progress(_ shard: Int) -> (points: Int, isComplete: Bool) {
        guard FileManager.default.fileExists(atPath: file(shard)), let store = try? ResultsStore(reading: file(shard)),
              let run = try? store.runs().last else { return (0, false) }
        return ((try? store.count(ofRun: run.id)) ?? 0, run.finished != nil)
    }

    private func lastWords(of shard: Int) -> String {
        let text = (try? String(contentsOfFile: "\(folder)/shard-\(shard).log", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").last.map(String.init) ?? "none"
    }

    private func merge() throws {
        let stores = try (1...shards).map { try ResultsStore(reading: file($0)) }
        let whole = try ResultsStore(writing: database)
        _ = try whole.merge(stores)
        try whole.settle()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
