import CostModels
import Documents
import Foundation
import Quantities
import Simulation
import Testing
@testable import Reporting
@testable import ResultsStore

struct PageTests {
    private func page(_ report: Report = Sample.report(), steps: Bool = true) throws -> String {
        let step = ChromeTrace.Step(name: "decode step", timeline: Sample.timeline(layers: 12, seed: 7))
        return RunPage(RunCharts(report, on: try Sample.system(), steps: steps ? [step] : [])).html
    }

    /// The figures that the page carries for programs.
    private func data(of page: String) throws -> Document {
        let block = try #require(Element.all("script", in: page).first { $0.attributes["id"] == "data" })
        return try Document(file: "page", text: block.inside.utf8)
    }

    @Test("The figures in the page are the report, every digit of it")
    func dataIsTheReport() throws {
        let report = Sample.report(operators: 9)
        let back = try Report(reading: data(of: try page(report)))
        #expect(JSONReport(back).text == JSONReport(report).text)
    }

    @Test("Every number a reader sees is the rounding of the number that stands with it for programs")
    func textsAreRoundings() throws {
        let sweep = SweepPage(SweepCharts(SweepSample.sweep())).html
        let difference = DifferencePage(RunDifference(Sample.report(operators: 9), Sample.slower())).html
        for html in [try page(), sweep, difference] {
            let figures = Element.all("data", in: html)
            #expect(figures.count > 30)
            for figure in figures {
                let value = try #require(figure["value"], "\(figure)")
                guard let shown = figure.text.figure else {
                    #expect(!figure.text.contains { $0.isNumber }, "\"\(figure.text)\" is read as no figure")
                    continue
                }
                #expect(abs(shown.value - value) <= shown.error, "\(figure.text) stands for \(value)")
            }
        }
    }

    @Test("Every number in the page of a run is one of the report, a ratio of two of them, or counts its rows")
    func numbersAreTheReports() throws {
        let report = Sample.report(operators: 4), html = try page(report)
        let timing = try #require(report.timing), energy = try #require(report.energy)
        var allowed = [timing.latency.value, timing.ttft?.value, timing.tpot?.value, timing.bound.value, timing.busyFraction, timing.outputTokensPerSecond, timing.promptTokensPerSecond,
                       timing.latency / timing.bound, energy.total.value, energy.averagePower.value].compactMap { $0 }
        let total = report.blame.reduce(0) { $0 + $1.seconds.value }
        for row in report.blame { allowed += [row.seconds.value, row.seconds.value / total] }
        for bound in Bound.allCases {
            let sum = report.blame.filter { $0.bound == bound }.reduce(0) { $0 + $1.seconds.value }
            allowed += [sum, sum / total]
        }
        for part in energy.components { allowed += [part.energy.value, part.energy / energy.total] }
        for row in report.sensitivities { allowed += [row.gain, row.latency.value] }
        for memory in report.memory {
            allowed += [memory.peak, memory.usable, memory.capacity, memory.weights, memory.cache, memory.activations, memory.workspace].map(\.value) + [memory.peak / memory.usable]
        }
        for row in report.operators {
            allowed += [row.count, row.latency.value, row.latency / timing.latency, row.energy.value, row.flops.value / row.deviceTime.value, row.bytes.value / row.deviceTime.value,
                        row.flops.value / row.bytes.value]
        }
        let step = Sample.timeline(layers: 12, seed: 7), host = step.hostTime.value
        for record in step.records { allowed += [host + record.start.seconds, host + record.end.seconds, record.end.seconds - record.start.seconds] }
        let shown = Self.outsideTimelines(html)
        let values = Element.all("data", in: shown).compactMap { $0["value"] } + shown.matches(of: /data-(?:value|x|y)="([^"]*)"/).compactMap { Double($0.output.1) }
        #expect(values.count > 60)
        for value in values {
            #expect(allowed.contains { abs($0 - value) <= 1e-12 * abs($0) }, "\(value) is nowhere in the report")
        }
    }

    /// Without the figures that show a timeline, whose numbers are those of the simulation, not of the report.
    private static func outsideTimelines(_ html: String) -> String {
        html.replacing(try! Regex("<figure id=\"chart-(timeline|layer)[^\"]*\".*?</figure>").dotMatchesNewlines(), with: "")
    }

    @Test("A name that is a program stays a name: in text, in attributes, in pictures and in the data")
    func hostileNames() throws {
        let name = "</script><script>alert('x')</script><img src=x onerror=\"alert(1)\">&\u{202E}\u{0007}"
        var report = Sample.report()
        (report.basis.job, report.basis.system, report.basis.calibration) = (name, name, name)
        report.operators[0].name = name
        report.operators[0].choice = name
        report.blame[0].name = name
        report.memory[0].group = name
        report.notes = [name]
        var sweep = SweepSample.sweep()
        sweep.run.summary = name
        sweep.run.name = name
        sweep.axes[0].name = name
        sweep.axes[0].values[0].label = name
        sweep.metrics[0].title = name
        sweep.points[0].outcome = .invalid
        sweep.points[0].reason = name
        sweep.specs[0].name = name
        let pages = [RunPage(RunCharts(report, on: try Sample.system()), name: name).html, SweepPage(SweepCharts(sweep)).html, DifferencePage(RunDifference(report, Sample.slower())).html]
        for html in pages {
            #expect(html.split(separator: "<script", omittingEmptySubsequences: false).count == 3, "only the two scripts of the page itself")
            #expect(!html.contains("<img") && !html.contains("\u{202E}") && !html.contains("\u{0007}"))
            #expect(html.contains("&lt;/script&gt;&lt;script&gt;"))
            #expect(html.contains("Content-Security-Policy"))
        }
        for chart in RunCharts(report).all { #expect(!chart.svg().contains("<script") && !chart.svg().contains("<img")) }
    }

    @Test("A page asks for nothing outside itself, and its policy would not let it")
    func selfContained() throws {
        let html = try page()
        #expect(html.matches(of: /(?:src|href)="([^"]*)"/).allSatisfy { $0.output.1.hasPrefix("#") })
        #expect(!html.contains("@import") && !html.contains(" style=\"") && !html.contains(" onclick"))
        let script = try #require(Element.all("script", in: html).last?.inside)
        let digest = Data(ContentHash(of: script).bytes).base64EncodedString()
        #expect(html.contains("default-src 'none'; style-src 'sha256-") && html.contains("script-src 'sha256-\(digest)'"))
        let style = try #require(html.firstMatch(of: try Regex("<style>(.*?)</style>").dotMatchesNewlines())?.output[1].substring)
        #expect(html.contains("style-src 'sha256-\(Data(ContentHash(of: String(style)).bytes).base64EncodedString())'"))
    }

    @Test("What does not fit gets a page that says how much is missing and what would help, and no time")
    func doesNotFit() throws {
        let html = try page(Sample.tooLarge(), steps: false)
        #expect(html.contains("Does not fit."))
        #expect(html.contains("weights in int4/g128 instead of bf16"))
        #expect(!html.contains("time to first token") && !html.contains("id=\"chart-roofline\""))
    }

    @Test("The front of a hundred thousand points makes a page of less than 3 MB that says what it leaves out, and has every point of the front in its data")
    func largeSweep() throws {
        let sweep = SweepSample.sweep(batches: 42, contexts: 100)
        #expect(sweep.points.count > 100_000)
        let html = SweepPage(SweepCharts(sweep)).html
        #expect(html.utf8.count < 3_000_000)
        #expect(html.contains("other points within the constraints are the cells beneath"))
        guard case .array(let front)? = try data(of: html).json["front"] else { return #expect(Bool(false), "no front") }
        #expect(front.count == sweep.front.count)
        for (json, point) in zip(front, sweep.front) {
            #expect(json["place"] == .number("\(point.place)"))
            #expect(json["metrics"]?["tpot"].flatMap { if case .number(let text) = $0 { Double(text) } else { nil } } == sweep.value("tpot", of: point))
        }
    }

    @Test("A sweep in which no point keeps the constraints says so, and how near the nearest comes")
    func noFeasiblePoint() throws {
        var sweep = SweepSample.sweep()
        (sweep.constraints[0].bound, sweep.constraints[0].label) = (1e-6, "<= 1 us")
        let html = SweepPage(SweepCharts(sweep)).html, least = try #require(sweep.points.map { $0.values[0] }.filter { !$0.isNaN }.min())
        #expect(html.contains("No point keeps all constraints"))
        #expect(Element.all("data", in: html).contains { $0["value"] == least })
    }
}
