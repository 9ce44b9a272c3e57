import ArgumentParser
import Orrery

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Make the page of a sweep, or of a saved run.",
        discussion: """
            From a results file that "orrery sweep" wrote: the best points under the constraints and why, the Pareto front, \
            what each axis is worth, and the best point from within. From a report that "simulate --json" wrote: the same \
            page as "simulate --html", without what only a simulation shows. Without --html or --svg the answer in words. \
            Measured runs that "orrery compare --db" kept in the same file stand beside the sweep, with what was predicted.

            Examples:
              orrery report sweep.db --html sweep.html
              orrery report sweep.db --svg pareto front.svg
              orrery report run.json --html run.html
            """)

    @Argument(help: ArgumentHelp("A results file, or a report as JSON.", valueName: "file"))
    var file: String

    @Option(name: .customLong("run"), help: ArgumentHelp("Which run of the results file; the latest unless given.", valueName: "id"))
    var id: Int64?

    @OptionGroup var pictures: PictureOptions
    @OptionGroup var library: LibraryOptions

    func run() throws {
        if let report = try RunSide.saved(file) {
            guard id == nil else { throw ValidationError("--run names a run of a results file; \(file) is one report.") }
            let charts = RunCharts(report)
            try pictures.write(charts.all) { RunPage(charts).html }
            if !pictures.isWanted { try Terminal.print(TextReport(report, style: Terminal.style).text) }
            return
        }
        let store = try ResultsStore(reading: file), sweep = try store.sweep(id)
        if pictures.isWanted {
            let charts = SweepCharts(sweep), best = sweep.bestRun(in: try library.open())
            let measured = try store.comparisonChart(costModel: sweep.run.costModel)
            if let note = best.note { Terminal.warn("note: \(note)") }
            // Of the best point a picture is called best-roofline and so on.
            let others: [any Chart] = measured.map { [$0] } ?? []
            try pictures.write(charts.all + others + (best.charts?.all ?? []).map { Renamed(chart: $0, name: "best-\($0.name)") }) {
                SweepPage(charts, best: best.charts, measured: measured, notes: best.note.map { [$0] } ?? []).html
            }
        }
        if !pictures.isWanted { try Terminal.print(SweepText(sweep, style: Terminal.style).text) }
    }
}

/// A chart under another name.
private struct Renamed: Chart {
    let chart: any Chart
    let name: String
    var title: String { chart.title }
    var note: String { chart.note }
    var table: ChartTable { chart.table }
    func draw(width: Double) -> Drawing { chart.draw(width: width) }
}
