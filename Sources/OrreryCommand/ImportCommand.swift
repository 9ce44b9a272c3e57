import ArgumentParser
import Orrery

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Turn files of other programs into declarations and measured runs.",
        discussion: """
            Examples:
              orrery import model config.json
              orrery import model config.json --output Workloads/models/my-model.json
              orrery import runs trace.json.gz --output runs.csv
            """,
        subcommands: [ImportModelCommand.self, ImportRunsCommand.self])
}

struct ImportModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Read the config.json of a decoder on Hugging Face.",
        discussion: """
            Prints a model file, or writes it to --output. Llama, Mistral, Qwen, OPT, GPT-2, GPT-NeoX, Falcon, Phi, \
            Gemma, DeepSeek, Mixtral, gpt-oss and others; an unknown model_type gives the list.

            Examples:
              orrery import model config.json
              orrery import model gpt2/config.json --output Workloads/models/my-gpt2.json
            """)

    @Argument(help: "The config.json.")
    var config: String

    @Option(help: ArgumentHelp("The file to write, instead of printing.", valueName: "file"))
    var output: String?

    func run() throws {
        let model = try Model(huggingFace: try Document(contentsOf: config), id: id)
        let text = model.json.text() + "\n"
        guard let output else { return try Terminal.print(text) }
        var file = try OutputFile(output)
        try file.write(text)
        try file.close()
    }

    /// What the model is called when its configuration does not say: after the file to write, or the folder of the configuration.
    private var id: String {
        let parts = config.split(separator: "/")
        return identifier(of: output ?? (parts.count > 1 ? String(parts[parts.count - 2]) : config))
    }
}
