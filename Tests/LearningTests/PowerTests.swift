import CostModels
import Documents
import Foundation
import Hardware
import LearnedModels
import Operators
import Quantities
import Testing
@testable import Learning

@Suite(.serialized)
struct PowerTests {
    private static let known: [(label: String, id: String, factor: Double)] = [("h100_sxm", "h100-sxm", 1), ("a100_sxm", "a100-sxm-80gb", 1)]
    /// More rows a product has, more of the board is busy; no analytic model has these figures.
    private static func law(_ rows: Int) -> Double { 180 + 200 * Double(rows) / Double(rows + 200) }

    @Test("Watts in a table are learned to the scatter of the meter, beat the analytic models on unseen shapes, and outlive being written")
    func wattsAreLearned() throws {
        let table = try SyntheticTable(devices: Self.known, shapes: SyntheticTable.shapes, noise: 0.02, watts: Self.law)
        defer { table.remove() }
        let library = try Library(SyntheticTable.library)
        var training = try LearnedTraining(of: [table.path], in: library, folds: 4)
        let model = try training.run(version: "test", date: "2026-01-01", licence: "none")
        #expect(model.manifest.power.count == 2)
        for score in model.manifest.power {
            #expect(score.rows == 200 && score.isUsed)
            #expect(score.medianAPE < 0.03 && score.medianAPE < score.analyticMedianAPE)
            #expect((0.8...0.98).contains(score.coverage))
        }
        let manifest = table.folder + "/model.json"
        try (model.manifest.json.text() + "\n").write(toFile: manifest, atomically: true, encoding: .utf8)
        try Data(model.bytes).write(to: URL(fileURLWithPath: table.folder + "/model.trees"))
        let read = try library.learnedModel(manifest)
        #expect(read.bytes == model.bytes && read.manifest.json == model.manifest.json)

        // What a meter finds while the product runs is what was learned, whatever the analytic models charge for it.
        let device = try library.device("h100-sxm"), costs = Learned(read, calibration: nil, software: "vllm")
        for rows in [16, 512, 2048] {
            let product = Operator.matmul(Matmul(m: rows, n: 3072, k: 4096, activations: .bf16, weights: .bf16))
            let estimate = try #require(costs.power(of: product, on: device)), demand = costs.demand(of: product, on: device, under: .ofMeasuredKernels)
            let board = try #require(device.power.active ?? device.power.idle)
            #expect(abs((board.value + demand.energy.total.value / demand.duration.value) / estimate.power.value - 1) < 1e-9)
            #expect(abs(estimate.power.value / Self.law(rows) - 1) < 0.08)
            #expect(estimate.ninety.lowerBound < estimate.half.lowerBound && estimate.half.upperBound <= estimate.ninety.upperBound)
        }
        // Nobody measured watts on this one.
        #expect(costs.power(of: .matmul(Matmul(m: 16, n: 3072, k: 4096, activations: .bf16, weights: .bf16)), on: try library.device("h200-sxm")) == nil)
    }

    @Test("A model whose device has another power than when it was trained is refused with the reason")
    func stalePowerIsRefused() throws {
        let table = try SyntheticTable(devices: Self.known, shapes: SyntheticTable.shapes, watts: Self.law)
        defer { table.remove() }
        let library = try Library(SyntheticTable.library)
        var training = try LearnedTraining(of: [table.path], in: library, folds: 4)
        var model = try training.run(version: "test", date: "2026-01-01", licence: "none")
        model.manifest.power[1].probe[0] += 1
        let manifest = table.folder + "/model.json"
        try (model.manifest.json.text() + "\n").write(toFile: manifest, atomically: true, encoding: .utf8)
        try Data(model.bytes).write(to: URL(fileURLWithPath: table.folder + "/model.trees"))
        let refusal = #expect(throws: DocumentError.self) { try library.learnedModel(manifest) }
        #expect(refusal?.path == "power[1]")
    }

    @Test("No board is said to draw more than its limit")
    func limitsHold() throws {
        let trees = try TreeEnsemble(packing: [], features: 0)
        let family = PowerFamily(family: .gemm, features: [], groups: KernelGroups([]), residual: trees, quantiles: .init(half: .init(below: 0.1, above: 0.1), ninety: .init(below: 0.4, above: 0.4)))
        let estimate = family.estimate(of: 650, analytic: 500, residual: 0.5, limit: Watts(700))
        #expect(estimate.power == Watts(700) && estimate.ninety.upperBound == Watts(700))
        #expect(abs(estimate.ninety.lowerBound.value - 700 * Foundation.exp2(-0.4)) < 1e-9)
    }
}
