import Documents
import Foundation
import Testing
@testable import Workloads

private let fixtures = "Tests/WorkloadsTests/Fixtures/huggingface"

private let imported: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: fixtures).path)) ?? [])
    .map { String($0.dropLast(5)) }.sorted()

private func config(_ text: String) throws -> Model {
    try Model(huggingFace: Document(file: "config.json", text: text.utf8), id: "test")
}

/// The fixture with one member replaced, or removed for nil.
private func changed(_ id: String, _ key: String, to value: JSON?) throws -> Document {
    let document = try document(at: "\(fixtures)/\(id).json")
    guard case .object(let members) = document.json else { return document }
    let rest = members.filter { $0.key != key }
    return Document(file: "config.json", json: .object(rest + (value.map { [JSON.Member(key: key, value: $0)] } ?? [])))
}

@Suite("Hugging Face configurations")
struct HuggingFaceTests {
    @Test("A configuration gives the model that is shipped under its name", arguments: imported)
    func equalsShipped(_ id: String) throws {
        var fromConfig = try Model(huggingFace: document(at: "\(fixtures)/\(id).json"), id: id)
        let shipped = try model(id)
        #expect(fromConfig.parameters == shipped.parameters)
        fromConfig.name = shipped.name
        fromConfig.aliases = shipped.aliases
        fromConfig.source = shipped.source
        fromConfig.recalled = shipped.recalled
        #expect(fromConfig == shipped)
    }

    @Test("Every supported family has a configuration that is tested")
    func everyFamily() throws {
        var seen: Set<String> = []
        for id in imported {
            let config = try HuggingFaceConfig(document(at: "\(fixtures)/\(id).json"))
            let inner = try config.document(of: "text_config").map { document in try HuggingFaceConfig(document) } ?? config
            seen.insert(try inner.family().rawValue)
        }
        #expect(seen == Set(HuggingFaceConfig.Family.allCases.map(\.rawValue)))
    }

    @Test("An imported model writes a model file that reads back equal", arguments: imported)
    func roundTrip(_ id: String) throws {
        let model = try Model(huggingFace: document(at: "\(fixtures)/\(id).json"), id: id)
        #expect(try Model(reading: Document(file: "model.json", text: model.json.text().utf8), id: id) == model)
    }

    @Test("Without model_type, the class in architectures decides")
    func architectures() throws {
        let model = try Model(huggingFace: changed("qwen3-8b", "model_type", to: nil), id: "qwen3-8b")
        #expect(model.decoder?.attention.queryKeyNorm == true)
    }

    @Test("The repository a configuration names becomes name and alias; a folder does not")
    func names() throws {
        let model = try Model(huggingFace: changed("gpt2", "_name_or_path", to: .string("openai-community/gpt2")), id: "x")
        #expect(model.name == "gpt2")
        #expect(model.aliases == ["openai-community/gpt2"])
        #expect(try Model(huggingFace: changed("gpt2", "_name_or_path", to: .string("./gpt2")), id: "x").aliases.isEmpty)
    }

    @Test("A window wider than the longest context is none")
    func wideWindow() throws {
        let model = try Model(huggingFace: changed("phi-3-mini", "sliding_window", to: .number("262144")), id: "x")
        #expect(model.decoder?.attention.window == 0)
    }

    @Test("Falcon-RW runs its blocks in turn, with every head its own keys, biases and no rotary positions")
    func falconRW() throws {
        let model = try config("""
            { "model_type": "falcon", "alibi": true, "bias": true, "hidden_size": 2048, "multi_query": false, "num_attention_heads": 32,
              "num_hidden_layers": 24, "parallel_attn": false, "vocab_size": 50304, "max_position_embeddings": 2048 }
            """)
        #expect(model.parameters.total == 1_311_625_216)
        #expect(model.decoder?.norms == 2)
        #expect(model.decoder?.parallelBlocks == false)
        #expect(!model.rotary)
    }

    @Test("What a configuration lacks or cannot mean is named", arguments: [
        ("qwen3-8b", "hidden_size", nil, "config.json: \"hidden_size\" is missing"),
        ("gpt2", "n_layer", nil, "config.json: \"n_layer\" is missing"),
        ("bloom-176b", "n_embed", nil, "config.json: \"hidden_size\" (or \"n_embed\") is missing"),
        ("gpt-oss-20b", "num_local_experts", nil, "config.json: \"num_local_experts\" (or \"num_experts\") is missing"),
        ("deepseek-v3", "kv_lora_rank", nil, "config.json: \"kv_lora_rank\" is missing"),
        ("qwen3-8b", "hidden_size", .string("4096"), "config.json: hidden_size: is a string; write a whole number"),
        ("qwen3-8b", "num_hidden_layers", .number("-1"), "config.json: num_hidden_layers: -1 is out of range; use 1 to 10000"),
        ("llama-3.1-8b", "num_attention_heads", .number("30"), "config.json: 30 attention heads do not divide 4096 hidden elements"),
        ("llama-3.1-8b", "num_key_value_heads", .number("5"),
         "config.json: it describes a model that cannot be: decoder.attention.kvHeads: 5 does not divide 32 heads; use 1, 2, 4, 8, 16 or 32"),
        ("llama-3.1-8b", "hidden_act", .string("gelu_quick"),
         "config.json: hidden_act: \"gelu_quick\" is not an activation that a gated feed-forward network has here; use silu or gelu"),
        ("opt-6.7b", "word_embed_proj_dim", .number("512"),
         "config.json: word_embed_proj_dim: embeddings of another width than 4096 hidden elements are not supported"),
        ("deepseek-v3", "attention_bias", .bool(true),
         "config.json: attention_bias: true is not supported: latent attention has no biases here"),
        ("deepseek-v3", "moe_layer_freq", .number("2"),
         "config.json: moe_layer_freq: only 1 is supported: every layer behind the first dense ones routes"),
        ("qwen3-30b-a3b", "mlp_only_layers", .array([.number("3")]),
         "config.json: mlp_only_layers: dense layers at chosen places are not supported"),
        ("gpt-oss-20b", "layer_types", .array([.string("sliding_attention")]), "config.json: layer_types: names 1 layers of 24"),
        ("mixtral-8x7b", "num_experts_per_tok", .number("9"),
         "config.json: it describes a model that cannot be: decoder.experts.topK: 9 is more than the 8 experts there are"),
    ] as [(String, String, JSON?, String)])
    func refuses(_ id: String, _ key: String, _ value: JSON?, _ message: String) throws {
        let document = try changed(id, key, to: value)
        let error = #expect(throws: DocumentError.self) { try Model(huggingFace: document, id: id) }
        #expect(error?.description == message)
    }

    @Test("An architecture that is not supported is answered with those that are")
    func unsupported() throws {
        let error = #expect(throws: DocumentError.self) { try config("{ \"model_type\": \"mamba2\", \"hidden_size\": 4096 }") }
        #expect(error?.description == "config.json: model_type: \"mamba2\" is not supported; use bloom, deepseek_v2, deepseek_v3, falcon, "
            + "gemma, gemma2, gemma3_text, gpt2, gpt_neox, gpt_oss, gptj, kimi_k2, llama, mistral, mixtral, opt, phi, phi3, qwen2, qwen3 or qwen3_moe")
        #expect(throws: DocumentError.self) { try config("{ \"hidden_size\": 4096 }") }
        #expect(throws: DocumentError.self) { try config("[]") }
        #expect(throws: DocumentError.self) { try config("{ \"text_config\": 3 }") }
    }
}
