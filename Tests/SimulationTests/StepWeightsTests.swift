@testable import Simulation
import Testing
@testable import Workloads

@Suite("Steps that stand for others")
struct StepWeightsTests {
    private func weights(of contexts: Range<Int>, prefill: Bool = true) -> (weights: [Double], samples: [Int]) {
        let graph = OperatorGraph(lanes: []), samples = Plan.samples(contexts)
        let steps = (prefill ? [Plan.Step(phase: .prefill, graph: graph)] : []) + samples.map { .init(phase: .decode(context: $0), graph: graph) }
        let plan = Plan(steps: steps, decodeSteps: contexts.count, firstContext: contexts.lowerBound, lastContext: contexts.upperBound - 1,
                        sequences: 1, allocations: [])
        return (StepWeights(of: plan).weights, samples)
    }

    @Test("The simulated decode steps stand for as many steps as the job has, and a prefill for itself", arguments: [1, 2, 4, 5, 6, 7, 31, 127, 1000])
    func counts(steps: Int) {
        let weights = weights(of: 513..<513 + steps).weights
        #expect(weights[0] == 1)
        let decodes = weights.dropFirst().reduce(0, +)
        #expect(close(decodes, Double(steps), within: 1e-12))
    }

    @Test("A cost that is linear in the context is summed exactly", arguments: [1, 2, 5, 6, 7, 31, 127, 1000])
    func linear(steps: Int) {
        let contexts = 513..<513 + steps
        func cost(_ context: Int) -> Double { 3 + 0.25 * Double(context) }
        let (weights, samples) = weights(of: contexts, prefill: false)
        let sum = zip(weights, samples).reduce(0) { $0 + $1.0 * cost($1.1) }
        let exact = contexts.reduce(0) { $0 + cost($1) }
        #expect(close(sum, exact, within: 1e-12))
    }
}
