import Testing
@testable import LearnedModels

struct KernelLawTests {
    @Test("A kernel with little to do takes its launch, one with much a multiple of what the model says, and never less than either")
    func lawsHaveTwoEnds() {
        let law = KernelLaw(label: "a", points: 3, launch: 60e-6, factor: 1.5)
        #expect(abs(law.seconds(1e-9) / 60e-6 - 1) < 1e-6)
        #expect(abs(law.seconds(1) / 1.5 - 1) < 1e-6)
        for model in [1e-6, 1e-5, 4e-5, 1e-4, 1e-3] {
            #expect(law.seconds(model) >= max(60e-6, 1.5 * model))
            #expect(law.seconds(model) <= 60e-6 + 1.5 * model)
        }
    }

    @Test("A kernel nobody measured is answered by the law of one of its format first, then of its software")
    func lawsAreLent() throws {
        let laws = [
            KernelLaw(label: "bf16 | vllm | 0.2 | flash", points: 20, launch: 1, factor: 1), KernelLaw(label: "fp8 | vllm | 0.2 | flash", points: 20, launch: 2, factor: 1),
            KernelLaw(label: "fp8 | sglang | 0.5 | flash", points: 30, launch: 3, factor: 1),
        ]
        let process = try #require(GaussianProcess([.init(label: laws[0].label, place: [0], residual: 0)], likeness: .init()))
        let correction = KernelCorrection(subject: .estimate, laws: laws, process: process)
        #expect(correction.law(of: "fp8 | vllm |  | ")?.launch == 2)
        #expect(correction.law(of: "fp8 |  |  | ")?.launch == 3)
        #expect(correction.law(of: "bf16 | sglang | 0.5 | flash")?.launch == 1)
    }

    @Test("Steps along the axes find the lowest point of a valley that lies across them, and pass over what has no answer")
    func searchDescends() {
        let found = patternSearch(from: [3, -2], step: 1, until: 1e-4) { ($0[0] - 1) * ($0[0] - 1) + ($0[0] - $0[1]) * ($0[0] - $0[1]) }
        #expect(abs(found[0] - 1) < 0.01)
        #expect(abs(found[1] - 1) < 0.01)
        let walled = patternSearch(from: [2], step: 1, until: 1e-4) { $0[0] < 0.5 ? .nan : $0[0] }
        #expect(abs(walled[0] - 0.5) < 0.01)
    }
}
