import ArgumentParser
import Orrery

@main
struct OrreryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orrery",
        abstract: "How long, how many joules, does it fit, and why: AI workloads on hardware you describe.",
        discussion: """
            A machine, a model and a job are three small files. Orrery lays the job onto the machine, simulates it and
            answers with latency, energy and memory, what bounds each operator, and what 10 % more of each resource
            would buy. Devices, systems, runtimes, models and jobs are named by their id in the library ("orrery list"
            shows them) or by the path of a file of yours.

            Examples:
              orrery simulate llama-3.1-8b-generate --device h100-sxm
              orrery explain llama-3.1-8b-decode --device jetson-agx-orin-64gb@30W

            Exit status: 0 for an answer ("does not fit" is one), 64 for wrong usage, 65 for wrong data, 74 when a file
            cannot be written.
            """,
        version: orreryVersion,
        subcommands: [SimulateCommand.self, ExplainCommand.self, ListCommand.self, ShowCommand.self, CheckCommand.self, ImportCommand.self])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            Terminal.exit(with: error)
        }
    }
}
