import Hardware
import Operators
import Quantities
import Testing
@testable import Workloads

@Suite("What a graph computes and moves is what the model says")
struct LoweringConservationTests {
    /// Parameters of the matrices that one token meets in the layers.
    func layerMatrices(_ model: Model) -> Double {
        let p = model.activeParameters
        let routerBiases = model.decoder.map { stack in stack.experts.map { $0.routerBias ? stack.routedLayers * $0.count : 0 } ?? 0 } ?? 0
        return Double(p.attention + p.feedForward + p.experts + p.sharedExperts + p.router - routerBiases)
    }

    @Test("A prefill computes two operations for every active layer parameter and token, and the head for the last token only",
          arguments: ["llama-3.1-8b", "llama-3.1-70b", "qwen3-0.6b", "opt-1.3b", "falcon-7b", "gemma-2-9b", "mixtral-8x7b", "deepseek-v3", "qwen3-30b-a3b"])
    func prefillFlops(id: String) throws {
        let model = try model(id)
        let plan = try Lower.plan(ModelJob(model: model, phase: .prefill, batch: 4, prompt: 96))
        let graph = plan.steps[0].graph
        let head = 2 * 4 * Double(model.vocabulary * model.hidden)
        let expected: Double = 2 * 4 * 96 * layerMatrices(model) + head
        #expect(abs(graph.total(\.weightFlops) / expected - 1) < 1e-12)
    }

    @Test("Attention of a causal prefill looks at n(n+1)/2 pairs of each head")
    func attentionFlops() throws {
        let model = try model("llama-3.1-8b")
        let graph = try Lower.plan(ModelJob(model: model, phase: .prefill, batch: 2, prompt: 100)).steps[0].graph
        let pairs = 100 * 101 / 2, layers = 32, heads = 32, keyAndValue = 256
        #expect(graph.total(\.attentionFlops) == Double(2 * layers * 2 * pairs * heads * keyAndValue))
    }

    @Test("A decode step reads every weight once but for the embedding table, of which it gathers its rows", arguments: ["llama-3.1-8b", "llama-2-7b", "qwen3-0.6b"])
    func decodeWeights(id: String) throws {
        let model = try model(id)
        let precision = Precision()
        let graph = try Lower.plan(ModelJob(model: model, phase: .decode, batch: 3, prompt: 100)).steps[0].graph
        let table = model.tiedEmbeddings ? 0 : precision.embeddings.bytes(elements: Double(model.parameters.embeddings)).value
        let rows = precision.embeddings.bytes(elements: 3 * Double(model.hidden)).value
        #expect(graph.total(\.weightBytes) == model.weightBytes(precision).value - table + rows)
    }

    @Test("A decode step reads the keys and values of every token it sees, and writes those of the new one")
    func decodeCache() throws {
        let model = try model("llama-3.1-70b")
        let graph = try Lower.plan(ModelJob(model: model, phase: .decode, batch: 5, prompt: 999)).steps[0].graph
        #expect(graph.total(\.cacheReadBytes) == 5 * 1000 * 327_680)
        #expect(graph.total(\.cacheWrittenBytes) == 5 * 327_680)
    }

    @Test("Latent attention reads 70,272 bytes of cache for each token and sequence, whatever the number of heads")
    func latentCache() throws {
        let model = try model("deepseek-v3")
        let graph = try Lower.plan(ModelJob(model: model, phase: .decode, batch: 2, prompt: 511)).steps[0].graph
        #expect(graph.total(\.cacheReadBytes) == 2 * 512 * 70_272)
    }

    @Test("Absorbed latent attention reads the same weights as the expanded form")
    func absorption() throws {
        let model = try model("deepseek-v3")
        let decode = try Lower.plan(ModelJob(model: model, phase: .decode, prompt: 100)).steps[0].graph
        let prefill = try Lower.plan(ModelJob(model: model, phase: .prefill, prompt: 100)).steps[0].graph
        let absorbed = decode.total(named: "attention.query-absorption", \.weightBytes) + decode.total(named: "attention.value-expansion", \.weightBytes)
        #expect(absorbed == prefill.total(named: "attention.key-value-up", \.weightBytes))
        #expect(absorbed > 0)
    }

    @Test("Tensor-parallel ranks add up to the whole: same FLOPs, same weights, same cache", arguments: [2, 4, 8])
    func tensorParallel(ways: Int) throws {
        let model = try model("llama-3.1-70b")
        func graph(_ tensor: Int) throws -> OperatorGraph {
            try Lower.plan(ModelJob(model: model, phase: .decode, batch: 4, prompt: 500, parallelism: Parallelism(tensor: tensor))).steps[0].graph
        }
        let whole = try graph(1), split = try graph(ways)
        #expect(split.total(\.weightFlops) == whole.total(\.weightFlops))
        #expect(split.total(\.attentionFlops) == whole.total(\.attentionFlops))
        #expect(split.total(\.cacheReadBytes) == whole.total(\.cacheReadBytes))
        // Norms stand on every rank.
        let norms = Double((2 * 80 + 1) * 8192 * 2)
        #expect(split.total(\.weightBytes) == whole.total(\.weightBytes) + Double(ways - 1) * norms)
    }

    @Test("More ranks than key-value heads replicate the cache, and no more than that")
    func replicatedHeads() throws {
        let model = try model("llama-3.1-70b")  // 8 key-value heads
        let job = ModelJob(model: model, phase: .decode, prompt: 500, parallelism: Parallelism(tensor: 16))
        let graph = try Lower.plan(job, on: Lower.system(count: 8, nodes: 2)).steps[0].graph
        #expect(graph.total(\.cacheReadBytes) == 2 * 501 * 327_680)
    }

    @Test("Pipeline stages share out the layers, and micro-batches share out the tokens")
    func pipeline() throws {
        let model = try model("llama-3.1-8b")
        func graph(_ stages: Int, _ micro: Int) throws -> OperatorGraph {
            try Lower.plan(ModelJob(model: model, phase: .prefill, batch: 8, prompt: 64, parallelism: Parallelism(pipeline: stages), microBatches: micro)).steps[0].graph
        }
        let one = try graph(1, 1), four = try graph(4, 4)
        #expect(four.total(\.weightFlops) == one.total(\.weightFlops))
        #expect(four.lanes.count == 4)
        #expect(four.nodes(named: "pipeline.send").count == 3 * 4)
        #expect(four.nodes(named: "attention").count == 32 * 4)
    }

    @Test("Without fusion the same products are computed, and the scores travel through memory")
    func unfused() throws {
        let model = try model("llama-3.1-8b")
        let job = ModelJob(model: model, phase: .decode, batch: 2, prompt: 499)
        let fused = try Lower.plan(job).steps[0].graph
        let eager = try Lower.plan(job, under: Lower.runtime([])).steps[0].graph
        #expect(eager.total(\.weightFlops) == fused.total(\.weightFlops))
        #expect(eager.total(\.cacheReadBytes) == fused.total(\.cacheReadBytes))
        let scores = eager.total(named: "attention.scores", \.operations) + eager.total(named: "attention.values", \.operations)
        #expect(scores == fused.total(\.attentionFlops))
        #expect(eager.total(named: "attention.softmax", \.activationBytes) == Double(32 * 2 * 32 * 500 * 2 * 2))  // layers, sequences, heads, context; read and written, 2 bytes
        #expect(eager.nodes.count > fused.nodes.count)
    }

    @Test("A sub-batch reads the weights again and splits everything else")
    func subBatches() throws {
        let model = try model("gpt3-7b")
        let npu = try Lower.system("neupims", count: 1)
        func graph(_ parts: Int) throws -> OperatorGraph {
            try Lower.plan(ModelJob(model: model, phase: .decode, batch: 8, prompt: 300, placement: Placement(attention: "pim"), subBatches: parts), on: npu).steps[0].graph
        }
        let one = try graph(1), two = try graph(2)
        #expect(two.total(\.weightFlops) == one.total(\.weightFlops))
        #expect(two.total(\.attentionFlops) == one.total(\.attentionFlops))
        #expect(two.lanes.map(\.engine) == [nil, .bank])
        let matrices = one.total(\.matrixBytes)
        #expect(two.total(\.matrixBytes) == 2 * matrices)
    }
}
