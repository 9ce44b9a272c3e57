import Hardware
import Quantities
@testable import Reporting
@testable import Simulation
import Testing

@Suite("A report as text")
struct TextReportTests {
    @Test("The answer comes before everything else: latency, phases, rate, energy and whether it fits stand above the first table")
    func answerFirst() {
        let text = TextReport(Sample.report()).text
        let answer = text[..<(text.firstRange(of: "\nOperators")?.lowerBound ?? text.endIndex)]
        for figure in ["21.3 ms", "6.15 ms", "802.1 ms", "159.6 output tokens/s", "331 J", "412.7 W on average", "16.76 GiB", "fits"] {
            #expect(answer.contains(figure), "\(figure) is not in:\n\(answer)")
        }
    }

    @Test("No line is wider than the page, however many operators there are and however long their names",
          arguments: [60, 80, 96, 100], [1, 4, 13, 60])
    func width(_ width: Int, _ operators: Int) throws {
        var report = Sample.report(operators: operators)
        report.operators[0].name = String(repeating: "long.", count: 30)
        report.notes = [String(repeating: "word ", count: 60)]
        report.basis.recalled = (0..<40).map { "memory[\($0)].bandwidth" }
        let style = Style(width: width)
        for text in [TextReport(report, style: style).text, ExplainReport(report, on: try Sample.system(), style: style).text,
                     TextReport(Sample.tooLarge(), style: style).text] {
            for line in text.lines where line.count > max(width, 80) { Issue.record("\(line.count) columns: \(line)") }
        }
    }

    @Test("A pipe gets no control characters, a terminal gets bold and dim and the same words")
    func emphasis() {
        let plain = TextReport(Sample.report()).text
        let emphatic = TextReport(Sample.report(), style: Style(emphasis: true)).text
        #expect(!plain.contains("\u{1B}"))
        #expect(emphatic.contains("\u{1B}[1m"))
        let stripped = ["\u{1B}[0m", "\u{1B}[1m", "\u{1B}[2m"].reduce(emphatic) { $0.replacing($1, with: "") }
        #expect(stripped == plain)
    }

    @Test("Operators beyond the twelve longest share one line, and all times in the table add up to that of all operators")
    func others() throws {
        let report = Sample.report(operators: 30)
        let table = TextReport(report).operators(atMost: 12)
        let rows = table.dropFirst(2)
        #expect(rows.count == 13)
        #expect(rows.last?.contains("18 others") == true)
        // The share column adds up as well, to the rounding of its decimals.
        let shares = rows.compactMap { row in row.split(separator: " ").firstIndex(of: "%").map { Double(row.split(separator: " ")[$0 - 1]) ?? .nan } }
        let all = report.operators.reduce(0) { $0 + $1.latency.value } / 0.8021 * 100
        #expect(shares.count == 13)
        #expect(abs(shares.reduce(0, +) - all) < 13 * 0.05 + 1e-9)
    }

    @Test("What does not fit says how much is missing where, and what would help, instead of a time")
    func shortage() {
        let text = TextReport(Sample.tooLarge()).text.onOneLine
        #expect(text.contains("does not fit"))
        #expect(text.contains("each gpu (a-device) would have to hold 279.4 GiB, but has 67.06 GiB to use of its 74.51 GiB: 212.3 GiB too much"))
        #expect(text.contains("- weights in int4/g128 instead of bf16"))
        #expect(!text.contains("whole job"))
    }

    @Test("The basis names version, cost model, calibration, and what was inherited or recalled")
    func basis() {
        let text = TextReport(Sample.report()).text.onOneLine
        #expect(text.contains("orrery 1.2.3, cost model cycle, no calibration."))
        #expect(text.contains("Defaults of the architecture stand in for kernel.floor."))
        #expect(text.contains("fact1, fact2, fact3, fact4, fact5, fact6 and 3 more."))
    }

    @Test("A device that does not state its power costs the energy, not the report")
    func withoutEnergy() {
        var report = Sample.report()
        report.energy = nil
        let text = TextReport(report).text
        #expect(!text.contains(" J"))
        #expect(text.contains("802.1 ms"))
    }

    @Test("Explanations name the bound that holds the critical path, the best remedy, and each operator's side of the roofline")
    func explanation() throws {
        let text = ExplainReport(Sample.report(), on: try Sample.system()).text
        #expect(text.contains("87.3 % of the time on the critical path goes into moving bytes between the main memory and the"))
        #expect(text.contains("10 % more of it makes the job 8.4 % faster"))
        // 10 TFLOP/s over 100 GB/s: 100 FLOP/byte; 4e13 FLOP on 8e11 bytes are 50, in 0.4 s 10 times the peak of one device.
        #expect(text.contains("make 100 FLOP/byte"))
        let row = text.lines.first { $0.contains("attention.qkv") && $0.contains("gpu") && $0.contains("50") }
        #expect(row?.split(separator: " ").map(String.init) == ["attention.qkv", "gpu", "50", "memory", "1000.0", "%", "2000.0", "%"])
        #expect(text.contains("tile 128×256, split-K 4"))
        // Bytes of an exchange cross a link: it has no place on the roofline of the memory.
        #expect(!text.lines.contains { $0.contains("experts.dispatch") && $0.contains("2500") })
    }
}
