import Quantities
import Workloads

extension Summary {
    public static func text(of model: Model, style: Style = .plain) -> String {
        let parameters = model.parameters, active = model.activeParameters.total
        var page = Page(title: model.name, "model, id \(model.id), \(model.family.rawValue)", style: style)
        page.heading("Size")
        page.facts([
            ("also called", model.aliases.joined(separator: ", ")),
            ("parameters", "\(scaled(Double(parameters.total))) (\(counted(Double(parameters.total))))"),
            ("active per token", active < parameters.total ? "\(scaled(Double(active))) (\(counted(Double(active))))" : nil),
            ("in bf16", "\(TensorFormat.bf16.bytes(elements: Double(parameters.total)))"),
            ("KV cache per token", model.cacheElementsPerToken > 0
                ? "\(counted(model.cacheBytesPerToken(.bf16).value)) bytes in bf16, over all layers" : nil),
            ("hidden", "\(model.hidden)"),
            (model.family == .vision ? "classes" : "vocabulary", counted(Double(model.vocabulary))),
            ("longest context", model.maxContext.map { "\(counted(Double($0))) tokens" }),
        ])
        page.add(parameters)
        if let encoder = model.encoder { page.add(encoder, "Encoder") }
        if let decoder = model.decoder { page.add(decoder, model.encoder == nil ? "Layers" : "Decoder") }
        page.heading("Source")
        page.bullet(model.source + (model.recalled ? " (recalled, not checked against it)" : ""))
        return page.text
    }

    public static func text(of job: Job, style: Style = .plain) -> String {
        let target = [job.system.map { "system \($0)" } ?? job.device.map { "device \($0)" }, job.runtime.map { "runtime \($0)" }]
        var page = Page(title: job.name, "job, id \(job.id)", style: style)
        page.heading("Job")
        if !job.summary.isEmpty { page.paragraph(job.summary) }
        page.facts([("runs on", target.compactMap { $0 }.joined(separator: ", "))])
        switch job.work {
        case .model(let work): page.add(work)
        case .single(let single):
            page.facts([("operator", single.name), ("repetitions", "\(single.repetitions)"), ("kernels", "\(single.operators.count)"),
                        ("work", "\(single.operators.reduce(Flops.zero) { $0 + $1.flops })"),
                        ("compulsory bytes", "\(single.operators.reduce(Bytes.zero) { $0 + $1.traffic.memory + $1.traffic.link })")])
        }
        return page.text
    }
}

extension Page {
    fileprivate mutating func add(_ parameters: Parameters) {
        heading("Parameters")
        var table = TextTable([.left("part"), .right("number"), .right("share")])
        let parts = [("embeddings", parameters.embeddings), ("attention", parameters.attention), ("feed-forward", parameters.feedForward),
                     ("routed experts", parameters.experts), ("shared experts", parameters.sharedExperts), ("router", parameters.router),
                     ("norms", parameters.norms), ("biases", parameters.biases), ("output head", parameters.outputHead)]
        for (name, count) in parts where count > 0 {
            table.add([name, counted(Double(count)), percent(Double(count) / Double(max(1, parameters.total)))])
        }
        self.table(table)
    }

    fileprivate mutating func add(_ stack: Stack, _ title: String) {
        let attention = stack.attention
        let kind = attention.latent.map { "latent of \($0.keyValueRank) and a rotary key of \($0.ropeDimension)" }
            ?? (attention.kvHeads == attention.heads ? "every head has its own" : "\(attention.kvHeads) for \(attention.heads) heads")
        heading(title)
        facts([
            ("layers", "\(stack.layers)"),
            ("attention", "\(attention.heads) heads of \(attention.headDimension)"),
            ("keys and values", kind),
            ("sliding window", attention.window > 0 ? "\(attention.window) tokens" + (attention.fullEvery > 1 ? ", full in every \(attention.fullEvery)th layer" : "") : nil),
            ("cross-attention", stack.crossAttention ? "in every layer" : nil),
            ("feed-forward", "\(stack.feedForward.kind.rawValue) of \(stack.feedForward.dimension)"),
            ("experts", stack.experts.map { experts in
                "\(experts.count) of \(experts.dimension), \(experts.topK) for each token, in \(stack.routedLayers) layers"
                    + (experts.shared > 0 ? "; \(experts.shared) shared of \(experts.sharedDimension)" : "")
            }),
        ])
    }

    fileprivate mutating func add(_ work: ModelJob) {
        let precision = work.precision, parallelism = work.parallelism
        let degrees = [("tensor", parallelism.tensor), ("pipeline", parallelism.pipeline), ("expert", parallelism.expert), ("data", parallelism.data)]
            .filter { $0.1 > 1 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        func shares(_ shares: [Placement.Share]) -> String? {
            shares.isEmpty ? nil : shares.map { "\(percent($0.share)) in \($0.group)" }.joined(separator: ", ")
        }
        facts([
            ("model", "\(work.model.id), \(scaled(Double(work.model.parameters.total))) parameters"),
            ("phase", work.phase.rawValue), ("batch", "\(work.batch)"), ("prompt", "\(work.prompt) tokens"),
            ("output", work.phase == .generate ? "\(work.output) tokens" : nil),
            ("weights", "\(precision.weights)" + (precision.experts == precision.weights ? "" : ", routed experts \(precision.experts)")
                + ": \(work.model.weightBytes(precision))"),
            ("activations", "\(precision.activations)"), ("KV cache", "\(precision.cache), \(work.model.cacheBytesPerToken(precision.cache)) a token"),
            ("parallelism", degrees), ("weights live", shares(work.placement.weights)), ("KV cache lives", shares(work.placement.cache)),
            ("experts live", shares(work.placement.experts)), ("attention runs on", work.placement.attention),
        ])
    }
}
