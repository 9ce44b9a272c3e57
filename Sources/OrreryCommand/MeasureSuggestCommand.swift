import ArgumentParser
import Orrery

struct MeasureSuggestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suggest",
        abstract: "Name the kernels whose measurement would shrink the learned model's intervals on a device most.",
        discussion: """
            Measure them, put the times into the last column, and hand the file to "orrery calibrate --few": the learned model \
            then answers for the device as for one that it was trained on, nearly.

            Examples:
              orrery measure suggest --device l40s -n 10
              orrery measure suggest --device arc-pro-b60 --runtime vllm -n 15 --output to-measure.csv
            """)

    @Option(help: ArgumentHelp("The device to be measured.", valueName: "spec"))
    var device: String

    @Option(help: ArgumentHelp("The software whose kernels are to be measured.", valueName: "id"))
    var runtime = "vllm"

    @Option(name: [.customShort("n"), .customLong("count")], help: ArgumentHelp("How many to name.", valueName: "number"))
    var count = 10

    @Option(help: ArgumentHelp("Write them as an operator table whose latency_ms is yet to be filled in.", valueName: "file"))
    var output: String?

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        if !(1...50).contains(count) { throw ValidationError("-n \(count): take 1 to 50") }
    }

    func run() throws {
        let library = try library.open(), device = try library.device(device)
        let suggestions = try library.learnedModel().suggestions(for: device, under: try library.runtime(runtime).id, count: count)
        guard !suggestions.isEmpty else {
            throw DocumentError(file: device.id, message: "is a \(device.kind.rawValue); the learned model knows kernels of GPUs")
        }
        if let output { try write(suggestions, for: device, to: output) }
        guard !json else { return try Terminal.print(LearnedText.json(of: suggestions).text() + "\n") }
        try Terminal.print(LearnedText.table(of: suggestions, on: device.id, style: Terminal.style))
    }

    /// One table for all families: a column that a family does not have stays empty.
    private func write(_ suggestions: [MeasurementSuggestion], for device: Device, to path: String) throws {
        var names: [String] = []
        for suggestion in suggestions { for column in suggestion.columns where !names.contains(column.name) { names.append(column.name) } }
        var file = try OutputFile(path)
        try file.write((["op", "device", "framework"] + names + ["latency_ms"]).joined(separator: ",") + "\n")
        for suggestion in suggestions {
            let values = names.map { name in suggestion.columns.first { $0.name == name }?.value ?? "" }
            try file.write(([suggestion.family.rawValue, device.id, runtime] + values + [""]).joined(separator: ",") + "\n")
        }
        try file.close()
    }
}
