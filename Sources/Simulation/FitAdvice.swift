import Documents
import Hardware
import Operators
import Quantities
import Workloads

/// Changes to a job that would make it fit, tried out one by one rather than guessed.
struct FitAdvice {
    /// A change in words, and the job with it made.
    struct Proposal {
        var text: String
        var job: Job
    }

    private let job: Job
    private let model: ModelJob
    private let system: System
    private let runtime: Runtime

    /// The smallest change of each kind that fits, those that keep the job's meaning first; none for a single operator, which
    /// has nothing to give.
    static func proposals(for job: Job, on system: System, under runtime: Runtime) -> [Proposal] {
        guard case .model(let model) = job.work else { return [] }
        let advice = FitAdvice(job: job, model: model, system: system, runtime: runtime)
        if model.phase == .train {
            return [advice.sharding, advice.recomputation, advice.tensorParallelism, advice.batch, advice.prompt].compactMap { $0 }
        }
        return [advice.tensorParallelism, advice.batch, advice.prompt, advice.weights, advice.cache, advice.weightsOnHost, advice.cacheOnHost]
            .compactMap { $0 }.filter(advice.runs)
    }

    // MARK: Trying out

    private func changed(_ change: (inout ModelJob) -> Void) -> Job {
        var model = model, job = job
        change(&model)
        job.work = .model(model)
        return job
    }

    private func fits(_ job: Job) -> Bool {
        do throws(DocumentError) {
            return MemoryLedger(placing: try Plan(lowering: job, onto: system, under: runtime), on: system, under: runtime).fits
        } catch {
            // The model cannot be cut this way, or the runtime cannot place it there: no change to propose.
            return false
        }
    }

    /// Whether the system has the links and engines that the change asks for.
    private func runs(_ proposal: Proposal) -> Bool {
        do {
            _ = try Plan(lowering: proposal.job, onto: system, under: runtime).bound(on: system, under: runtime)
            return true
        } catch { return false }
    }

    private func proposal(_ text: String, _ change: (inout ModelJob) -> Void) -> Proposal? {
        let job = changed(change)
        return fits(job) ? Proposal(text: text, job: job) : nil
    }

    private func first<Value>(of values: [Value], _ text: (Value) -> String, _ change: (inout ModelJob, Value) -> Void) -> Proposal? {
        for value in values {
            if let proposal = proposal(text(value), { change(&$0, value) }) { return proposal }
        }
        return nil
    }

    /// The largest of the multiples of `unit` below `limit` that fits, by bisection: a smaller one always fits too.
    private func largest(below limit: Int, inSteps unit: Int, _ text: (Int) -> String, _ change: (inout ModelJob, Int) -> Void) -> Proposal? {
        var low = 0, high = (limit + unit - 1) / unit
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if fits(changed { change(&$0, middle * unit) }) { low = middle } else { high = middle }
        }
        return low > 0 ? proposal(text(low * unit)) { change(&$0, low * unit) } : nil
    }

    // MARK: The changes

    private var tensorParallelism: Proposal? {
        let others = model.parallelism.pipeline * model.parallelism.data, devices = system.acceleratorCount
        let degrees = [2, 4, 8, 16, 32, 64].filter { $0 > model.parallelism.tensor && $0 * others <= devices }
        return first(of: degrees) { "tensor parallelism \($0) (\($0 * others) of \(devices) devices)" } _: { $0.parallelism.tensor = $1 }
    }

    private var batch: Proposal? {
        largest(below: model.batch, inSteps: model.parallelism.data * model.subBatches * model.microBatches) { "batch \($0) instead of \(model.batch)" }
            _: { $0.batch = $1 }
    }

    private var sharding: Proposal? {
        let training = model.training ?? Training(), stages = Training.Sharding.allCases.drop { $0 != training.sharding }.dropFirst()
        guard model.parallelism.data * model.parallelism.context > 1 else { return nil }
        return first(of: Array(stages)) { "\($0.rawValue) sharded over \(model.parallelism.data * model.parallelism.context) devices" } _: { job, stage in
            job.training = training
            job.training?.sharding = stage
        }
    }

    private var recomputation: Proposal? {
        let training = model.training ?? Training(), more = Training.Recomputation.allCases.drop { $0 != training.recomputation }.dropFirst()
        return first(of: Array(more)) { "\($0.rawValue) recomputation" } _: { job, mode in
            job.training = training
            job.training?.recomputation = mode
        }
    }

    /// A prompt of a few tokens is another job; and in a decode job the prompt is what has been cached.
    private var prompt: Proposal? {
        guard model.phase != .decode else { return nil }
        return largest(below: model.prompt, inSteps: 16 * model.parallelism.context) { "a prompt of \($0) tokens instead of \(model.prompt)" } _: { $0.prompt = $1 }
    }

    private var weights: Proposal? {
        let formats = [TensorFormat(.fp8), TensorFormat(bits: 4, number: .int4, group: 128), TensorFormat(bits: 3, group: 128), TensorFormat(bits: 2, group: 64)]
            .filter { $0.bitsPerElement < model.precision.weights.bitsPerElement }
        return first(of: formats) { "weights in \($0) instead of \(model.precision.weights)" } _: { job, format in
            job.precision.weights = format
            if job.precision.experts.bitsPerElement > format.bitsPerElement { job.precision.experts = format }
        }
    }

    private var cache: Proposal? {
        model.precision.cache.bitsPerElement > 8 ? proposal("a KV cache in fp8") { $0.precision.cache = .fp8 } : nil
    }

    private var weightsOnHost: Proposal? {
        guard let host = system.host?.name else { return nil }
        let own = system.accelerator.name
        return first(of: [0.25, 0.5, 0.75, 1]) { "\(Int($0 * 100)) % of the weights in the memory of \"\(host)\"" } _: { job, share in
            let rest: [Placement.Share] = share < 1 ? [.init(group: own, share: 1 - share)] : []
            job.placement.weights = rest + [.init(group: host, share: share)]
        }
    }

    private var cacheOnHost: Proposal? {
        guard let host = system.host?.name else { return nil }
        return proposal("the KV cache in the memory of \"\(host)\"") { $0.placement.cache = [.init(group: host, share: 1)] }
    }
}
