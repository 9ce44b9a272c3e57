import ArgumentParser
import Orrery

@main
struct OrreryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orrery",
        abstract: "How long, how many joules, does it fit, and why: AI workloads on hardware you describe.",
        discussion: """
            A machine, a model and a job are three small files. Orrery lays the job onto the machine, simulates it and \
            answers with latency, energy and memory, what bounds each operator, and what a tenth more of each resource \
            would buy. Devices, systems, runtimes, models and jobs are named by their id in the library ("orrery list" \
            shows them) or by the path of a file of yours.

            Examples:
              orrery simulate llama-3.1-8b-generate --device h100-sxm
              orrery explain llama-3.1-8b-decode --device jetson-agx-orin-64gb@30W

            Exit status: 0 for an answer ("does not fit" is one), 64 for wrong usage, 65 for wrong data, 74 when a file \
            cannot be written.
            """,
        version: orreryVersion,
        subcommands: [
            SimulateCommand.self, ExplainCommand.self, DiffCommand.self, ListCommand.self, ShowCommand.self, CheckCommand.self, ImportCommand.self,
            MeasureCommand.self, CompareCommand.self, CalibrateCommand.self, TrainCommand.self, ValidateCommand.self, SweepCommand.self,
            ReportCommand.self, MergeCommand.self, QueryCommand.self, ExportCommand.self,
        ])

    static func main() {
        do {
            try refuseUnknownCommand()
            var command = try parseAsRoot()
            try command.run()
        } catch {
            Terminal.exit(with: error)
        }
    }

    /// The parser calls a misspelt command an unexpected argument; this says what was probably meant.
    private static func refuseUnknownCommand() throws {
        guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-") else { return }
        let known = configuration.subcommands.compactMap { $0.configuration.commandName }
        guard word != "help", !known.contains(word) else { return }
        let hint = nearest(to: word, among: known).map { "did you mean '\($0)'?" } ?? "there are \(known.joined(separator: ", "))."
        throw ValidationError("'\(word)' is no command; \(hint)")
    }
}
