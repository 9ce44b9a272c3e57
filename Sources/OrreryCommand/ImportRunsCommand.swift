import ArgumentParser
import Orrery

struct ImportRunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Read measurements of other programs into the format that compare and calibrate take.",
        discussion: """
            Recognised by their content: results of vLLM's serving benchmark, llama-bench (JSON, JSON lines, CSV), Chrome \
            traces of PyTorch's profiler, SQLite exports of Nsight Systems, MLPerf summary logs; text gzipped or not. \
            Prints the rows, or writes them to --output. Parquet tables of AIConfigurator: Scripts/import_aiconfigurator.py.

            Examples:
              orrery import runs trace.json.gz --output runs.csv
              orrery import runs openai-infqps.json --device h100-sxm --output serving.csv
            """)

    @Argument(help: "Files that another program wrote.")
    var files: [String]

    @Option(help: ArgumentHelp("The file to write, instead of printing.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("What to call the device, instead of what the file says.", valueName: "name"))
    var device: String?

    @Option(help: ArgumentHelp("What to call the model, instead of what the file says.", valueName: "name"))
    var model: String?

    @Option(help: ArgumentHelp("The numbers of weights and arithmetic, instead of what the file says.", valueName: "label"))
    var precision: String?

    @Option(help: ArgumentHelp("What ran, instead of what the file says; a runtime's id makes it comparable.", valueName: "text"))
    var software: String?

    func run() throws {
        let labels = ImportLabels(device: device, model: model, precision: precision, software: software)
        var text = MeasuredRecord.header, count = 0
        for path in files {
            let runs = try ImportedRuns(path, as: labels)
            for note in runs.notes { Terminal.warn("note: \(note)") }
            for record in runs.records {
                count += 1
                text += record.line(id: "i\(count)")
            }
            if output != nil { Terminal.warn("\(path): \(runs.format.rawValue), \(runs.records.count) figures") }
        }
        guard let output else { return try Terminal.print(text) }
        var file = try OutputFile(output)
        try file.write(text)
        try file.close()
    }
}
