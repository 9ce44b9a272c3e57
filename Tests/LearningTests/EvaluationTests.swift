import CostModels
import Documents
import Foundation
import Hardware
import LearnedModels
import Measurement
import Testing
@testable import Learning

@Suite(.serialized)
struct EvaluationTests {
    private static let devices: [(label: String, id: String, factor: Double)] = [("h100_sxm", "h100-sxm", 1), ("h200_sxm", "h200-sxm", 1), ("a100_sxm", "a100-sxm-80gb", 1.1)]
    private static let shapes = [1024, 2048, 4096, 6144].flatMap { n in [1024, 2560, 4096, 14336].map { (n, $0) } }

    private func evaluate(_ table: SyntheticTable, sample: Int? = nil) throws -> LearnedEvaluation {
        try LearnedEvaluation(of: [table.path], in: Library(SyntheticTable.library), sample: sample, folds: 3)
    }

    @Test("A law on top of the cycle model is found again on unseen shapes, devices and software, and every part of the model is worth what it is")
    func everythingIsHeldOut() throws {
        let table = try SyntheticTable(devices: Self.devices, shapes: Self.shapes, frameworks: [("VLLM", 1), ("SGLang", 1.05)])
        defer { table.remove() }
        let evaluation = try evaluate(table), family = try #require(evaluation.families.first)
        #expect(family.rows == 3 * 2 * 16 * 8)
        func score(_ what: String, _ name: String) throws -> FamilyEvaluation.Score { try #require(family.scores.first { $0.heldOut == what && $0.name == name }) }
        #expect(try score("shapes", "").mape < 0.05)
        #expect(try score("device", "h100-sxm").mape < 0.25)
        #expect(try score("software", "sglang").rows == family.rows / 2)
        #expect(Set(family.scores.map(\.heldOut)) == ["shapes", "device", "software"])
        // Quantiles of the other half of the shapes hold on this half.
        let coverage = try #require(family.coverage.first { $0.level == 0.9 })
        #expect((0.8...0.98).contains(coverage.shapes))
        #expect(zip(family.coverage, family.coverage.dropFirst()).allSatisfy { $0.shapes <= $1.shapes })
        // The cycle model alone is off by the law; the bound is never slower than the cycle model.
        let errors = family.ablations.map(\.shapes.mape)
        #expect(errors.count == 9 && errors[1] > 0.15 && errors[8] < errors[1] / 3 && errors[0] >= errors[1])
        #expect(try #require(family.curve.first).errors.mape > 1.5 * (try #require(family.curve.last)).errors.mape)
        #expect(family.curve.map(\.rows) == family.curve.map(\.rows).sorted())
    }

    @Test("The same sample and seed give the same page, which says how many rows took part; a larger sample contains the smaller")
    func samplesRepeat() throws {
        let table = try SyntheticTable(devices: Self.devices, shapes: Self.shapes)
        defer { table.remove() }
        let first = try evaluate(table, sample: 240).markdown(pictures: [])
        #expect(try evaluate(table, sample: 240).markdown(pictures: []) == first)
        #expect(first.contains("gemm 240"))
        let small = try RowSample(of: [table.path], atMost: 50, seed: 1), large = try RowSample(of: [table.path], atMost: 90, seed: 1)
        var file = try MeasuredFile(table.path), counts = (small: 0, large: 0, both: 0)
        while let row = file.next() {
            if small.takes(row, of: table.path) { counts.small += 1 }
            if large.takes(row, of: table.path) { counts.large += 1 }
            if small.takes(row, of: table.path), large.takes(row, of: table.path) { counts.both += 1 }
        }
        #expect(counts == (50, 90, 50))
    }

    @Test("What is left out of training has its reason, in the order of how often, and the manifest keeps it")
    func reasonsAreCounted() throws {
        let table = try SyntheticTable(devices: Self.devices, shapes: Self.shapes)
        defer { table.remove() }
        var text = try String(contentsOfFile: table.path, encoding: .utf8)
        text += "gemm,h100_sxm,VLLM,0.1,linear,posit9,8,1024,1024,0.1,\n" + "gemm,h100_sxm,VLLM,0.1,linear,posit9,16,1024,1024,0.1,\n"
        text += "gemm,h100_sxm,VLLM,0.1,linear,bfloat16,8,1024,1024,-1,\n" + "gemm,abacus,VLLM,0.1,linear,bfloat16,8,1024,1024,0.1,\n" + "sorting,h100_sxm,VLLM,0.1,linear,bfloat16,8,1024,1024,0.1,\n"
        text += "gemm,h100_sxm,VLLM,0.1,linear,bfloat16,8,1024,1024,soon,\n"
        try text.write(toFile: table.path, atomically: true, encoding: .utf8)
        let training = try LearnedTraining(of: [table.path], in: Library(SyntheticTable.library)), entries = training.skipped.entries
        #expect(entries.map(\.rows).reduce(0, +) == 6)
        #expect(entries.first?.rows == 2 && entries.first?.reason == "precision \"posit9\" is not known")
        for reason in ["abacus", "above 0", "nothing is learned of \"sorting\"", "malformed"] { #expect(entries.contains { $0.reason.contains(reason) }, "\(reason)") }
        let manifest = LearnedManifest(version: "test", date: "2026-01-01", licence: "none", seed: 1, folds: 5, sources: [], skipped: entries, scores: [], probes: [])
        let read = try LearnedManifest(reading: Document(file: "m.json", text: Array(manifest.json.text().utf8)))
        #expect(read.skipped == entries)
    }

    @Test("A calibration of the library that cannot be read is an error that names its file, and not a model without it; one that was read before it was damaged still answers")
    func damagedCalibrationsAreNamed() throws {
        let folder = NSTemporaryDirectory() + "orrery-library-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in ["HardwareSpecs", "Workloads"] { try FileManager.default.copyItem(atPath: SyntheticTable.library + "/" + name, toPath: folder + "/" + name) }
        let library = try Library(folder), device = try library.device("h100-sxm")
        let before = try library.calibrationSource(), sibling = try library.device("h200-sxm")
        #expect(before.of(device, under: "vllm") != nil)
        try "{ \"device\": ".write(toFile: folder + "/HardwareSpecs/calibrations/h200-sxm.vllm.json", atomically: true, encoding: .utf8)
        let error = #expect(throws: DocumentError.self) { try Library(folder).calibrationSource() }
        #expect(error?.file.hasSuffix("calibrations/h200-sxm.vllm.json") == true)
        #expect(before.of(sibling, under: "vllm")?.device == "h200-sxm")
    }
}
