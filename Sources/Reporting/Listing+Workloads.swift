import Documents
import Quantities
import Workloads

extension Listing {
    public init(models: [Model]) {
        self.init([.left("id"), .right("parameters"), .right("active"), .right("layers"), .right("hidden"),
                   .right("KV/token"), .right("context"), .left("family")])
        for model in models {
            let total = Double(model.parameters.total), active = Double(model.activeParameters.total)
            let cache = model.cacheBytesPerToken(.bf16)
            let layers = (model.encoder?.layers ?? 0) + (model.decoder?.layers ?? 0)
            add([model.id, scaled(total), active < total ? scaled(active) : "", "\(layers)", "\(model.hidden)",
                 cache > .zero ? cache.short : "", model.maxContext.map(String.init) ?? "", model.family.rawValue],
                ["id": JSON(model.id), "name": JSON(model.name), "aliases": JSON(model.aliases), "family": JSON(model.family.rawValue),
                 "parameters": JSON(model.parameters.total), "activeParameters": JSON(model.activeParameters.total), "layers": JSON(layers),
                 "hidden": JSON(model.hidden), "kvCacheBytesPerTokenBF16": JSON(cache), "maxContext": JSON(model.maxContext)])
        }
    }

    public init(jobs: [Job]) {
        self.init([.left("id"), .right("batch"), .right("prompt"), .right("output"), .left("runs on"), .left("runtime"), .left("what", shrinks: true)])
        for job in jobs {
            let target = job.system ?? job.device ?? ""
            var cells = [job.id, "", "", "", target, job.runtime ?? "", job.summary.isEmpty ? job.name : job.summary]
            var members: [JSON.Member] = [.init(key: "id", value: JSON(job.id)), .init(key: "name", value: JSON(job.name)),
                                           .init(key: "description", value: job.summary.isEmpty ? nil : JSON(job.summary))]
            if case .model(let work) = job.work {
                cells[1...3] = ["\(work.batch)", "\(work.prompt)", work.phase == .generate ? "\(work.output)" : ""]
                members += [.init(key: "model", value: JSON(work.model.id)), .init(key: "phase", value: JSON(work.phase.rawValue)),
                            .init(key: "batch", value: JSON(work.batch)), .init(key: "prompt", value: JSON(work.prompt)),
                            .init(key: "output", value: JSON(work.output))]
            }
            members += [.init(key: "system", value: JSON(job.system)), .init(key: "device", value: JSON(job.device)),
                        .init(key: "runtime", value: JSON(job.runtime))]
            add(cells, .object(members))
        }
    }
}
