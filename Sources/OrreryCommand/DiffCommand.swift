import ArgumentParser
import Orrery

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Tell why one run beats another, operator by operator.",
        discussion: """
            A and B are each what you would write behind "orrery simulate", in quotes, or a report that --json wrote. With \
            --with, B is A with other options. Where both are simulated, B is also run again with one thing of A at a time, \
            its memory bandwidth, its compute, its runtime: what closes the gap explains the difference.

            Examples:
              orrery diff llama-3.1-8b-decode --device h100-sxm --with "--device l40s"
              orrery diff llama-3.1-8b-decode --with "--weights int4/g128" --html diff.html
              orrery diff "llama-3.1-8b-decode --device h100-sxm" "llama-3.1-8b-decode --device l40s --batch 4"
              orrery diff before.json after.json --json
            """)

    @Argument(help: ArgumentHelp("What \"simulate\" takes, in quotes, or a file that --json wrote.", valueName: "a"))
    var first: String

    @Argument(help: ArgumentHelp("The same for the other side.", valueName: "b"))
    var second: String?

    @Option(name: .customLong("with"), parsing: .unconditional, help: ArgumentHelp("The options of \"simulate\" in which B differs from A, in quotes.", valueName: "options"))
    var changed: String?

    @OptionGroup var target: TargetOptions
    @OptionGroup(title: "Changes to the job of A") var changes: ChangeOptions

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @OptionGroup var pictures: PictureOptions

    func validate() throws {
        if second != nil, changed != nil { throw ValidationError("Give B, or --with and what differs from A, not both.") }
        if second == nil, changed == nil { throw ValidationError("What is A to be held against? Give B, or --with \"--device l40s\".") }
    }

    func run() throws {
        var given = RunLine()
        (given.job, given.target, given.changes) = (nil, target, changes)
        let a: RunSide, b: RunSide
        if let second {
            (a, b) = (try RunSide(first, side: "A", completedBy: given), try RunSide(second, side: "B", completedBy: given))
        } else {
            if try RunSide.saved(first) != nil { throw ValidationError("\(first) is a saved report; --with takes a run to simulate.") }
            let line = try RunLine.reading(first, side: "A").completed(by: given)
            a = try RunSide(line)
            b = try RunSide(try RunLine.reading(changed ?? "", side: "B").completed(by: line))
        }
        var exchanges: [RunDifference.Exchange] = []
        if case .scenario(let mine, let report) = a, case .scenario(let other, let otherReport) = b, report.fits, otherReport.fits {
            exchanges = try other.exchanging(with: mine)
        }
        let difference = RunDifference(a.report, b.report, exchanges: exchanges)
        if pictures.isWanted {
            let page = DifferencePage(difference)
            try pictures.write(page.charts) { page.html }
        }
        try Terminal.print(json ? difference.json.text() + "\n" : difference.text(style: Terminal.style))
    }
}
