import Hardware
import Operators
import Quantities
import Workloads

/// Changes to a job that would make it fit, tried out one by one rather than guessed.
enum FitAdvice {
    /// The smallest change of each kind that fits, those that keep the job's meaning first.
    static func nearest(for job: Job, on system: System, under runtime: Runtime) -> [String] {
        guard case .model(let model) = job.work else { return [] }
        func fits(_ change: (inout ModelJob) -> Void) -> Bool {
            var changed = model
            change(&changed)
            var other = job
            other.work = .model(changed)
            guard let plan = try? Plan(lowering: other, onto: system, under: runtime) else { return false }
            return MemoryLedger(placing: plan, on: system, under: runtime).fits
        }
        var advice: [String] = []
        let devices = system.acceleratorCount
        if let degree = [2, 4, 8, 16, 32, 64].first(where: { d in
            d > model.parallelism.tensor && d * model.parallelism.pipeline * model.parallelism.data <= devices && fits { $0.parallelism.tensor = d }
        }) { advice.append("tensor parallelism \(degree) (\(degree * model.parallelism.pipeline * model.parallelism.data) of \(devices) devices)") }
        if let smaller = largest(below: model.batch, where: { size in size % model.parallelism.data == 0 && fits { $0.batch = size } }) {
            advice.append("batch \(smaller) instead of \(model.batch)")
        }
        if model.phase != .decode, let shorter = largest(below: model.prompt, where: { length in fits { $0.prompt = length } }), shorter >= 16 {
            advice.append("a prompt of \(shorter) tokens instead of \(model.prompt)")
        }
        let narrower: [TensorFormat] = [TensorFormat(.fp8), TensorFormat(bits: 4, number: .int4, group: 128), TensorFormat(bits: 3, group: 128), TensorFormat(bits: 2, group: 64)]
        if let format = narrower.first(where: { format in
            format.bitsPerElement < model.precision.weights.bitsPerElement && fits { job in
                job.precision.weights = format
                if job.precision.experts.bitsPerElement > format.bitsPerElement { job.precision.experts = format }
            }
        }) { advice.append("weights in \(format) instead of \(model.precision.weights)") }
        if model.precision.cache.bitsPerElement > 8, fits({ $0.precision.cache = .fp8 }) { advice.append("a KV cache in fp8") }
        if let host = system.host {
            let shares = [0.25, 0.5, 0.75, 1.0]
            if let share = shares.first(where: { share in fits { job in
                job.placement.weights = share < 1
                    ? [.init(group: system.accelerator.name, share: 1 - share), .init(group: host.name, share: share)] : [.init(group: host.name, share: 1)]
            } }) { advice.append("\(Int(share * 100)) % of the weights in the memory of \"\(host.name)\"") }
            if fits({ $0.placement.cache = [.init(group: host.name, share: 1)] }) { advice.append("the KV cache in the memory of \"\(host.name)\"") }
        }
        return advice
    }

    /// The largest value in 1 ..< limit that passes, by bisection: a smaller one always passes too.
    private static func largest(below limit: Int, where passes: (Int) -> Bool) -> Int? {
        var low = 0, high = limit
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if passes(middle) { low = middle } else { high = middle }
        }
        return low > 0 ? low : nil
    }
}
