import Documents
import Operators
import Quantities

/// Ranges in which the numbers of a job are read: beyond any real job, and narrow enough that no product overflows.
enum JobRange {
    static let batch = 1...1_000_000
    static let tokens = 1...10_000_000
    static let ways = 1...100_000
    static let stages = 1...1000
    static let chains = 1...1024
    /// New tokens of one pass over the whole batch.
    static let passTokens = 10_000_000_000
    /// Operators of one pass: what is simulated in seconds.
    static let nodes = 2_000_000.0
}

extension ModelJob {
    /// Refuses what cannot be, whatever the system.
    ///
    /// - Parameter file: what errors name.
    func check(file: String) throws(DocumentError) {
        func require(_ holds: Bool, _ path: String, _ message: @autoclosure () -> String) throws(DocumentError) {
            if !holds { throw DocumentError(file: file, path: path, message: message()) }
        }
        try checkSize(require)
        try checkPhase(require)
        try checkParallelism(require)
        try checkBatches(require)
        try checkExperts(require)
        try checkPlacement(require)
        try checkTraining(require)
    }

    private typealias Requirement = (Bool, String, @autoclosure () -> String) throws(DocumentError) -> Void

    private var stacks: [Stack] { [model.encoder, model.decoder].compactMap { $0 } }

    private func checkSize(_ require: Requirement) throws(DocumentError) {
        try require(JobRange.batch.contains(batch), "batch", "\(batch) is out of range; use \(JobRange.batch.lowerBound) to \(JobRange.batch.upperBound)")
        try require(JobRange.tokens.contains(prompt), "prompt", "\(prompt) is out of range; use \(JobRange.tokens.lowerBound) to \(JobRange.tokens.upperBound)")
        try require(JobRange.tokens.contains(output), "output", "\(output) is out of range; use \(JobRange.tokens.lowerBound) to \(JobRange.tokens.upperBound)")
        try require(JobRange.chains.contains(subBatches), "subBatches", "\(subBatches) is out of range; use 1 to \(JobRange.chains.upperBound)")
        try require(JobRange.chains.contains(microBatches), "microBatches", "\(microBatches) is out of range; use 1 to \(JobRange.chains.upperBound)")
        let passes = phase == .decode ? 1 : prompt
        try require(batch * passes <= JobRange.passTokens, "batch",
                    "\(batch) sequences of \(prompt) tokens are more than \(JobRange.passTokens) tokens in one pass")
        if phase == .train { return }
        // A layer has some twenty operators, and three for each expert where they run one by one.
        let perLayer = 20 + 3 * Double(model.decoder?.experts.map { min($0.count, batch * passes * $0.topK) } ?? 0)
        let nodes = Double(stacks.reduce(0) { $0 + $1.layers }) * Double(subBatches * microBatches) * perLayer
        try require(nodes <= JobRange.nodes, "", "some \(significant(nodes, digits: 2)) operators in one pass are more than can be simulated; use fewer sub-batches or micro-batches")
    }

    private func checkPhase(_ require: Requirement) throws(DocumentError) {
        if model.decoder == nil {
            try require(phase == .prefill || phase == .train, "phase", "\"\(phase.rawValue)\" needs a decoder, which \"\(model.id)\" does not have; use \"prefill\"")
        }
        if phase != .generate, phase != .train || model.family != .encoderDecoder {
            try require(output == 1, "output", "\(output) tokens come out of a \"generate\" job only; leave it out or set \"phase\" to \"generate\"")
        }
        if let image = model.image {
            try require(prompt == image.tokens, "prompt", "an image of \"\(model.id)\" has \(image.tokens) tokens; leave it out")
        }
        guard let limit = model.maxContext else { return }
        let words = "tokens are more than the \(limit) of \"\(model.id)\""
        if model.family == .encoderDecoder {
            try require(prompt <= limit, "prompt", "\(prompt) \(words)")
            try require(output <= limit, "output", "\(output) \(words)")
        } else {
            try require(prompt <= limit, "prompt", "\(prompt) \(words)")
            if phase == .decode { try require(prompt < limit, "prompt", "\(prompt) cached tokens and a new one: \(prompt + 1) \(words)") }
            if phase == .generate { try require(prompt + output <= limit, "output", "\(prompt) prompt and \(output) output \(words)") }
        }
    }

    private func checkParallelism(_ require: Requirement) throws(DocumentError) {
        let p = parallelism
        for (ways, range, name) in [(p.tensor, JobRange.ways, "tensor"), (p.pipeline, JobRange.stages, "pipeline"), (p.expert, JobRange.ways, "expert"), (p.data, JobRange.ways, "data"),
                                    (p.context, JobRange.ways, "context")] {
            try require(range.contains(ways), "parallelism.\(name)", "\(ways) is out of range; use 1 to \(range.upperBound)")
        }
        for stack in stacks {
            let heads = stack.attention.heads, kvHeads = stack.attention.kvHeads
            try require(heads % p.tensor == 0, "parallelism.tensor", "\(p.tensor) does not divide \(heads) heads; use \(choices(heads))")
            if stack.attention.latent == nil {
                try require(kvHeads % p.tensor == 0 || p.tensor % kvHeads == 0, "parallelism.tensor",
                            "\(p.tensor) and \(kvHeads) key-value heads do not divide each other; use \(choices(heads) { kvHeads % $0 == 0 || $0 % kvHeads == 0 })")
            }
            if (0..<stack.layers).contains(where: { !stack.routes($0) }) {
                let inner = stack.feedForward.dimension
                try require(inner % p.tensor == 0, "parallelism.tensor", "\(p.tensor) does not divide a feed-forward dimension of \(inner); use \(choices(heads) { inner % $0 == 0 })")
            }
            try require(p.pipeline <= stack.layers, "parallelism.pipeline", "\(p.pipeline) stages are more than \(stack.layers) layers; use 1 to \(stack.layers)")
        }
        if model.family == .encoderDecoder {
            try require(p.pipeline == 1, "parallelism.pipeline", "an encoder-decoder runs in one stage; use 1")
            try require(p.expert == 1, "parallelism.expert", "the experts of an encoder-decoder are not spread over devices; use 1")
        }
    }

    private func checkBatches(_ require: Requirement) throws(DocumentError) {
        let p = parallelism
        try require(batch % p.data == 0, "parallelism.data", "\(p.data) replicas do not divide a batch of \(batch); use \(choices(batch))")
        let perReplica = batch / p.data
        try require(perReplica % subBatches == 0, "subBatches", "\(subBatches) does not divide the \(perReplica) sequences of a replica; use \(choices(perReplica))")
        let left = perReplica / subBatches
        try require(left % microBatches == 0, "microBatches", "\(microBatches) does not divide the \(left) sequences of a \(subBatches > 1 ? "sub-batch" : "replica"); use \(choices(left))")
    }

    private func checkExperts(_ require: Requirement) throws(DocumentError) {
        let p = parallelism
        guard let stack = stacks.first(where: { $0.experts != nil }), let experts = stack.experts else {
            try require(p.expert == 1, "parallelism.expert", "\"\(model.id)\" has no experts; use 1")
            try require(routing == .balanced, "routing", "\"\(model.id)\" has no experts to route to; leave it out")
            try require(placement.experts.isEmpty, "placement.experts", "\"\(model.id)\" has no experts; leave it out")
            return
        }
        try require(experts.count % p.expert == 0, "parallelism.expert", "\(p.expert) does not divide \(experts.count) experts; use \(choices(experts.count))")
        let ranks = p.tensor * p.data
        func fits(_ ways: Int) -> Bool { ranks % ways == 0 && (ways % p.tensor == 0 || p.tensor % ways == 0) && experts.count % ways == 0 }
        try require(fits(p.expert), "parallelism.expert", "\(p.expert) does not fit tensor \(p.tensor) × data \(p.data) devices; use \(choices(ranks, fits))")
        if p.expert < p.tensor {
            let ways = p.tensor / p.expert
            try require(experts.dimension % ways == 0, "parallelism.tensor", "\(ways) devices for each expert do not divide its dimension of \(experts.dimension)")
            let inner = experts.shared * experts.sharedDimension
            try require(inner % p.tensor == 0, "parallelism.tensor", "\(p.tensor) does not divide the \(inner) of the shared experts")
        }
        if case .counts(let counts) = routing {
            try require(counts.count == experts.count, "routing.counts", "\(counts.count) values for \(experts.count) experts")
            let chosen = counts.count { $0 > 0 }
            try require(chosen >= experts.topK, "routing.counts", "\(chosen) experts above 0 are fewer than the \(experts.topK) that each token visits")
        }
    }

    private func checkPlacement(_ require: Requirement) throws(DocumentError) {
        for (shares, name) in [(placement.weights, "weights"), (placement.cache, "cache"), (placement.experts, "experts")] where !shares.isEmpty {
            let total = shares.reduce(0) { $0 + $1.share }
            try require(abs(total - 1) < 1e-6, "placement.\(name)", "the shares add up to \(significant(total)); they have to add up to 1")
        }
        let away = (placement.cache + placement.weights).contains { $0.group != "device" && $0.share > 0 }
        if model.family != .decoder {
            try require(placement.cache.isEmpty, "placement.cache", "only the cache of a decoder can be placed; leave it out")
            try require(placement.attention == nil, "placement.attention", "only the attention of a decoder can be placed; leave it out")
        }
        if away, parallelism.pipeline > 1 {
            try require(microBatches == 1, "microBatches", "streamed weights pass through a pipeline once a step; use 1")
        }
    }

    /// The ways to divide that an error proposes.
    private func choices(_ number: Int, _ fits: (Int) -> Bool = { _ in true }) -> String {
        let all = divisors(of: number, upTo: 100_000).filter(fits)
        return list((all.count > 8 ? all.prefix(7) + all.suffix(1) : all[...]).map(String.init))
    }
}
