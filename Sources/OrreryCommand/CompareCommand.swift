import ArgumentParser
import Orrery

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Hold predictions against measured runs: how wrong, and where.",
        discussion: """
            Reads measured runs or operator tables (CSV, gzipped or not), maps each row to a device and an operator of the \
            library, predicts it and reports the errors by group: how many rows were predicted, the mean (MAPE), median and \
            90th percentile of |predicted − measured| ÷ measured, and the bias, the geometric mean of predicted ÷ measured \
            less 1. Rows that cannot be predicted are counted with the reason.

            Examples:
              orrery compare --measured runs.csv.gz --by phase,device
              orrery compare --measured here/decoders.csv --device here/host.json --calibration here/host.reference-kernels.json
              orrery compare --measured gemm.csv.gz --limit 2000 --by device,precision --rows rows.csv --plot gemm.svg
            """)

    @Option(name: .customLong("measured"), parsing: .upToNextOption, help: ArgumentHelp("Files of measured runs.", valueName: "file"))
    var files: [String]

    @Option(help: "What predicts: the physical bound (roofline), the cycle-approximate model (cycle), or that model corrected by trees (learned).")
    var costModel: Scenario.Fidelity = .cycle

    @Option(help: ArgumentHelp("Columns to group by: device, phase, metric, precision, software, or any column of the files.", valueName: "columns"))
    var by = "phase"

    @Option(help: ArgumentHelp("Take a random sample of so many rows.", valueName: "rows"))
    var limit: Int?

    @Option(help: ArgumentHelp("Which sample: the same number gives the same rows.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("How many of the rows that are farthest off to name.", valueName: "rows"))
    var worst = 5

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Option(help: ArgumentHelp("Write every row with its prediction, or why it has none, as CSV.", valueName: "file"))
    var rows: String?

    @Option(help: ArgumentHelp("Draw predicted against measured, and the error by size, as SVG.", valueName: "file"))
    var plot: String?

    @Option(help: ArgumentHelp("Keep every measured row and what was predicted for it in a results file.", valueName: "file"))
    var db: String?

    @Option(help: ArgumentHelp("What was fitted to measured runs: a name or a file, or none; for each row the library's unless given.", valueName: "name|none"))
    var calibration: String?

    @Option(help: ArgumentHelp("A device outside the library that rows name, as a file; one beside the measured file is found by its name.", valueName: "file"))
    var device: String?

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        if let limit, !(1...10_000_000).contains(limit) { throw ValidationError("--limit \(limit): take 1 to 10000000 rows") }
        if !(0...1000).contains(worst) { throw ValidationError("--worst \(worst): name 0 to 1000 rows") }
        if columns.isEmpty { throw ValidationError("--by names no column") }
    }

    private var columns: [String] { by.split(separator: ",").map(String.init) }

    func run() throws {
        var library = try self.library.open()
        try library.takeIn(device)
        let costs: any CostModel = switch costModel {
        case .roofline: Roofline()
        case .cycle: Cycle()
        case .learned: Learned(try library.learnedModel(), calibration: nil, software: "")
        }
        let choice: CalibrationChoice = switch calibration {
        case nil: .shipped
        case "none"?: .none
        case let name?: .only(try library.calibration(name))
        }
        var predictor = Predictor(library, costs: costs, calibrations: choice)
        predictor.folders = MeasuredFolders.of(files + (device.map { [$0] } ?? []))
        let table = try rows.map { try RowsFile($0) }
        let store = try db.map { try ResultsStore(writing: $0) }
        var kept: [StoredComparison] = []
        func keep(_ store: ResultsStore) throws {
            try store.record(kept, costModel: costs.name, version: orreryVersion)
            kept.removeAll(keepingCapacity: true)
        }
        var picture = plot.map { _ in ComparisonSample(by: columns[0], seed: seed) }
        let progress = Progress()
        defer { progress.end() }
        let comparison = try Comparison(of: files, with: &predictor, by: columns, limit: limit, seed: seed, worst: worst) { file, row, outcome in
            try table?.add(row, of: file, outcome)
            picture?.add(row, outcome)
            guard let store else { return }
            kept.append(StoredComparison(row, of: file, outcome))
            if kept.count == 1000 { try keep(store) }
        } progress: { file, rows, part in
            progress.show("\(file.split(separator: "/").last ?? ""): \(counted(rows)) rows", part: part)
        }
        progress.end()
        if let store {
            try keep(store)
            try store.settle()
        }
        try table?.close()
        if let plot, let picture {
            var file = try OutputFile(plot)
            try file.write(picture.chart(title: "\(comparison.costModel) model against measurements").svg(width: 1000))
            try file.close()
        }
        try Terminal.print(json ? comparison.json.text() + "\n" : comparison.text)
    }
}

extension StoredComparison {
    init(_ row: MeasuredRow, of file: String, _ outcome: Result<Prediction, RowError>) {
        self.init(file: file, row: row.index, device: row.device, software: row.software, phase: row.phase, precision: row.precision,
                  metric: row.metric, value: row.value, unit: row.unit)
        switch outcome {
        case .success(let prediction): predicted = prediction.value
        case .failure(let error): reason = error.description
        }
    }
}
