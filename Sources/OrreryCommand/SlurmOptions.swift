import ArgumentParser
import Orrery

/// How a sweep is spread over a Slurm cluster.
struct SlurmOptions: ParsableArguments {
    @Flag(help: "Submit the sweep as a job array, watch it, mend it and merge it.")
    var slurm = false

    @Option(help: ArgumentHelp("Tasks of the array; --jobs says how many processors each takes.", valueName: "n"))
    var shards: Int?

    @Option(help: ArgumentHelp("Slurm's partition; the default one unless given.", valueName: "name"))
    var partition: String?

    @Option(name: .customLong("sbatch"), parsing: .unconditionalSingleValue,
            help: ArgumentHelp("Another option of sbatch, as in --sbatch=--time=30; may be given several times.", valueName: "option"))
    var others: [String] = []

    func validate() throws {
        if let shards, !(1...100_000).contains(shards) { throw ValidationError("--shards \(shards): take 1 to 100000.") }
        if !slurm, shards != nil || partition != nil || !others.isEmpty { throw ValidationError("--shards, --partition and --sbatch go with --slurm.") }
    }

    /// - Parameter arguments: of the sweep itself, for every shard.
    func run(_ sweep: Sweep, gridFile: String, database: String, resuming: Bool, jobs: Int?, library: Library, arguments: [String]) throws {
        let program = SlurmSweep.absolute(executable)
        let command = [program, "sweep", SlurmSweep.absolute(gridFile), "--library", SlurmSweep.absolute(library.root)] + arguments
        let cluster = try SlurmSweep(sweep, shards: shards ?? 16, cpus: jobs ?? 1, options: (partition.map { ["--partition=\($0)"] } ?? []) + others,
                                     command: command, database: database)
        Terminal.warn("\(sweep.grid.name): \(counted(sweep.size)) points, submitted to Slurm; results in \(database)")
        let bar = ProgressBar()
        Interrupt.watch()
        let isComplete = try cluster.run(resuming: resuming, report: { status in
            bar.write("\(counted(status.points)) of \(counted(status.total)) points; shards: \(status.complete) complete, \(status.running) running, \(status.waiting) waiting"
                + (status.resubmitted > 0 ? ", \(status.resubmitted) submitted again" : ""))
        }, shouldStop: { Interrupt.isAsked })
        bar.end()
        guard isComplete else { throw Terminal.Stopped(message: "stopped, the shards are cancelled; --resume goes on with what they have") }
    }

    private var executable: String { resolvedExecutable ?? CommandLine.arguments[0] }
}
