import ArgumentParser
import Orrery

/// Changes to a job for a quick what-if, without a file.
struct ChangeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Sequences, instead of the job's.", valueName: "n"))
    var batch: Int?

    @Option(help: ArgumentHelp("Prompt tokens of each sequence; in a decode job, tokens already cached.", valueName: "n"))
    var prompt: Int?

    @Option(help: ArgumentHelp("Tokens to generate for each sequence.", valueName: "n"))
    var output: Int?

    @Option(help: ArgumentHelp("Devices that share every layer.", valueName: "n"))
    var tensorParallel: Int?

    @Option(help: ArgumentHelp("Storage of the weights: bf16, fp8, int4/g128, 3bit …", valueName: "format"))
    var weights: String?

    @Option(help: ArgumentHelp("Storage of the KV cache.", valueName: "format"))
    var cache: String?

    /// Far beyond any job, and small enough for products of two.
    private static let counts = 1...1_000_000_000

    func validate() throws {
        for (name, value) in [("batch", batch), ("prompt", prompt), ("output", output), ("tensor-parallel", tensorParallel)] {
            guard let value, !Self.counts.contains(value) else { continue }
            throw ValidationError("--\(name) \(value) is out of range; use \(Self.counts.lowerBound) to \(Self.counts.upperBound).")
        }
        _ = try format("weights", weights)
        _ = try format("cache", cache)
    }

    private func format(_ name: String, _ text: String?) throws -> TensorFormat? {
        guard let text else { return nil }
        do { return try TensorFormat(parsing: text) } catch { throw ValidationError("--\(name): \(error)") }
    }

    /// Applies the changes, and notes them for the report.
    func apply(to scenario: inout Scenario) throws {
        let job = scenario.job
        guard case .model(var work) = job.work else {
            if let option = changes.first?.option { throw ValidationError("--\(option) changes a model's job, but \(job.id) is a single operator.") }
            return
        }
        if output != nil, work.phase != .generate { throw ValidationError("--output needs a generate job, but \(job.id) is a \(work.phase.rawValue) job.") }
        if let batch { work.batch = batch }
        if let prompt { work.prompt = prompt }
        if let output { work.output = output }
        if let tensorParallel { work.parallelism.tensor = tensorParallel }
        if let format = try format("weights", weights) {
            work.precision.weights = format
            if work.precision.experts.bitsPerElement > format.bitsPerElement { work.precision.experts = format }
        }
        if let format = try format("cache", cache) { work.precision.cache = format }
        scenario.job.work = .model(work)
        if !changes.isEmpty {
            scenario.notes.append("Changed on the command line: " + changes.map { "\($0.option) \($0.value)" }.joined(separator: ", ") + ".")
        }
    }

    /// What these options leave open, taken from others.
    func completed(by other: ChangeOptions) -> ChangeOptions {
        var options = self
        options.batch = batch ?? other.batch
        options.prompt = prompt ?? other.prompt
        options.output = output ?? other.output
        options.tensorParallel = tensorParallel ?? other.tensorParallel
        options.weights = weights ?? other.weights
        options.cache = cache ?? other.cache
        return options
    }

    private var changes: [(option: String, value: String)] {
        let all = [("batch", batch.map(String.init)), ("prompt", prompt.map(String.init)), ("output", output.map(String.init)),
                   ("tensor-parallel", tensorParallel.map(String.init)), ("weights", weights), ("cache", cache)]
        return all.compactMap { option, value in value.map { (option, $0) } }
    }
}
