import Quantities
import Workloads

/// Sums over the steps of a job from the steps that were simulated.
///
/// Decode steps are simulated at a few contexts; between two of them everything is taken to be linear in the context, which
/// reading the cache is. Each simulated step therefore stands for a number of steps that need not be whole: its weight.
public struct StepWeights {
    /// By step of the plan.
    public let weights: [Double]

    public init(of plan: Plan) {
        var weights = [Double](repeating: 0, count: plan.steps.count)
        var samples: [(step: Int, context: Int)] = []
        for (index, step) in plan.steps.enumerated() {
            if case .decode(let context) = step.phase { samples.append((index, context)) } else { weights[index] = 1 }
        }
        if plan.decodeSteps > 0, !samples.isEmpty {
            samples.sort { $0.context < $1.context }
            // Contexts first … last, one step each: a step between two samples is split between them by its distance.
            for (sample, following) in zip(samples, samples.dropFirst()) {
                let gap = following.context - sample.context
                guard gap > 0 else { continue }
                // Steps at offsets 0 … gap − 1 from the sample: (gap + 1) / 2 of their weight stays here.
                weights[sample.step] += Double(gap + 1) / 2
                weights[following.step] += Double(gap - 1) / 2
            }
            weights[samples[samples.count - 1].step] += 1
            // A plan with a single sample, or samples that do not span all contexts, still counts every step.
            let covered = samples.reduce(0) { $0 + weights[$1.step] }
            if covered != Double(plan.decodeSteps) {
                for sample in samples { weights[sample.step] *= Double(plan.decodeSteps) / covered }
            }
        }
        self.weights = weights
    }

    func sum(_ value: (Int) -> Double) -> Double {
        weights.indices.reduce(0) { $0 + weights[$1] * value($1) }
    }
}
