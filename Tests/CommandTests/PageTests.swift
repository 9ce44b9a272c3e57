import Foundation
import Testing

/// Pages and pictures, and one run against another, from the command line.
struct PageTests {
    private let command: Command

    init() throws { command = try Command() }

    @Test("--html writes the page of a run, and the answer is printed as without it")
    func page() throws {
        let plain = try command.run("simulate", "talk"), outcome = try command.run("simulate", "talk", "--html", "run.html")
        #expect(outcome.status == 0 && outcome.output == plain.output && outcome.errors.isEmpty)
        let html = try command.folder.read("run.html")
        #expect(html.hasPrefix("<!DOCTYPE html>") && html.contains("Small talk on Toy accelerator"))
        for chart in ["bounds", "sensitivity", "breakdown", "memory", "energy", "roofline", "timeline", "layer", "timeline-2", "layer-2"] { #expect(html.contains("id=\"chart-\(chart)\""), "\(chart)") }
    }

    @Test("--svg writes the charts that are named, and a wrong name is answered with the right one")
    func charts() throws {
        let outcome = try command.run("simulate", "talk", "--svg", "roofline", "r.svg", "memory", "m.svg")
        #expect(outcome.status == 0)
        for name in ["r.svg", "m.svg"] { #expect(try command.folder.read(name).hasPrefix("<svg ")) }
        let wrong = try command.run("simulate", "talk", "--svg", "rooflin", "r.svg")
        #expect(wrong.status == 64 && wrong.errors == "error: --svg rooflin: this answer has no such chart; did you mean \"roofline\"?\n")
        let half = try command.run("simulate", "talk", "--svg", "roofline")
        #expect(half.status == 64 && half.errors.contains("--svg takes a chart and a file"))
    }

    @Test("A job that does not fit gets a page, too")
    func doesNotFit() throws {
        let outcome = try command.run("simulate", "talk", "--batch", "1000000", "--html", "run.html")
        #expect(outcome.status == 0)
        #expect(try command.folder.read("run.html").contains("Does not fit."))
    }

    @Test("A page that cannot be written is an error, and leaves nothing behind")
    func unwritable() throws {
        let outcome = try command.run("simulate", "talk", "--html", "no/such/folder/run.html")
        #expect(outcome.status == 74 && outcome.output.isEmpty)
    }

    @Test("A saved report gives the page of the run, without what only a simulation shows")
    func savedReport() throws {
        let json = try command.run("simulate", "talk", "--json")
        try command.folder.write(json.output, to: "talk-report.json")
        let outcome = try command.run("report", "talk-report.json", "--html", "run.html"), html = try command.folder.read("run.html")
        #expect(outcome.status == 0)
        #expect(html.contains("id=\"chart-breakdown\"") && !html.contains("id=\"chart-timeline\""))
        #expect(try command.run("report", "talk-report.json").output == command.run("simulate", "talk").output)
    }

    @Test("What is no results file and no report is said to be neither", arguments: [
        ("Workloads/talk.json", 65), ("missing.db", 65), ("missing.json", 65),
    ])
    func noReport(_ file: String, _ status: Int32) throws {
        let outcome = try command.run("report", file, "--html", "x.html")
        #expect(outcome.status == status && outcome.errors.hasPrefix("error: \(file)"), "\(outcome.errors)")
        #expect(try !command.folder.names().contains("x.html"))
    }

    @Test("A run against itself with twice the batch says which operators take how much longer, as text, as JSON and as a page")
    func difference() throws {
        let outcome = try command.run("diff", "talk", "--with", "--batch 4", "--html", "diff.html")
        #expect(outcome.status == 0 && outcome.output.contains("A against B") && outcome.output.contains("By operator"), "\(outcome.errors)")
        #expect(try command.folder.read("diff.html").contains("id=\"chart-operators\""))
        let written = try command.run("diff", "talk", "--with", "--batch 4", "--json"), quoted = try command.run("diff", "talk", "talk --batch 4", "--json")
        #expect(written.output == quoted.output)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(written.output.utf8)) as? [String: Any])
        let gap = try #require(json["differenceSeconds"] as? Double), rows = try #require(json["operators"] as? [[String: Any]])
        #expect(gap > 0 && abs(rows.reduce(0) { $0 + ($1["differenceSeconds"] as? Double ?? 0) } - gap) < 1e-12)
    }

    @Test("Two saved reports are compared as the runs that gave them")
    func savedDifference() throws {
        for (name, batch) in [("a.json", "1"), ("b.json", "3")] { try command.folder.write(try command.run("simulate", "talk", "--batch", batch, "--json").output, to: name) }
        let saved = try command.run("diff", "a.json", "b.json", "--json"), live = try command.run("diff", "talk --batch 1", "talk --batch 3", "--json")
        #expect(saved.status == 0 && saved.output == live.output)
    }

    @Test("A side that cannot be read is named, with what is wrong in it", arguments: [
        (["diff", "talk"], 64, "error: What is A to be held against? Give B, or --with \"--device l40s\"."),
        (["diff", "talk", "talk", "--with", "--batch 2"], 64, "error: Give B, or --with and what differs from A, not both."),
        (["diff", "talk", "--with", "--bach 2"], 64, "error: B, \"--bach 2\": "),
        (["diff", "talk", "tolk"], 65, "error: tolk: is no job of the library; did you mean \"talk\"?"),
        (["diff", "talk", "none.json"], 65, "error: none.json: "),
    ] as [([String], Int32, String)])
    func badSides(_ arguments: [String], _ status: Int32, _ message: String) throws {
        let outcome = try command.run(arguments)
        #expect(outcome.status == status && outcome.errors.hasPrefix(message), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }
}
