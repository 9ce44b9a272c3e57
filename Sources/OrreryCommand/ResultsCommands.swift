import ArgumentParser
import Orrery

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Join the shards of a sweep into one results file.",
        discussion: """
            All shards of one sweep, each complete, become the file that one run would have written. Shards of another grid, \
            another version or other specifications are refused, and so are points that two shards answer differently.

            Example:
              orrery merge shard-1.db shard-2.db shard-3.db shard-4.db --db whole.db
            """)

    @Argument(help: ArgumentHelp("Results files, one for each shard.", valueName: "files"))
    var files: [String]

    @Option(help: ArgumentHelp("The file to make.", valueName: "file"))
    var db: String

    func run() throws {
        guard !files.contains(db) else { throw ValidationError("--db \(db) is one of the shards; name another file.") }
        let shards = try files.map { try ResultsStore(reading: $0) }
        let whole = try ResultsStore(writing: db)
        let run = try whole.merge(shards)
        try whole.settle()
        try Terminal.print("\(counted(run.due)) points of \(files.count) shards are in \(db)\n")
    }
}

struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Ask a results file in SQL, reading only.",
        discussion: """
            The view "results" has a column for each axis and each metric of the latest sweep ("run1", "run2" … those of each); \
            Documentation/Sweeps.md lists the tables behind it. Times are in seconds, energies in joules, sizes in bytes.

            Examples:
              orrery query sweep.db "SELECT system, batch, tpot FROM results WHERE tpot < 0.02 ORDER BY costPerMillionTokens LIMIT 5"
              orrery query sweep.db "SELECT outcome, count(*) FROM results GROUP BY outcome" --json
            """)

    @Argument(help: "The results file.")
    var db: String

    @Argument(help: ArgumentHelp("One SELECT.", valueName: "SQL"))
    var sql: String

    @Flag(help: "Print a JSON list of objects instead of a table.")
    var json = false

    func run() throws {
        let store = try ResultsStore(reading: db)
        let answer = try store.query(sql)
        try Terminal.print(json ? answer.json.text(width: 400, packed: false) + "\n" : answer.text(style: Terminal.style))
    }
}

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the points of a sweep as CSV.",
        discussion: """
            One row for each point, in the order of the grid: axes, outcome, reason, and every metric in its base unit. Names are \
            plain, each column has one type, and what is missing is empty, so that tools that make Parquet files of CSV take it as it is.

            Example:
              orrery export sweep.db --csv sweep.csv
            """)

    @Argument(help: "The results file.")
    var db: String

    @Option(help: ArgumentHelp("The file to write; standard output unless given.", valueName: "file"))
    var csv: String?

    @Option(name: .customLong("run"), help: ArgumentHelp("Which run of the file; the latest unless given.", valueName: "number"))
    var number: Int64?

    func run() throws {
        let store = try ResultsStore(reading: db)
        guard let csv else {
            try store.export(number) { try Terminal.print($0) }
            return
        }
        var file = try OutputFile(csv)
        try store.export(number) { try file.write($0) }
        try file.close()
    }
}
