import Documents
import Hardware
import Operators
import Quantities

extension Plan {
    /// Samples of the context among decode steps. The cost of a step is linear in the context but for the corners where
    /// a kernel changes its split, so a few suffice.
    static let contextSamples = 5

    /// Lowers a job onto a system: what is computed, moved and kept in memory, operator by operator.
    ///
    /// - Throws: for a job that contradicts itself or cannot run on this system: more devices than there are, an unknown
    ///   group, a runtime for another kind of device. A job that needs too much memory is not an error here.
    public init(lowering job: Job, onto system: System, under runtime: Runtime) throws(DocumentError) {
        switch job.work {
        case .model(let work): try self.init(work, file: job.file, system, runtime)
        case .single(let work): try self.init(work, file: job.file, system, runtime)
        }
    }

    private init(_ job: ModelJob, file: String, _ system: System, _ runtime: Runtime) throws(DocumentError) {
        try job.check(file: file)
        let arrangement = try Arrangement(job, file: file, on: system, under: runtime)
        let encodes = job.model.family == .encoderDecoder
        if job.phase == .train {
            self.init(steps: [], decodeSteps: 0, firstContext: 0, lastContext: 0, sequences: job.batch, allocations: job.trainingAllocations(arrangement))
            return
        }

        func step(_ phase: Phase, queries: Int, context: Int) -> Step {
            let shape = PassShape(sequences: arrangement.sequencesPerChain, queries: queries, context: context,
                                  encoderTokens: encodes ? job.prompt : 0, caches: job.model.decoder != nil, isDecode: phase != .prefill)
            var lowering = PassLowering(arrangement, CompiledPass(arrangement, shape))
            return Step(phase: phase, graph: lowering.run(), tokens: job.batch * (encodes && phase == .prefill ? job.prompt : queries))
        }

        var steps: [Step] = []
        if job.phase != .decode {
            // The decoder of an encoder-decoder starts from one start token.
            let tokens = encodes ? 1 : job.prompt
            steps.append(step(.prefill, queries: tokens, context: tokens))
        }
        let contexts = job.decodeContexts
        for context in Self.samples(contexts) { steps.append(step(.decode(context: context), queries: 1, context: context)) }
        self.init(steps: steps, decodeSteps: contexts.count, firstContext: contexts.lowerBound, lastContext: max(contexts.lowerBound, contexts.upperBound - 1),
                  sequences: job.batch, allocations: MemoryNeeds(arrangement).allocations)
    }

    /// First, last and evenly spread between; all where there are few.
    static func samples(_ contexts: Range<Int>) -> [Int] {
        guard contexts.count > contextSamples else { return Array(contexts) }
        let (first, last) = (contexts.lowerBound, contexts.upperBound - 1)
        return (0..<contextSamples).map { first + (last - first) * $0 / (contextSamples - 1) }
    }
}

extension ModelJob {
    /// Cached tokens per sequence, its own included, of each decode step.
    var decodeContexts: Range<Int> {
        // What the decoder has seen before the first decode step: the prompt, or the start token behind an encoder.
        let seen = model.family == .encoderDecoder ? 1 : prompt
        switch phase {
        case .prefill, .train: return seen..<seen
        case .decode: return seen + 1..<seen + 2
        case .generate: return seen + 1..<seen + max(1, output)
        }
    }

    /// Tokens per sequence that are in the cache in the end.
    var finalContext: Int { max(decodeContexts.upperBound - 1, model.family == .encoderDecoder ? 1 : prompt) }
}
