import Documents
import Quantities
@testable import Simulation
import Testing
@testable import Reporting

extension Sample {
    /// The same job where its longest operator takes twice as long and the host half as long.
    static func slower() -> Report {
        var report = report(operators: 9)
        report.basis.system = "another-system"
        report.blame = [.init(name: "attention.qkv", bound: .compute, seconds: Seconds(1.4)), .init(name: "host", bound: .launch, seconds: Seconds(0.05105))]
        report.timing?.latency = Seconds(1.45105)
        return report
    }
}

struct DifferenceTests {
    @Test("The differences of all operators add up to the difference of the jobs, and so do those of all bounds")
    func rowsAddUp() {
        let difference = RunDifference(Sample.report(), Sample.slower())
        #expect(abs(difference.gap.value - 0.64895) < 1e-12)
        for rows in [difference.operators, difference.bounds] {
            #expect(abs(rows.reduce(0) { $0 + $1.difference.value } - difference.gap.value) < 1e-12)
        }
        #expect(difference.operators.map(\.name) == ["attention.qkv", "host"])
    }

    @Test("Seen from the other side every difference has the other sign")
    func swapped() {
        let one = RunDifference(Sample.report(), Sample.slower()), other = RunDifference(Sample.slower(), Sample.report())
        #expect(one.gap == Seconds(0) - other.gap)
        #expect(one.operators.map(\.difference.value) == other.operators.map { -$0.difference.value })
    }

    @Test("A run against itself differs in nothing and explains nothing")
    func itself() {
        let difference = RunDifference(Sample.report(), Sample.report())
        #expect(difference.gap == .zero && difference.operators.allSatisfy { $0.difference == .zero })
        #expect(difference.explanation == "Both take the same time.")
        #expect(!difference.text().contains("nan") && !DifferencePage(difference).html.contains(">nan"))
    }

    @Test("The exchange that closes most of the gap is named, with the part it closes")
    func exchanges() {
        let difference = RunDifference(Sample.report(), Sample.slower(), exchanges: [
            .init(what: "compute", first: "1 PFLOP/s", second: "0.5 PFLOP/s", latency: Seconds(1.4)), .init(what: "memory bandwidth", first: "2 TB/s", second: "1 TB/s", latency: Seconds(0.9)),
        ])
        #expect(difference.exchanges.map(\.what) == ["memory bandwidth", "compute"])
        #expect(difference.explanation.contains("With the memory bandwidth of A (2 TB/s instead of 1 TB/s)"))
        #expect(difference.closed(by: difference.exchanges[0]) == percent((1.45105 - 0.9) / 0.64895))
    }

    @Test("What one side cannot hold is said, not compared")
    func oneDoesNotFit() {
        let text = RunDifference(Sample.report(), Sample.tooLarge()).text()
        #expect(text.contains("B does not fit, so there is no time to compare."))
        #expect(RunDifference(Sample.report(), Sample.tooLarge()).json["differenceSeconds"] == JSON.null)
    }

    @Test("A report that lacks something is refused by the path of what it lacks", arguments: [
        ("\"operators\": []", "\"operators\": [{ \"name\": \"x\" }]", "run.json: operators[0]: \"kind\" is missing"),
        ("\"fits\": true", "\"fits\": 1", "run.json: fits: is a number; write true or false"),
        ("\"blame\": []", "\"blame\": [{ \"name\": \"a\", \"boundBy\": \"memry\", \"seconds\": 1 }]", "run.json: blame[0].boundBy: \"memry\" is unknown; did you mean \"memory\"?"),
        ("\"latencySeconds\": 1", "\"latencySeconds\": -1", "run.json: latencySeconds: -1 is out of range; use 0 to 1e300"),
    ])
    func brokenReports(_ right: String, _ wrong: String, _ message: String) throws {
        let text = """
            { "fits": true, "latencySeconds": 1, "memory": [], "operators": [], "blame": [], "sensitivities": [],
              "basis": { "version": "1", "job": "j", "system": "s", "runtime": "r", "costModel": "cycle" } }
            """
        _ = try Report(reading: Document(file: "run.json", text: text.utf8))
        do {
            _ = try Report(reading: Document(file: "run.json", text: text.replacing(right, with: wrong).utf8))
            Issue.record("it was taken")
        } catch { #expect("\(error)" == message) }
    }
}
