import CostModels
import Documents
import Foundation
import Hardware
import LearnedModels
import Testing
@testable import Learning

@Suite(.serialized)
struct LearningTests {
    private static let known: [(label: String, id: String, factor: Double)] = [("h100_sxm", "h100-sxm", 1), ("a100_sxm", "a100-sxm-80gb", 1.1)]

    private func train(_ table: SyntheticTable, seed: Int = 1) throws -> (LearnedModel, LearnedTraining) {
        var training = try LearnedTraining(of: [table.path], in: Library(SyntheticTable.library), folds: 4, seed: seed)
        let model = try training.run(version: "test", date: "2026-01-01", licence: "none")
        return (model, training)
    }

    @Test("On shapes held out a law on top of the cycle model is learned to a few percent, and nine of ten measurements lie within the interval")
    func lawIsLearned() throws {
        let table = try SyntheticTable(devices: Self.known, shapes: SyntheticTable.shapes)
        defer { table.remove() }
        let score = try #require(try train(table).1.scores.first { $0.heldOut == "shapes" })
        #expect(score.rows == 400)
        #expect(score.mape < 0.05)
        #expect((0.8...0.98).contains(score.coverage))
    }

    @Test("The same rows and seed give the same bytes; another seed gives others")
    func trainingIsDeterministic() throws {
        let table = try SyntheticTable(devices: Self.known, shapes: SyntheticTable.shapes)
        defer { table.remove() }
        let first = try train(table).0.bytes
        #expect(try train(table).0.bytes == first)
        #expect(try train(table, seed: 2).0.bytes != first)
    }

    @Test("A model that was written reads back with the same answers, and is refused when damaged or when what it rests on has changed")
    func modelsAreKeptOrRefused() throws {
        let table = try SyntheticTable(devices: Self.known, shapes: SyntheticTable.shapes)
        defer { table.remove() }
        let (model, _) = try train(table)
        let manifest = table.folder + "/model.json", trees = table.folder + "/model.trees"
        func write(_ manifestText: String, _ bytes: [UInt8]) throws {
            try manifestText.write(toFile: manifest, atomically: true, encoding: .utf8)
            try Data(bytes).write(to: URL(fileURLWithPath: trees))
        }
        let text = model.manifest.json.text() + "\n", library = try Library(SyntheticTable.library)
        try write(text, model.bytes)
        let read = try library.learnedModel(manifest)
        #expect(read.bytes == model.bytes)
        #expect(read.manifest.json == model.manifest.json)

        var damaged = model.bytes
        damaged[damaged.count / 2] ^= 1
        try write(text, damaged)
        #expect(throws: DocumentError.self) { try library.learnedModel(manifest) }

        var old = model.bytes
        old.replaceSubrange(13..<14, with: [UInt8(ascii: "1")])
        try write(text, old)
        let outdated = #expect(throws: DocumentError.self) { try library.learnedModel(manifest) }
        #expect(outdated?.message.contains("begins with \"orrery trees 1\", where this program reads format 3") == true)

        var stale = model
        stale.manifest.probes[0].values[0] += 1
        try write(stale.manifest.json.text() + "\n", model.bytes)
        let refusal = #expect(throws: DocumentError.self) { try library.learnedModel(manifest) }
        #expect(refusal?.path == "probes[0]")
        #expect(refusal?.message.contains("has changed since 2026-01-01") == true)
    }

    @Test("Twenty measurements of a device never seen take most of the error away, and more of them narrow the interval")
    func fewSamplesAdapt() throws {
        let table = try SyntheticTable(devices: Self.known, shapes: SyntheticTable.shapes)
        let few = try SyntheticTable(devices: [("l40s", "l40s", 1.7)], shapes: [(1536, 2048), (4096, 5120), (2560, 7168)])
        let fewer = try SyntheticTable(devices: [("l40s", "l40s", 1.7)], shapes: [(1536, 2048)])
        defer { for one in [table, few, fewer] { one.remove() } }
        let library = try Library(SyntheticTable.library)
        let (trained, _) = try train(table)
        let folder = table.folder
        try (trained.manifest.json.text() + "\n").write(toFile: folder + "/model.json", atomically: true, encoding: .utf8)
        try Data(trained.bytes).write(to: URL(fileURLWithPath: folder + "/model.trees"))
        var model = try library.learnedModel(folder + "/model.json")
        func fit(_ table: SyntheticTable) throws -> FewShotFit { try FewShotFit(of: [table.path], for: "l40s", in: library, model: model, version: "test", date: "2026-01-01") }
        let fitted = try fit(few), score = try #require(fitted.scores.first)
        #expect(score.rows == 24)
        #expect(try #require(score.after.mape) < 0.5 * (try #require(score.before.mape)))

        let document = try Document(file: "few.json", text: Array(fitted.correction.json.text().utf8))
        #expect(try FewShot(reading: document).families[.gemm]?.process.points.count == 24)

        let site = KernelSite.probe(.gemm, on: try library.device("l40s"), over: Fabric(), under: "vllm")
        model.fewShots = ["l40s": try fit(fewer).correction]
        let wide = try #require(model.estimate([site])[0]).spread
        model.fewShots = ["l40s": fitted.correction]
        #expect(try #require(model.estimate([site])[0]).spread < wide)
    }

    @Test("Too little to learn from is refused with what would be right")
    func tooLittleIsRefused() throws {
        let table = try SyntheticTable(devices: [("h100_sxm", "h100-sxm", 1)], shapes: SyntheticTable.shapes)
        defer { table.remove() }
        #expect(throws: DocumentError.self) { try LearnedTraining(of: [table.path], in: Library(SyntheticTable.library)) }
    }
}
