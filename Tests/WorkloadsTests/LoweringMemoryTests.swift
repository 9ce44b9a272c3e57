import Hardware
import Operators
import Quantities
import Testing
@testable import Workloads

@Suite("What stays in memory, and what is streamed through it")
struct LoweringMemoryTests {
    func bytes(_ plan: Plan, _ group: String, _ kind: Plan.Allocation.Kind) -> Double {
        plan.allocations.filter { $0.group == group && $0.kind == kind }.reduce(0) { $0 + $1.bytesPerDevice.value }
    }

    func shares(_ pairs: KeyValuePairs<String, Double>) -> [Placement.Share] { pairs.map { .init(group: $0.key, share: $0.value) } }

    @Test("Weights on one device are the bytes of all parameters", arguments: shippedModels)
    func allWeights(id: String) throws {
        let model = try model(id)
        let precision = Precision(weights: try TensorFormat(parsing: "int4/g128"), activations: .fp16)
        let tokens = model.image?.tokens ?? 16
        let plan = try Lower.plan(ModelJob(model: model, phase: .prefill, prompt: tokens, precision: precision))
        #expect(abs(bytes(plan, "gpu", .weights) / model.weightBytes(precision).value - 1) < 1e-12)
    }

    @Test("OPT-175B takes 66.5 GB at 3 bit with its embeddings at 16, and 350 GB at 16 bit")
    func opt175b() throws {
        func gigabytes(_ weights: String) throws -> Double {
            let job = ModelJob(model: try model("opt-175b"), phase: .decode, prompt: 1, precision: Precision(weights: try TensorFormat(parsing: weights), activations: .fp16))
            return bytes(try Lower.plan(job), "gpu", .weights) / 1e9
        }
        #expect(abs(try gigabytes("3bit") - 66.54) < 0.05)
        #expect(abs(try gigabytes("fp16") - 349.2) < 0.5)
    }

    @Test("The cache takes its bytes per token times all tokens that will be in it")
    func cache() throws {
        let llama = try model("llama-3.1-70b")
        let plan = try Lower.plan(ModelJob(model: llama, phase: .generate, batch: 4, prompt: 1000, output: 25))
        #expect(bytes(plan, "gpu", .cache) == 4 * 1024 * 327_680)
        let split = try Lower.plan(ModelJob(model: llama, phase: .generate, batch: 4, prompt: 1000, output: 25, parallelism: Parallelism(tensor: 4, data: 2)))
        #expect(bytes(split, "gpu", .cache) == 2 * 1024 * 327_680 / 4)
    }

    @Test("Tensor parallelism leaves a latent cache whole on every rank, data parallelism divides it")
    func latentCache() throws {
        let deepseek = try model("deepseek-v3")
        func perDevice(_ p: Parallelism) throws -> Double {
            bytes(try Lower.plan(ModelJob(model: deepseek, phase: .decode, batch: 8, prompt: 999, parallelism: p)), "gpu", .cache)
        }
        #expect(try perDevice(Parallelism(tensor: 8, expert: 8)) == 8 * 1000 * 70_272)
        #expect(try perDevice(Parallelism(expert: 8, data: 8)) == 1000 * 70_272)
    }

    @Test("A sliding window bounds the cache of its layers")
    func window() throws {
        let gemma = try model("gemma-2-9b")
        let plan = try Lower.plan(ModelJob(model: gemma, phase: .decode, prompt: 7999))
        #expect(bytes(plan, "gpu", .cache) == gemma.cacheElements(context: 8000) * 2)
    }

    @Test("Pipeline stages hold their own layers, and the fullest is stated")
    func stages() throws {
        let llama = try model("llama-3.1-8b")
        let plan = try Lower.plan(ModelJob(model: llama, phase: .prefill, batch: 4, prompt: 100, parallelism: Parallelism(pipeline: 4), microBatches: 4))
        let matrices = llama.decoder.map { Double($0.parameters(hidden: 4096, norm: .rms).total) * 2 / 4 } ?? 0
        let table = Double(llama.vocabulary * llama.hidden * 2)
        // The last stage also has the final norm.
        #expect(bytes(plan, "gpu", .weights) == matrices + table + 4096 * 2)
    }

    @Test("The workspace is what the runtime reserves")
    func workspace() throws {
        let plan = try Lower.plan(ModelJob(model: try model("llama-3.2-1b"), phase: .prefill, prompt: 8))
        #expect(bytes(plan, "gpu", .workspace) == 1_073_741_824)
    }

    // MARK: Streaming

    func streamed(_ placement: Placement, phase: ModelJob.Phase = .decode, copies: Bool = true, batch: Int = 4, microBatches: Int = 1, extra: String = "") throws -> Plan {
        let job = ModelJob(model: try model("opt-30b"), phase: phase, batch: batch, prompt: 255, precision: Precision(weights: .fp16, activations: .fp16),
                           placement: placement, microBatches: microBatches)
        return try Lower.plan(job, on: Lower.system("a6000", count: 1, extra: extra), under: Lower.runtime(copies: copies))
    }

    @Test("Weights on the host travel once in every pass, their share of each layer, and two layers of room are kept for them", arguments: [1, 4])
    func weightsOnHost(microBatches: Int) throws {
        let plan = try streamed(Placement(weights: shares(["device": 0.2, "host": 0.8])), microBatches: microBatches)
        let model = try model("opt-30b"), p = model.parameters
        let layers = Double(p.total - p.embeddings - p.outputHead - 2 * model.hidden) * 2  // the final norm stays
        #expect(abs(plan.steps[0].graph.total(named: "weights.fetch", \.linkBytes) / (0.8 * layers) - 1) < 1e-12)
        #expect(abs(bytes(plan, "host", .weights) / (0.8 * layers) - 1) < 1e-12)
        let buffers = 2 * 0.8 * layers / 48
        #expect(abs(bytes(plan, "gpu", .weights) / (0.2 * layers + Double(p.embeddings + p.outputHead + 2 * model.hidden) * 2 + buffers) - 1) < 1e-12)
    }

    @Test("The copy of a layer waits for the layer two before it, whose buffer it takes, and for nothing else")
    func doubleBuffer() throws {
        let graph = try streamed(Placement(weights: shares(["host": 1]))).steps[0].graph
        for (layer, node) in graph.nodes.indices.filter({ graph.uses[Int(graph.nodes[$0].use)].name == "weights.fetch" }).enumerated() {
            let before = graph.dependencies(of: node).map { graph.nodes[Int($0)].layer }
            #expect(before == (layer < 2 ? [] : [Int16(layer - 2)]))
            #expect(graph.nodes[node].stream == .copyIn)
        }
    }

    @Test("A runtime that does not overlap copies makes them on the compute stream, right before their layer")
    func serialCopies() throws {
        let graph = try streamed(Placement(weights: shares(["host": 1])), copies: false).steps[0].graph
        let fetches = graph.nodes.indices.filter { graph.uses[Int(graph.nodes[$0].use)].name == "weights.fetch" }
        #expect(fetches.count == 48)
        #expect(fetches.allSatisfy { graph.nodes[$0].stream == .compute && graph.uses[Int(graph.nodes[$0 + 1].use)].name == "attention.norm" })
    }

    @Test("Experts kept on the device stay there when the other weights are streamed")
    func residentExperts() throws {
        let mixtral = try model("mixtral-8x7b"), p = mixtral.parameters
        let job = ModelJob(model: mixtral, phase: .decode, prompt: 10, placement: Placement(weights: shares(["host": 1]), experts: shares(["device": 1])))
        let plan = try Lower.plan(job)
        let streamed = Double(p.attention + p.router + p.norms - mixtral.hidden) * 2
        #expect(plan.steps[0].graph.total(\.linkBytes) == streamed)
        #expect(bytes(plan, "host", .weights) == streamed)
        #expect(bytes(plan, "gpu", .weights) == Double(p.experts + p.embeddings + p.outputHead + mixtral.hidden) * 2 + 2 * streamed / 32)
    }

    @Test("From a drive the way leads through the host: the same bytes twice")
    func throughHost() throws {
        let plan = try streamed(Placement(weights: shares(["ssd": 1])), extra: #""ssd": { "spec": "samsung-980pro" }"#)
        let graph = plan.steps[0].graph
        #expect(graph.total(named: "weights.stage", \.linkBytes) == graph.total(named: "weights.fetch", \.linkBytes))
        let first = try #require(graph.nodes.firstIndex { graph.uses[Int($0.use)].name == "weights.fetch" })
        #expect(graph.dependencies(of: first).map { graph.uses[Int(graph.nodes[Int($0)].use)].name } == ["weights.stage"])
        #expect(graph.lanes[Int(graph.nodes[first - 1].lane)].group == "host")
    }

    @Test("A runtime that does not overlap copies does not read ahead from a drive either")
    func serialDrive() throws {
        let plan = try streamed(Placement(weights: shares(["ssd": 1])), copies: false, extra: #""ssd": { "spec": "samsung-980pro" }"#)
        let graph = plan.steps[0].graph
        for (layer, node) in graph.nodes.indices.filter({ graph.uses[Int(graph.nodes[$0].use)].name == "weights.stage" }).enumerated() where layer > 0 {
            #expect(graph.dependencies(of: node).contains { graph.nodes[Int($0)].layer == Int16(layer - 1) && graph.uses[Int(graph.nodes[Int($0)].use)].name == "feed-forward.down" })
        }
    }

    @Test("A cache on the host is read there in every decode step and grows there by the new token", arguments: [1, 2])
    func cacheOnHost(microBatches: Int) throws {
        let plan = try streamed(Placement(cache: shares(["host": 1])), microBatches: microBatches)
        let graph = plan.steps[0].graph, perToken = 2.0 * 48 * 7168 * 2
        #expect(graph.total(named: "cache.fetch", \.linkBytes) == 4 * 255 * perToken)
        #expect(graph.total(named: "cache.write-back", \.linkBytes) == 4 * perToken)
        #expect(bytes(plan, "host", .cache) == 4 * 256 * perToken)
        let prefill = try streamed(Placement(cache: shares(["host": 1])), phase: .prefill).steps[0].graph
        #expect(prefill.total(named: "cache.fetch", \.linkBytes) == 0)
        #expect(prefill.total(named: "cache.write-back", \.linkBytes) == 4 * 255 * perToken)
    }

    @Test("Attention in drives: they read the whole cache, and only queries, keys, values and results travel")
    func attentionInDrives() throws {
        let job = ModelJob(model: try model("opt-13b"), phase: .decode, batch: 8, prompt: 1023, precision: Precision(weights: .fp16, activations: .fp16), placement: Placement(attention: "csd"))
        let plan = try Lower.plan(job, on: Lower.system("a6000", count: 1, extra: #""csd": { "spec": "instcsd", "count": 4 }"#))
        let graph = plan.steps[0].graph
        let drives = graph.lanes[1]
        #expect(drives.group == "csd" && drives.multiplicity == 4)
        #expect(graph.total(\.cacheReadBytes) == Double(8 * 1024 * 819_200))
        #expect(graph.nodes(named: "attention").allSatisfy { graph.lanes[Int($0.lane)].group == "csd" })
        #expect(graph.total(\.linkBytes) == Double(40 * 8 * 5120 * 2 * (3 + 1)))
        #expect(bytes(plan, "gpu", .cache) == 0)
        #expect(bytes(plan, "csd", .cache) == Double(8 * 1024 * 819_200 / 4))
    }

    @Test("The prompt's keys and values are handed over to the drives that will attend to them")
    func handOver() throws {
        let job = ModelJob(model: try model("opt-13b"), phase: .prefill, batch: 8, prompt: 100, precision: Precision(weights: .fp16, activations: .fp16), placement: Placement(attention: "csd"))
        let graph = try Lower.plan(job, on: Lower.system("a6000", count: 1, extra: #""csd": { "spec": "instcsd", "count": 4 }"#)).steps[0].graph
        #expect(graph.total(named: "cache.send", \.linkBytes) == Double(8 * 100 * 819_200))
        #expect(graph.total(\.cacheWrittenBytes) == Double(8 * 100 * 819_200))
        #expect(graph.nodes(named: "attention.cache-write").allSatisfy { graph.lanes[Int($0.lane)].group == "csd" })
        #expect(graph.nodes(named: "attention").allSatisfy { graph.lanes[Int($0.lane)].group == "gpu" })
    }

    @Test("While one sub-batch attends in memory the other multiplies: the streams take turns")
    func interleaving() throws {
        let job = ModelJob(model: try model("gpt3-7b"), phase: .decode, batch: 8, prompt: 300, placement: Placement(attention: "pim"), subBatches: 2)
        let graph = try Lower.plan(job, on: Lower.system("neupims", count: 1)).steps[0].graph
        // Between a sub-batch's projection and the use of its attention stands the work of the other sub-batch.
        let attentions = graph.nodes.indices.filter { graph.uses[Int(graph.nodes[$0].use)].name == "attention" }
        for attention in attentions.dropLast(2) {
            let next = try #require(graph.nodes.indices.first { graph.dependencies(of: $0).contains(Int32(attention)) })
            let between = graph.nodes[attention..<next].filter { $0.lane == 0 && $0.stream == .compute }
            #expect(!between.isEmpty)
        }
    }

    @Test("With tensor parallelism attention in memory runs beside the other sub-batch's feed-forward, exchanges beside its projections")
    func staggering() throws {
        let job = ModelJob(model: try model("gpt3-7b"), phase: .decode, batch: 8, prompt: 300, parallelism: Parallelism(tensor: 4), placement: Placement(attention: "pim"), subBatches: 2)
        let graph = try Lower.plan(job, on: Lower.system("neupims", count: 4)).steps[0].graph
        func between(_ name: String, skipping first: Int) throws -> [Set<String>] {
            try graph.nodes.indices.filter { graph.uses[Int(graph.nodes[$0].use)].name == name }.dropFirst(first).dropLast(2).map { node in
                let next = try #require(graph.nodes.indices.first { graph.dependencies(of: $0).contains(Int32(node)) })
                return Set(graph.nodes[node..<next].filter { $0.lane == 0 && $0.stream == .compute }.map { graph.uses[Int($0.use)].name })
            }
        }
        #expect(try between("attention", skipping: 1).allSatisfy { $0.contains("feed-forward.down") })
        #expect(try between("attention.all-reduce", skipping: 1).allSatisfy { $0.contains("attention.qkv") })
        #expect(try between("feed-forward.all-reduce", skipping: 1).allSatisfy { $0.contains("attention.output") })
    }
}
