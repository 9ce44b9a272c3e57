import Documents
import Hardware
import Quantities
import Testing
@testable import Workloads

@Suite("Models")
struct ModelTests {
    @Test("Every shipped model reads, is its own file's id and has a source", arguments: shippedModels)
    func reads(_ id: String) throws {
        let model = try model(id)
        #expect(model.id == id)
        #expect(!model.source.isEmpty)
        #expect(model.parameters.total > 10_000_000)
    }

    @Test("A model written as JSON reads back equal", arguments: shippedModels)
    func roundTrip(_ id: String) throws {
        let model = try model(id)
        let text = model.json.text()
        let again = try Model(reading: Document(file: "again.json", text: text.utf8), id: id)
        #expect(again == model)
        #expect(again.json.text() == text)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 || $0.contains("\"source\"") || $0.contains("\"aliases\"") })
    }

    @Test("At least forty models are shipped, of every family, and no two share a name")
    func library() throws {
        #expect(shippedModels.count >= 40)
        let models = try shippedModels.map(model)
        #expect(Set(models.map(\.family)) == Set(Model.Family.allCases))
        let names = models.flatMap { [$0.id] + $0.aliases }
        let keys = names.map { $0.lowercased().filter { !"-_ ".contains($0) } }  // what a look-up compares
        #expect(Set(keys).count == keys.count)
    }

    @Test("A model is found by id, by alias whatever its case and dashes, by repository and by path", arguments: [
        "llama-3.1-8b", "LLAMA 3.1_8B", "meta-llama/Llama-3.1-8B", "meta-llama/Meta-Llama-3.1-8B",
    ])
    func lookUp(_ name: String) throws {
        let library = try Library(root.path)
        let expected = try model("llama-3.1-8b")
        #expect(try library.model(name) == expected)
        #expect(try library.model(root.appending(path: "Workloads/models/llama-3.1-8b.json").path) == expected)
    }

    @Test("A name that no model has is answered with those that were probably meant")
    func unknownName() throws {
        let library = try Library(root.path)
        let error = #expect(throws: DocumentError.self) { try library.model("lama-3.1-8b") }
        #expect(error?.description.contains("did you mean \"llama-3.1-8b\"") == true)
    }

    // Sums over the tensors of the released weights, except Switch-Base and the DeepSeek models: by hand from the dimensions.
    @Test("Parameters come out to the last one", arguments: [
        ("llama-2-7b", 6_738_415_616), ("llama-3.1-8b", 8_030_261_248), ("llama-3.1-70b", 70_553_706_496),
        ("llama-3.1-405b", 405_853_388_800), ("llama-3.2-1b", 1_235_814_400), ("mistral-7b-v0.1", 7_241_732_096),
        ("mixtral-8x7b", 46_702_792_704), ("qwen2.5-7b", 7_615_616_512), ("qwen3-8b", 8_190_735_360),
        ("qwen3-235b-a22b", 235_093_634_560), ("deepseek-v3", 671_026_419_200), ("gpt-oss-120b", 116_829_156_672),
        ("gpt-oss-20b", 20_914_757_184), ("gemma-2-9b", 9_241_705_984), ("phi-2", 2_779_683_840), ("phi-3-mini", 3_821_079_552),
        ("pythia-6.9b", 6_857_302_016), ("bloom-176b", 176_247_271_424), ("gpt2", 124_439_808), ("opt-125m", 125_239_296),
        ("bert-base", 109_482_240), ("vit-b16", 86_567_656), ("t5-base", 222_903_552), ("t5-11b", 11_307_321_344),
        ("switch-base-8", 619_339_008),
    ])
    func exactParameters(_ id: String, _ count: Int) throws {
        #expect(try model(id).parameters.total == count)
    }

    /// Totals and active parameters in 10⁹, cache elements of one token: computed apart from this code, from matrices and
    /// embeddings alone, so that norms and biases may add a thousandth.
    @Test("Matrices and embeddings make up the whole but for norms and biases", arguments: [
        ("llama-2-70b", 68.975, 68.975, 163_840), ("llama-3.1-405b", 405.849, 405.849, 258_048), ("falcon-40b", 41.301, 41.301, 61_440),
        ("falcon-180b", 178.552, 178.552, 81_920), ("mixtral-8x22b", 140.629, 39.161, 114_688), ("qwen3-30b-a3b", 30.532, 3.353, 49_152),
        ("qwen3-235b-a22b", 235.093, 22.19, 96_256), ("deepseek-v2", 235.741, 21.375, 34_560), ("deepseek-v2-lite", 15.706, 2.661, 15_552),
        ("deepseek-v3", 671.025, 37.551, 35_136), ("kimi-k2.5", 1026.407, 32.86, 35_136), ("gpt-oss-120b", 116.789, 5.71, 36_864),
        ("opt-30b", 29.97, 29.97, 688_128), ("gpt3-175b", 174.589, 174.589, 2_359_296), ("t5-large", 0.738, 0.738, 49_152),
        ("switch-large-128", 26.306, 0.74, 49_152), ("mt-nlg-530b", 530.583, 530.583, 4_300_800),
    ])
    func agreesWithOtherArithmetic(_ id: String, _ total: Double, _ active: Double, _ cache: Int) throws {
        let model = try model(id)
        #expect(abs(Double(model.parameters.total) / 1e9 / total - 1) < 0.0012)
        #expect(abs(Double(model.activeParameters.total) / 1e9 / active - 1) < 0.0012)
        #expect(model.cacheElementsPerToken == cache)
    }

    @Test("DeepSeek-V3 has 671.0 B parameters, of which a token meets 37.6 B")
    func deepSeek() throws {
        let model = try model("deepseek-v3")
        #expect(ParameterCount(Double(model.parameters.total)).description == "671 B")
        #expect(fixed(Double(model.activeParameters.total) / 1e9, decimals: 1) == "37.6")
        // 58 layers of 256 experts, each three matrices of 7168 × 2048.
        #expect(model.parameters.experts == 58 * 256 * 3 * 7168 * 2048)
        #expect(model.activeParameters.experts == 58 * 8 * 3 * 7168 * 2048)
        #expect(model.decoder?.routedLayers == 58)
    }

    @Test("Routed layers are those that route, counted one by one", arguments: shippedModels)
    func routedLayers(_ id: String) throws {
        let model = try model(id)
        for stack in [model.encoder, model.decoder].compactMap({ $0 }) {
            #expect(stack.routedLayers == (0..<stack.layers).count { stack.routes($0) })
        }
    }

    @Test("Tied embeddings leave nothing for the output head")
    func tied() throws {
        #expect(try model("llama-3.2-1b").parameters.outputHead == 0)
        #expect(try model("llama-3.1-8b").parameters.outputHead == 4096 * 128_256)
    }
}

@Suite("Memory of a model")
struct ModelMemoryTests {
    private func precision(_ weights: TensorFormat, embeddings: TensorFormat = .bf16) -> Precision {
        Precision(weights: weights, activations: .bf16, cache: .bf16, embeddings: embeddings, experts: weights, math: nil)
    }

    @Test("A token takes 70,272 bytes of bf16 cache in DeepSeek-V3 and 327,680 in Llama-3.1-70B")
    func cache() throws {
        #expect(try model("deepseek-v3").cacheBytesPerToken(.bf16) == Bytes(70_272))
        #expect(try model("llama-3.1-70b").cacheBytesPerToken(.bf16) == Bytes(327_680))
        #expect(try model("bert-base").cacheBytesPerToken(.bf16) == .zero)
    }

    @Test("OPT-175B at 3 bit fits 80 GB, at 16 bit it takes 349 GB")
    func opt() throws {
        let model = try model("opt-175b")
        let narrow = model.weightBytes(precision(TensorFormat(bits: 3))), wide = model.weightBytes(precision(.bf16))
        #expect((65e9...67e9).contains(narrow.value))
        #expect(wide == Bytes(2 * Double(model.parameters.total)))
        // Matrices at 3 bit; tables, norms and biases at 16.
        let p = model.parameters
        let expected = 3 * (p.attention + p.feedForward) + 16 * (p.embeddings + p.norms + p.biases)
        #expect(narrow == Bytes(Double(expected) / 8))
    }

    @Test("Scales of a group count as weights: int4 in groups of 128 takes 4.125 bit an element")
    func groups() throws {
        let model = try model("llama-3.1-8b"), p = model.parameters
        let int4 = try TensorFormat(parsing: "int4/g128")
        let matrices = Double(p.attention + p.feedForward) * 4.125 / 8
        #expect(model.weightBytes(precision(int4)) == Bytes(matrices + 2 * Double(p.embeddings + p.outputHead + p.norms)))
    }

    @Test("Experts in their own format leave everything else as it was")
    func experts() throws {
        let model = try model("mixtral-8x7b")
        var half = precision(.bf16)
        half.experts = .fp8
        #expect(model.weightBytes(precision(.bf16)) - model.weightBytes(half) == Bytes(Double(model.parameters.experts)))
    }

    @Test("A sliding window stops the cache of its layers from growing")
    func windows() throws {
        let gemma = try model("gemma-2-9b")
        let token = Double(gemma.cacheElementsPerToken)
        #expect(gemma.cacheElements(context: 4096) == 4096 * token)
        // From there on, only every other layer grows.
        #expect(gemma.cacheElements(context: 8192) - gemma.cacheElements(context: 4096) == 4096 * token / 2)
        let mistral = try model("mistral-7b-v0.1")
        #expect(mistral.cacheElements(context: 32_768) == mistral.cacheElements(context: 4096))
        let llama = try model("llama-3.1-8b")
        #expect(llama.cacheElements(context: 131_072) == 131_072 * Double(llama.cacheElementsPerToken))
    }

    @Test("Gemma 3 has full attention in layers 5, 11, 17 and so on")
    func pattern() throws {
        let decoder = try #require(try model("gemma-3-12b").decoder)
        #expect((0..<decoder.layers).filter { decoder.window($0) == 0 } == Array(stride(from: 5, to: 48, by: 6)))
    }
}
