import Documents

extension Model {
    /// Reads the `config.json` that stands beside the weights of a decoder on Hugging Face.
    ///
    /// `model_type` decides what the keys mean, or the class in `architectures` where it is missing. The language model
    /// of a multimodal configuration is its `text_config`. Keys that say nothing about shapes are passed over; a key
    /// that is left out has the value that `transformers` gives it, but dimensions have to be there.
    ///
    /// - Parameter id: the name to give the model in the library.
    /// - Throws: for a `model_type` that is not supported, a missing or malformed key, and for a variant that a model
    ///   file cannot express.
    public init(huggingFace document: Document, id: String) throws(DocumentError) {
        let config = try HuggingFaceConfig(document)
        if let text = config.document(of: "text_config") {
            try self.init(huggingFace: text, id: id)
        } else {
            self = try config.model(id: id, family: try config.family())
        }
        let path = config.document(of: "_name_or_path").flatMap { try? $0.string() }
        if let path, path.split(separator: "/", omittingEmptySubsequences: false).count == 2, !path.hasPrefix("/"), !path.hasPrefix(".") {
            name = path.split(separator: "/").last.map(String.init) ?? name
            aliases = [path]
        }
        if let flaw = inconsistency {
            throw document.error("it describes a model that cannot be: \(flaw.path.isEmpty ? "" : flaw.path + ": ")\(flaw.message)")
        }
    }
}

/// The members of a `config.json`, by key, with the words to say what is wrong with them.
struct HuggingFaceConfig {
    /// What the `model_type`s are called there.
    enum Family: String, CaseIterable {
        case bloom
        case deepseek2 = "deepseek_v2"
        case deepseek3 = "deepseek_v3"
        case falcon, gemma, gemma2
        case gemma3 = "gemma3_text"
        case gpt2
        case gptNeoX = "gpt_neox"
        case gptOSS = "gpt_oss"
        case gptJ = "gptj"
        case kimi2 = "kimi_k2"
        case llama, mistral, mixtral, opt, phi, phi3, qwen2, qwen3
        case qwen3MoE = "qwen3_moe"

        /// The class that `architectures` names.
        var architecture: String {
            switch self {
            case .bloom: "BloomForCausalLM"
            case .deepseek2: "DeepseekV2ForCausalLM"
            case .deepseek3, .kimi2: "DeepseekV3ForCausalLM"
            case .falcon: "FalconForCausalLM"
            case .gemma: "GemmaForCausalLM"
            case .gemma2: "Gemma2ForCausalLM"
            case .gemma3: "Gemma3ForCausalLM"
            case .gpt2: "GPT2LMHeadModel"
            case .gptNeoX: "GPTNeoXForCausalLM"
            case .gptOSS: "GptOssForCausalLM"
            case .gptJ: "GPTJForCausalLM"
            case .llama: "LlamaForCausalLM"
            case .mistral: "MistralForCausalLM"
            case .mixtral: "MixtralForCausalLM"
            case .opt: "OPTForCausalLM"
            case .phi: "PhiForCausalLM"
            case .phi3: "Phi3ForCausalLM"
            case .qwen2: "Qwen2ForCausalLM"
            case .qwen3: "Qwen3ForCausalLM"
            case .qwen3MoE: "Qwen3MoeForCausalLM"
            }
        }
    }

    let document: Document
    private let members: [String: Document]

    init(_ document: Document) throws(DocumentError) {
        self.document = document
        var members: [String: Document] = [:]
        for member in try document.members() where member.value.json != .null { members[member.key] = member.value }
        self.members = members
    }

    /// The member with this key, nil when it is absent or null.
    func document(of key: String) -> Document? { members[key] }

    func family() throws(DocumentError) -> Family {
        let known = list(Family.allCases.map(\.rawValue))
        if let type = members["model_type"] {
            let word = try type.string()
            guard let family = Family(rawValue: word) else { throw type.error("\"\(word)\" is not supported; use \(known)") }
            return family
        }
        guard let architecture = try members["architectures"]?.array().first else {
            throw document.error("\"model_type\" is missing; use \(known)")
        }
        let word = try architecture.string()
        guard let family = Family.allCases.first(where: { $0.architecture == word }) else {
            throw architecture.error("\"\(word)\" is not supported; use \(list(Family.allCases.map(\.architecture)))")
        }
        return family
    }

    // MARK: Values

    /// A whole number under the first of several names that is there.
    ///
    /// - Parameter value: what it is when no name is there; without one it has to be.
    func integer(_ keys: String..., in range: ClosedRange<Int> = ModelRange.dimension, default value: Int? = nil) throws(DocumentError) -> Int {
        for key in keys {
            if let member = members[key] { return try member.integer(in: range) }
        }
        if let value { return value }
        let others = keys.dropFirst().map { "\"\($0)\"" }
        throw document.error("\"\(keys[0])\"\(others.isEmpty ? "" : " (or \(list(others)))") is missing")
    }

    func flag(_ key: String, default value: Bool) throws(DocumentError) -> Bool {
        try members[key]?.bool() ?? value
    }

    /// The kind of the feed-forward network out of its activation function.
    func kind(_ keys: String..., gated: Bool, default value: FeedForward.Kind) throws(DocumentError) -> FeedForward.Kind {
        guard let member = keys.compactMap({ members[$0] }).first else { return value }
        let word = try member.string()
        switch word {
        case "silu" where gated, "swish" where gated: return .swiglu
        case "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python": return gated ? .geglu : .gelu
        case "relu" where !gated: return .relu
        default:
            throw member.error("\"\(word)\" is not an activation that a \(gated ? "gated" : "plain") feed-forward network has here; "
                + (gated ? "use silu or gelu" : "use gelu or relu"))
        }
    }

    /// Refuses a variant of the architecture that a model file has no word for.
    func refuse(_ key: String, unless usual: Bool, _ why: String) throws(DocumentError) {
        guard let member = members[key], try member.bool() != usual else { return }
        throw member.error("\(!usual) is not supported: \(why)")
    }
}
