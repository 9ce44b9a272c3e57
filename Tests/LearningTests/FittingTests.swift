import LearnedModels
import Testing
@testable import Learning

struct FittingTests {
    @Test("Softened errors lead to what most rows measured, squared ones to the mean, however few rows went another way")
    func softErrorsFollowTheMost() throws {
        let count = 400, features = (0..<count).map { Float($0 % 2) }
        // Three of ten took twice as long.
        let targets = (0..<count).map { Float($0 % 10 < 3 ? 1 : 0) + Float($0 % 2) }
        func answer(_ softness: Double?) throws -> [Float] {
            let parameters = BoosterParameters(rounds: 200, depth: 2, learningRate: 0.1, rowsInLeaf: 1, rowSample: 1, featureSample: 1, softness: softness)
            return try TreeEnsemble(packing: XGBooster.grow(features, width: 1, targets: targets, seed: 1, parameters), features: 1).predict([0, 1])
        }
        let soft = try answer(0.02), squared = try answer(nil)
        for (place, whole) in [(0, Float(0)), (1, 1)] {
            let share = Float((0..<count).count { $0 % 2 == place && $0 % 10 < 3 }) / Float(count / 2)
            #expect(abs(soft[place] - whole) < 0.05)
            #expect(abs(squared[place] - whole - share) < 0.02)
        }
    }

    @Test("A launch and a factor are found again, and that a kernel ignores windows")
    func lawsAreFound() throws {
        let truth = [KernelLaw(label: "sees", points: 8, launch: 50e-6, factor: 1.4), KernelLaw(label: "blind", points: 8, launch: 80e-6, factor: 3, ignoresWindow: true)]
        let rows = truth.flatMap { law in
            (0..<8).map { n in
                let whole = 1e-6 * Double(1 << (2 * n)), model = n % 2 == 0 ? whole : whole / 16
                return KernelLawFit.Row(label: law.label, measured: law.seconds(law.ignoresWindow ? whole : model), model: model, whole: whole)
            }
        }
        let fit = KernelLawFit(rows)
        for (law, found) in zip(truth, fit.laws.sorted { $0.launch < $1.launch }) {
            #expect(found.label == law.label)
            #expect(found.ignoresWindow == law.ignoresWindow)
            #expect(abs(found.launch / law.launch - 1) < 0.05)
            #expect(abs(found.factor / law.factor - 1) < 0.05)
        }
        #expect(fit.residuals.allSatisfy { abs($0) < 0.05 })
    }

    @Test("A row is judged by a law that had not seen it: one that lies off is not explained by itself")
    func lawsLeaveOut() {
        var rows = (0..<6).map { n in KernelLawFit.Row(label: "a", measured: 1e-4 * Double(1 << n), model: 1e-4 * Double(1 << n), whole: 1e-4 * Double(1 << n)) }
        rows[5].measured *= 2
        let fit = KernelLawFit(rows)
        #expect(fit.leftOut[5] > fit.residuals[5])
        #expect(fit.leftOut[5] > 0.9)
    }
}
