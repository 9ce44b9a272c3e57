import Documents

/// The parts that most families share, under the names that most of them give.
extension HuggingFaceConfig {
    func hidden() throws(DocumentError) -> Int {
        switch try family() {
        case .gpt2, .gptJ: try integer("n_embd")
        case .bloom: try integer("hidden_size", "n_embed")
        default: try integer("hidden_size")
        }
    }

    func layers() throws(DocumentError) -> Int { try integer("num_hidden_layers", in: ModelRange.layers) }

    /// - Parameters:
    ///   - tied: whether input and output embeddings are one where nothing is said.
    ///   - vocabulary: tokens where nothing is said; without it something has to be.
    func model(id: String, norm: Model.Norm = .rms, rotary: Bool = true, tied: Bool, vocabulary: Int? = nil,
               decoder: Stack) throws(DocumentError) -> Model {
        Model(id: id, name: id, aliases: [], family: .decoder,
              hidden: try hidden(),
              vocabulary: try integer("vocab_size", default: vocabulary),
              maxContext: try maxContext(),
              tiedEmbeddings: try flag("tie_word_embeddings", default: tied),
              positions: 0, rotary: rotary, norm: norm, encoder: nil, decoder: decoder, image: nil,
              source: source,
              recalled: false)
    }

    var source: String {
        guard case .string(let type) = document(of: "model_type")?.json else { return "Hugging Face config.json" }
        return "Hugging Face config.json of model_type \(type)"
    }

    private func maxContext() throws(DocumentError) -> Int? {
        for key in ["max_position_embeddings", "n_positions", "seq_length"] {
            if let member = document(of: key) { return try member.integer(in: ModelRange.tokens) }
        }
        return nil
    }

    /// Attention over `num_attention_heads`, grouped where `num_key_value_heads` says so; the last three arguments stand
    /// for what the configuration leaves out.
    func attention(bias: Bool = false, outputBias: Bool = false, queryKeyNorm: Bool = false,
                   heads usualHeads: Int? = nil, kvHeads: Int? = nil, headDimension usual: Int? = nil) throws(DocumentError) -> AttentionShape {
        let heads = try integer("num_attention_heads", "n_head", in: ModelRange.heads, default: usualHeads)
        let dimension: Int
        if let member = document(of: "head_dim") {
            dimension = try member.integer(in: ModelRange.dimension)
        } else if let usual {
            dimension = usual
        } else {
            let hidden = try hidden()
            guard hidden % heads == 0 else { throw document.error("\(heads) attention heads do not divide \(hidden) hidden elements") }
            dimension = hidden / heads
        }
        return AttentionShape(
            heads: heads, kvHeads: try integer("num_key_value_heads", in: ModelRange.heads, default: kvHeads ?? heads), headDimension: dimension,
            bias: bias, outputBias: outputBias, queryKeyNorm: queryKeyNorm, window: 0, fullEvery: 1, latent: nil)
    }

    func gated(_ kind: FeedForward.Kind, bias: Bool = false) throws(DocumentError) -> FeedForward {
        FeedForward(kind: try self.kind("hidden_act", "hidden_activation", gated: true, default: kind),
                    dimension: try integer("intermediate_size"), bias: bias)
    }

    func plain(_ activation: String, usual: FeedForward.Kind = .gelu, dimension: Int, bias: Bool = true) throws(DocumentError) -> FeedForward {
        FeedForward(kind: try kind(activation, gated: false, default: usual), dimension: dimension, bias: bias)
    }

    func stack(layers: Int, _ attention: AttentionShape, _ feedForward: FeedForward, experts: Experts? = nil) -> Stack {
        Stack(layers: layers, attention: attention, feedForward: feedForward, experts: experts, crossAttention: false, parallelBlocks: false)
    }

    // MARK: Sliding windows

    /// Sets window and pattern.
    ///
    /// - Parameter every: one layer in so many has full attention where neither `layer_types` nor
    ///   `sliding_window_pattern` says otherwise; 1 when all slide.
    func slide(_ attention: inout AttentionShape, layers: Int, every usual: Int, window: Int? = nil) throws(DocumentError) {
        let width = try integer("sliding_window", in: 0...ModelRange.tokens.upperBound, default: window ?? 0)
        // A window wider than the longest context cuts nothing.
        guard width > 0, width < (try maxContext() ?? .max) else { return }
        var every = try integer("sliding_window_pattern", in: ModelRange.layers, default: usual)
        if let types = document(of: "layer_types") {
            guard let pattern = try period(of: types, layers: layers) else { return }
            every = pattern
        }
        attention.window = width
        attention.fullEvery = every
    }

    /// Every how many layers one has full attention; 1 when all slide, nil when none does.
    private func period(of types: Document, layers: Int) throws(DocumentError) -> Int? {
        var full: [Bool] = []
        for type in try types.array() {
            switch try type.string() {
            case "full_attention": full.append(true)
            case "sliding_attention": full.append(false)
            case let word: throw type.error("\"\(word)\" is not supported; use full_attention or sliding_attention")
            }
        }
        guard full.count == layers else { throw types.error("names \(full.count) layers of \(layers)") }
        guard full.contains(false) else { return nil }
        guard let first = full.firstIndex(of: true) else { return 1 }
        let every = first + 1
        guard full.indices.allSatisfy({ full[$0] == ($0 % every == first) }) else {
            throw types.error("full attention does not come back every \(every) layers; other patterns are not supported")
        }
        return every
    }
}
