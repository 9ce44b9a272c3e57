import ArgumentParser
import Orrery

struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Answer a job: latency, energy, memory, and what bounds each operator.",
        discussion: """
            The answer comes first: time to first token, time per output token, the whole job, joules, and whether it \
            fits. Then the operators by the time they take, memory by device, the critical path, and what a tenth more of \
            each resource would buy. A job that does not fit gets the missing amounts and the nearest changes instead.

            Examples:
              orrery simulate llama-3.1-8b-generate --device h100-sxm
              orrery simulate llama-3.1-8b-generate --device l4 --weights int4/g128 --json
              orrery simulate llama-3.1-8b-generate --html run.html
              orrery simulate llama-3.1-8b-decode --svg roofline roofline.svg
            """)

    @Argument(help: "The job: a name or a file.")
    var job: String

    @OptionGroup var target: TargetOptions
    @OptionGroup(title: "Changes to the job") var changes: ChangeOptions

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Option(help: ArgumentHelp("Write what happened when as a Chrome trace, which ui.perfetto.dev opens.", valueName: "file"))
    var trace: String?

    @OptionGroup var pictures: PictureOptions

    func run() throws {
        var scenario = try target.scenario(of: job)
        try changes.apply(to: &scenario)
        let report = try scenario.report()
        if pictures.isWanted {
            let charts = RunCharts(report, on: scenario.system, steps: report.fits ? try scenario.steps() : [])
            try pictures.write(charts.all, page: { RunPage(charts, name: scenario.job.name, device: scenario.system.name).html })
        }
        if let trace {
            if report.fits { try scenario.trace().write(to: trace) } else { Terminal.warn("note: \(trace) was not written: what does not fit does not run") }
        }
        try Terminal.print(json ? JSONReport(report).text : TextReport(report, style: Terminal.style).text)
    }
}
