import Documents
import Hardware
import Operators
import Quantities
import Testing
@testable import Workloads

@Suite("Passes, phases and families")
struct LoweringShapeTests {
    @Test("A generation is a prefill and output − 1 decode steps, sampled at five contexts from first to last")
    func generate() throws {
        let plan = try Lower.plan(ModelJob(model: try model("llama-3.2-1b"), phase: .generate, batch: 3, prompt: 100, output: 41))
        #expect(plan.steps.map(\.phase) == [.prefill, .decode(context: 101), .decode(context: 110), .decode(context: 120), .decode(context: 130), .decode(context: 140)])
        #expect(plan.decodeSteps == 40 && plan.firstContext == 101 && plan.lastContext == 140 && plan.sequences == 3)
    }

    @Test("Few decode steps are all simulated; one token needs none", arguments: [(1, 0), (2, 1), (4, 3), (6, 5), (7, 5)])
    func fewSteps(output: Int, samples: Int) throws {
        let plan = try Lower.plan(ModelJob(model: try model("llama-3.2-1b"), phase: .generate, prompt: 10, output: output))
        #expect(plan.steps.count == 1 + samples && plan.decodeSteps == output - 1)
    }

    @Test("A longer prompt never computes, reads or keeps less", arguments: ["llama-3.1-8b", "gemma-2-9b", "deepseek-v2-lite", "mixtral-8x7b", "t5-base"])
    func monotone(id: String) throws {
        let model = try model(id)
        for phase in [ModelJob.Phase.prefill, .decode] {
            var last = (flops: 0.0, bytes: 0.0, kept: 0.0)
            for prompt in [1, 2, 3, 7, 16, 100, 129, 500, 511] {
                let plan = try Lower.plan(ModelJob(model: model, phase: phase, batch: 2, prompt: prompt))
                let graph = plan.steps[0].graph
                let now = (flops: graph.flops.value, bytes: graph.memoryBytes.value, kept: plan.allocations.reduce(0) { $0 + $1.bytesPerDevice.value })
                #expect(now.flops >= last.flops && now.bytes >= last.bytes && now.kept >= last.kept)
                last = now
            }
        }
    }

    @Test("An encoder-decoder's prefill runs its encoder over the prompt and its decoder over one start token")
    func encoderDecoder() throws {
        let model = try model("t5-base")
        let plan = try Lower.plan(ModelJob(model: model, phase: .generate, batch: 2, prompt: 64, output: 3))
        #expect(plan.steps.map(\.phase) == [.prefill, .decode(context: 2), .decode(context: 3)])
        let encoder = try #require(model.encoder), decoder = try #require(model.decoder)
        func matrices(_ stack: Stack) -> Double {
            let p = stack.parameters(hidden: model.hidden, norm: model.norm)
            return Double(p.attention + p.feedForward - stack.attention.relativeBuckets * stack.attention.heads)
        }
        let d = stackWidth(decoder), head = Double(model.vocabulary * model.hidden)
        // Keys and values of the cross-attention are made of every prompt token, once.
        let cross = Double(decoder.layers * 2 * model.hidden * d)
        let prefill = 2 * 2 * (64 * matrices(encoder) + (matrices(decoder) - cross) + 64 * cross + head)
        #expect(abs(plan.steps[0].graph.total(\.weightFlops) / prefill - 1) < 1e-12)
        let step = 2 * 2 * (matrices(decoder) - cross + head)
        #expect(abs(plan.steps[1].graph.total(\.weightFlops) / step - 1) < 1e-12)
        // Each step sees 64 encoder tokens beside its own.
        #expect(plan.steps[1].graph.total(\.cacheReadBytes) == Double(2 * decoder.layers * (64 + 2) * 2 * d * 2))
    }

    private func stackWidth(_ stack: Stack) -> Int { stack.attention.kvHeads * stack.attention.headDimension }

    @Test("Encoders look both ways and cache nothing", arguments: ["bert-base", "vit-b16"])
    func encoders(id: String) throws {
        let model = try model(id), tokens = model.image?.tokens ?? 128
        let graph = try Lower.plan(ModelJob(model: model, phase: .prefill, batch: 4, prompt: tokens)).steps[0].graph
        for node in graph.nodes(named: "attention") {
            guard case .attention(let attention) = graph.operation(of: node) else { Issue.record("no attention"); continue }
            #expect(!attention.causal && attention.pairs == Double(tokens * tokens))
        }
        #expect(graph.total(\.cacheWrittenBytes) == 0)
        #expect(graph.nodes(named: "sampling").isEmpty)
        let encoder = try #require(model.encoder)
        let p = encoder.parameters(hidden: model.hidden, norm: model.norm)
        var expected = 2 * 4 * Double(tokens) * Double(p.attention + p.feedForward)
        if let image = model.image {
            expected += 2 * 4 * 196 * Double(model.hidden * image.patch * image.patch * image.channels)
            expected += 2 * 4 * Double(model.hidden * model.vocabulary)
        } else {
            expected += 2 * 4 * Double(model.hidden * model.hidden)  // the pooler
        }
        #expect(abs(graph.total(\.weightFlops) / expected - 1) < 1e-12)
    }

    @Test("A sliding window bounds what its layers read in a decode step, every other layer of Gemma 2")
    func window() throws {
        let model = try model("gemma-2-9b")
        let graph = try Lower.plan(ModelJob(model: model, phase: .decode, prompt: 7999)).steps[0].graph
        #expect(graph.total(\.cacheReadBytes) == model.cacheElements(context: 8000) * 2)
    }

    @Test("Parallel blocks share one exchange, sequential ones need two")
    func parallelBlocks() throws {
        func exchanges(_ id: String, _ tensor: Int) throws -> Int {
            let graph = try Lower.plan(ModelJob(model: try model(id), phase: .decode, prompt: 10, parallelism: Parallelism(tensor: tensor))).steps[0].graph
            return graph.nodes.count { node in if case .collective(let o) = graph.operation(of: node) { o.kind == .allReduce && node.layer >= 0 } else { false } }
        }
        #expect(try exchanges("falcon-40b", 8) == 60)
        #expect(try exchanges("llama-3.1-8b", 8) == 64)
    }

    @Test("A layer's exchanges carry the hidden state of every token, and ranks of two nodes say so")
    func exchangeBytes() throws {
        let job = ModelJob(model: try model("llama-3.1-70b"), phase: .prefill, batch: 2, prompt: 50, parallelism: Parallelism(tensor: 16))
        let graph = try Lower.plan(job, on: Lower.system(count: 8, nodes: 2)).steps[0].graph
        guard case .collective(let exchange) = graph.operation(of: graph.nodes(named: "attention.all-reduce")[0]) else { Issue.record("no collective"); return }
        #expect(exchange == Collective(.allReduce, participants: 16, participantsPerNode: 8, bytes: Bytes(2 * 50 * 8192 * 2), format: .bf16))
    }

    @Test("Weights of a narrower format are read narrow and multiplied wide, unless the arithmetic is said to be narrow")
    func formats() throws {
        func first(_ precision: Precision) throws -> Matmul {
            let graph = try Lower.plan(ModelJob(model: try model("llama-3.1-8b"), phase: .decode, prompt: 10, precision: precision)).steps[0].graph
            guard case .matmul(let product) = graph.operation(of: graph.nodes(named: "attention.qkv")[0]) else { throw Missing() }
            return product
        }
        #expect(try first(Precision(weights: .fp8)).math == .bf16)
        #expect(try first(Precision(weights: .fp8)).dequantises)
        #expect(try first(Precision(weights: .fp8, math: .fp8)).math == .fp8)
    }

    struct Missing: Error {}

    @Test("Every node waits only for nodes before it, and every layer is there", arguments: ["llama-3.1-8b", "deepseek-v3", "t5-base"])
    func order(id: String) throws {
        let model = try model(id)
        let graph = try Lower.plan(ModelJob(model: model, phase: .decode, batch: 8, prompt: 20)).steps[0].graph
        #expect(Set(graph.nodes.map(\.layer)) == Set([-1] + (0..<Int16(model.decoder?.layers ?? 0))))
        #expect(graph.nodes.indices.allSatisfy { node in graph.dependencies(of: node).allSatisfy { $0 < node } })
    }

    @Test("Every model of the library lowers, fused and unfused, to the same operations on weights", arguments: shippedModels)
    func everyModel(id: String) throws {
        let model = try model(id), prompt = model.image?.tokens ?? 24
        for phase in ModelJob.Phase.allCases where phase != .train && (phase == .prefill || model.decoder != nil) {
            let job = ModelJob(model: model, phase: phase, batch: 4, prompt: prompt, output: phase == .generate ? 3 : 1, subBatches: 2)
            let fused = try Lower.plan(job), eager = try Lower.plan(job, under: Lower.runtime([], copies: false, collectives: false))
            #expect(fused.steps.count == eager.steps.count)
            for (a, b) in zip(fused.steps, eager.steps) { #expect(a.graph.total(\.weightFlops) == b.graph.total(\.weightFlops)) }
        }
    }

    @Test("However devices share a model, each stage uses them all and the layers compute the same", arguments: [
        Parallelism(), Parallelism(tensor: 2, expert: 2), Parallelism(tensor: 2, pipeline: 2, expert: 4, data: 2), Parallelism(pipeline: 8),
        Parallelism(tensor: 4, expert: 8, data: 2), Parallelism(expert: 4, data: 8), Parallelism(pipeline: 3, expert: 2, data: 2), Parallelism(tensor: 4, expert: 2),
    ])
    func allDevices(p: Parallelism) throws {
        let model = try model("qwen3-30b-a3b")
        let job = ModelJob(model: model, phase: .prefill, batch: 16, prompt: 8, parallelism: p, routing: .zipf(exponent: 1), microBatches: 2)
        let graph = try Lower.plan(job, on: Lower.system(count: 8, nodes: 2)).steps[0].graph
        #expect(graph.lanes.reduce(0) { $0 + $1.multiplicity } == p.devices)
        let whole = try Lower.plan(ModelJob(model: model, phase: .prefill, batch: 16, prompt: 8)).steps[0].graph
        // Routers see a replica's tokens on every rank that has them all; everything else is divided.
        func products(_ graph: OperatorGraph) -> Double { graph.total(\.weightFlops) - graph.total(named: "experts.router", \.operations) }
        #expect(abs(products(graph) / products(whole) - 1) < 1e-12)
    }

    // MARK: What the system refuses

    @Test("A job that does not fit the system is refused in words", arguments: [
        (ModelJobText.tensor16, "job.json: parallelism: tensor 16 × pipeline 1 × data 1 takes 16 devices, but \"test\" has 8 of \"gpu\""),
        (ModelJobText.unknownGroup, "job.json: placement.weights: \"test\" has no group \"hots\"; did you mean \"host\"?"),
        (ModelJobText.unknownAttention, "job.json: placement.attention: \"test\" has no group \"pim\"; use \"device\", \"gpu\", \"host\" or \"ssd\""),
        (ModelJobText.storageAttends, "job.json: placement.attention: \"ssd\" is Samsung 980 PRO 1 TB, which stores but does not compute"),
        (ModelJobText.cacheApart, "job.json: placement.cache: attention runs on \"host\", so the cache has to be there as a whole; leave \"cache\" out or write \"host\""),
        (ModelJobText.participants, "job.json: operator.participants: 16 devices take part, but \"test\" has 8 of \"gpu\""),
        (ModelJobText.copyNowhere, "job.json: operator.to: \"test\" has no group \"disk\"; use \"device\", \"gpu\", \"host\" or \"ssd\""),
        (ModelJobText.copyHome, "job.json: operator.to: \"gpu\" is where the bytes come from"),
    ])
    func refused(text: String, message: String) throws {
        let system = try Lower.system(extra: #""ssd": { "spec": "samsung-980pro" }"#), runtime = try Lower.runtime()
        let job = try job(text)
        #expect { try Plan(lowering: job, onto: system, under: runtime) } throws: { "\($0)" == message }
    }

    enum ModelJobText {
        static let tensor16 = #"{ "model": "llama-3.1-8b", "phase": "decode", "prompt": 9, "parallelism": { "tensor": 16 } }"#
        static let unknownGroup = #"{ "model": "llama-3.1-8b", "phase": "decode", "prompt": 9, "placement": { "weights": "hots" } }"#
        static let unknownAttention = #"{ "model": "llama-3.1-8b", "phase": "decode", "prompt": 9, "placement": { "attention": "pim" } }"#
        static let storageAttends = #"{ "model": "llama-3.1-8b", "phase": "decode", "prompt": 9, "placement": { "attention": "ssd" } }"#
        static let cacheApart = #"{ "model": "llama-3.1-8b", "phase": "decode", "prompt": 9, "placement": { "attention": "host", "cache": "ssd" } }"#
        static let participants = #"{ "operator": { "kind": "collective", "operation": "all-reduce", "participants": 16, "bytes": "1 MiB" } }"#
        static let copyNowhere = #"{ "operator": { "kind": "copy", "from": "host", "to": "disk", "bytes": "1 MiB" } }"#
        static let copyHome = #"{ "operator": { "kind": "copy", "from": "device", "to": "gpu", "bytes": "1 MiB" } }"#
    }

    @Test("A runtime for other devices is refused")
    func wrongRuntime() throws {
        let runtime = try Lower.library.get().runtime("llama-cpp-cpu")
        let job = try job(#"{ "model": "llama-3.1-8b", "phase": "decode", "prompt": 9 }"#)
        #expect { try Plan(lowering: job, onto: Lower.system(), under: runtime) } throws: {
            "\($0)" == "job.json: the runtime \"llama-cpp-cpu\" runs on cpu, but \"h100-sxm\" is a gpu"
        }
    }

    @Test("A single operator is lowered so many times, one after the other, and states what lies in memory")
    func single() throws {
        let job = try job(#"{ "operator": { "kind": "gemm", "m": 8, "n": 16, "k": 32 }, "repetitions": 3 }"#)
        let plan = try Plan(lowering: job, onto: Lower.system(), under: Lower.runtime())
        let graph = plan.steps[0].graph
        #expect(plan.steps.map(\.phase) == [.single] && graph.nodes.count == 3 && graph.flops.value == 3 * 2 * 8 * 16 * 32)
        #expect(graph.dependencies(of: 2).map { $0 } == [1])
        #expect(plan.allocations.first { $0.kind == .weights }?.bytesPerDevice == Bytes(16 * 32 * 2))
    }
}
