import ArgumentParser
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Orrery
import Synchronization

struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Try many configurations, keep every answer, name the best.",
        discussion: """
            A grid file says what to vary (anything in a device, system, runtime, model or job), what has to hold (TTFT, TPOT, \
            power, price) and what is wanted (latency, throughput, energy, cost). Every point is written to a results file as it \
            is answered: stop with Ctrl-C, or lose power, and go on with --resume. The answer is the same on any number of cores, \
            in shards, and on a Slurm cluster.

            Examples:
              orrery sweep Workloads/sweeps/llama-70b-device-choice.json
              orrery sweep grid.json --db grid.db --jobs 16 --resume
              orrery sweep grid.json --slurm --shards 64 --partition cpu
            """)

    @Argument(help: ArgumentHelp("The grid file.", valueName: "grid"))
    var file: String

    @Option(help: ArgumentHelp("Where results are kept; the grid's name with .db in the current folder unless given.", valueName: "file"))
    var db: String?

    @Option(help: ArgumentHelp("Workers; as many as there are cores unless given.", valueName: "n"))
    var jobs: Int?

    @Option(help: ArgumentHelp("roofline or cycle, instead of what the grid says.", valueName: "roofline|cycle"))
    var costModel: Scenario.Fidelity?

    @Flag(help: "Go on with a sweep that was interrupted.")
    var resume = false

    @Option(help: ArgumentHelp("Only every n-th point from the i-th; \"orrery merge\" joins the files.", valueName: "i/n"))
    var shard: Sweep.Shard?

    @Flag(help: "Keep the operators of every point as well.")
    var operators = false

    @Flag(help: "The results file lies in a folder that several machines see: no write-ahead log, which needs shared memory.")
    var shared = false

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @OptionGroup(title: "On a cluster") var cluster: SlurmOptions
    @OptionGroup var library: LibraryOptions

    func validate() throws {
        if let jobs, !(1...4096).contains(jobs) { throw ValidationError("--jobs \(jobs): take 1 to 4096 workers.") }
        if cluster.slurm, shard != nil { throw ValidationError("--slurm makes its own shards: say how many with --shards, and leave out --shard.") }
    }

    /// Where the results go when nobody says.
    private var path: String { db ?? identifier(of: file) + ".db" }

    func run() throws {
        var grid = try Grid(reading: try Document(contentsOf: file))
        if let costModel { grid = try grid.with(costModel) }
        let sweep = try Sweep(grid, in: try library.open(), shard: shard ?? Sweep.Shard(), keepingOperators: operators)
        if cluster.slurm {
            try cluster.run(sweep, gridFile: file, database: path, resuming: resume, jobs: jobs, library: sweep.library, arguments: arguments)
        } else {
            try sweepHere(sweep)
        }
        try Terminal.print(try ResultsStore(reading: path), json: json)
    }

    private func sweepHere(_ sweep: Sweep) throws {
        let store = try ResultsStore(writing: path, sharedByMachines: shared)
        let workers = jobs ?? cores
        let each = try sweep.secondsPerPoint()
        let count = sweep.places.isEmpty ? sweep.size : sweep.places.count
        Terminal.warn("\(sweep.grid.name): \(counted(count)) points\(sweep.places.isEmpty ? " at most" : ""), about \(spoken(each * Double(count) / Double(min(workers, cores)))) "
            + "on \(workers) worker\(workers == 1 ? "" : "s") (\(spoken(each)) a point, measured at a few); results in \(path)")
        let bar = ProgressBar()
        Interrupt.watch()
        let outcome = try sweep.run(into: store, jobs: workers, resuming: resume, secondsPerPoint: each, progress: bar.show, shouldStop: { Interrupt.isAsked })
        bar.end()
        try store.settle()
        guard !outcome.wasStopped else {
            throw Terminal.Stopped(message: "stopped; \(counted(outcome.progress.done)) of \(counted(outcome.progress.total)) points are in \(path), --resume goes on with the others")
        }
    }

    /// What a shard on another machine is told as well.
    private var arguments: [String] {
        (costModel.map { ["--cost-model", $0.rawValue] } ?? []) + (operators ? ["--operators"] : [])
    }
}

/// The file of this program, where the system says which.
var resolvedExecutable: String? {
    guard let real = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
}

/// Processors that this process may use.
var cores: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

/// A time as one says it.
func spoken(_ seconds: Double) -> String {
    switch seconds {
    case ..<1: "\(Seconds(Double(significant(seconds, digits: 2)) ?? seconds))"
    case ..<100: "\(significant(seconds, digits: 2)) s"
    case ..<6000: "\(Int((seconds / 60).rounded())) min"
    case ..<172_800: "\(significant(seconds / 3600, digits: 2)) h"
    default: "\(significant(seconds / 86_400, digits: 2)) days"
    }
}

extension Sweep.Shard: ExpressibleByArgument {
    public init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let count = parts[1], count >= 1, count <= 1_000_000, (1...count).contains(number) else { return nil }
        self.init(number: number, count: count)
    }
}

/// Ctrl-C, and what a scheduler sends before it kills: asks the sweep to stop. The second time it ends the program as usual.
enum Interrupt {
    private static let asked = Atomic<Bool>(false)

    static var isAsked: Bool { asked.load(ordering: .relaxed) }

    static func watch() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interrupt.asked.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }
}
