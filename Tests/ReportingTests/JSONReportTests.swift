import Documents
import Foundation
import Quantities
@testable import Reporting
@testable import Simulation
import Testing

@Suite("A report as JSON")
struct JSONReportTests {
    private func read(_ report: Report) throws -> JSON {
        try Document(file: "report", text: JSONReport(report).text.utf8).json
    }

    @Test("Figures read back from the text are those of the report, bit for bit")
    func figures() throws {
        var report = Sample.report()
        report.timing?.latency = Seconds(0.1 + 0.2)
        let json = try read(report)
        #expect(json["latencySeconds"] == .number("0.30000000000000004"))
        #expect(json["ttftSeconds"] == .number("0.0213"))
        #expect(json["bound"] == .number("0.5"))
        #expect(json["energyByComponent"]?["memory"] == .number("200"))
        #expect(json["basis"]?["calibration"] == .null)
        guard case .array(let memory)? = json["memory"], case .array(let operators)? = json["operators"] else { throw Missing() }
        #expect(memory[0]["kvCacheBytes"] == .number("1000000000"))
        #expect(operators[0]["choice"] == .string("tile 128×256, split-K 4"))
        #expect(operators[1]["choice"] == .null)
    }

    private struct Missing: Error {}

    @Test("A job that does not fit has the same keys, with null for time and energy")
    func doesNotFit() throws {
        guard case .object(let whole) = try read(Sample.report()), case .object(let short) = try read(Sample.tooLarge()) else { throw Missing() }
        #expect(short.map(\.key) == whole.map(\.key))
        let json = JSON.object(short)
        #expect(json["fits"] == .bool(false))
        for key in ["latencySeconds", "ttftSeconds", "tpotSeconds", "bound", "energyJoules", "energyByComponent"] { #expect(json[key] == .null) }
        #expect(json["operators"] == .array([]))
    }

    @Test("What JSON cannot say is null: no NaN and no infinity reaches a reader", arguments: [Double.nan, .infinity, -.infinity])
    func notANumber(_ value: Double) throws {
        var report = Sample.report()
        report.timing?.tpot = Seconds(value)
        report.operators[0].flops = Flops(value)
        let json = try read(report)
        #expect(json["tpotSeconds"] == .null)
        guard case .array(let operators)? = json["operators"] else { throw Missing() }
        #expect(operators[0]["flops"] == .null)
    }

    @Test("The schema lists exactly the keys that are printed, at every level")
    func schema() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Workloads/schemas/report.schema.json").path
        let schema = try Document(contentsOf: path).json
        try compare(schema, try read(Sample.report()), "")
    }

    private func compare(_ schema: JSON, _ value: JSON, _ path: String) throws {
        switch value {
        case .object(let members):
            guard case .object(let properties)? = schema["properties"] else { return }
            #expect(members.map(\.key).sorted() == properties.map(\.key).sorted(), "keys of \(path)")
            guard case .array(let required)? = schema["required"] else { throw Missing() }
            #expect(required.count == properties.count, "required keys of \(path)")
            for member in members { try compare(schema["properties"]?[member.key] ?? .null, member.value, "\(path).\(member.key)") }
        case .array(let items):
            for item in items { try compare(schema["items"] ?? .null, item, "\(path)[]") }
        default: break
        }
    }

    @Test("The shortest text of a number reads back as the same number, over all magnitudes")
    func shortest() throws {
        var random = UInt64(42)
        for _ in 0..<10_000 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let number = Double(bitPattern: random)
            guard number.isFinite else { continue }
            let json = try Document(file: "number", text: JSON(number).compact.utf8).json
            guard case .number(let text) = json else { throw Missing() }
            #expect(Double(text) == number)
        }
        #expect(JSON(3.0).compact == "3")
        #expect(JSON(-0.5).compact == "-0.5")
    }

    @Test("Any text survives: quotes, backslashes, control characters, letters beyond ASCII")
    func strings() throws {
        let text = "\"\\/\u{8}\n\r\t\u{1F}µ×…\u{1F600}\u{2028}"
        let written = JSON.object([.init(key: text, value: JSON([text, ""]))])
        #expect(try Document(file: "text", text: written.compact.utf8).json == written)
        #expect(try Document(file: "text", text: written.text(packed: false).utf8).json == written)
    }
}
