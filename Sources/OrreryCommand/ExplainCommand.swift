import ArgumentParser
import Orrery

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tell why a job takes as long as it does.",
        discussion: """
            The critical path with blame, every operator with what bounds it and where it stands on the roofline, how \
            each would be carried out, and what a tenth more of each resource would buy.

            Examples:
              orrery explain llama-3.1-8b-decode --device l4 --runtime pytorch-eager
              orrery explain gemm-4096 --device h100-sxm
            """)

    @Argument(help: "The job: a name or a file.")
    var job: String

    @OptionGroup var target: TargetOptions
    @OptionGroup(title: "Changes to the job") var changes: ChangeOptions

    func run() throws {
        var scenario = try target.scenario(of: job)
        try changes.apply(to: &scenario)
        try Terminal.print(ExplainReport(try scenario.report(), on: scenario.system, style: Terminal.style).text)
    }
}
