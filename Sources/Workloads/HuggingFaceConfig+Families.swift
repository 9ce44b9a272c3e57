import Documents

/// One function per architecture. What is not in the configuration (which norms, biases and gates there are) is as the
/// model's class in huggingface/transformers builds it, `src/transformers/models`.
extension HuggingFaceConfig {
    func model(id: String, family: Family) throws(DocumentError) -> Model {
        switch family {
        case .llama: try llama(id)
        case .mistral, .phi3: try mistral(id)
        case .mixtral: try mixtral(id)
        case .qwen2: try qwen(id, bias: true)
        case .qwen3, .qwen3MoE: try qwen(id, queryKeyNorm: true, routes: family == .qwen3MoE)
        case .phi: try phi(id)
        case .gemma: try gemma(id, norms: 2)
        case .gemma2: try gemma(id, norms: 4)
        case .gemma3: try gemma3(id)
        case .deepseek2: try deepseek(id, correctsRouter: false)
        case .deepseek3, .kimi2: try deepseek(id, correctsRouter: true)
        case .gptOSS: try gptOSS(id)
        case .opt: try opt(id)
        case .gpt2: try gpt2(id)
        case .gptJ: try gptJ(id)
        case .gptNeoX: try gptNeoX(id)
        case .falcon: try falcon(id)
        case .bloom: try bloom(id)
        }
    }

    // MARK: RMS norm, gated feed-forward, rotary positions

    private func llama(_ id: String) throws(DocumentError) -> Model {
        let bias = try flag("attention_bias", default: false)
        let feedForward = try gated(.swiglu, bias: try flag("mlp_bias", default: false))
        return try model(id: id, tied: false, decoder: stack(layers: try layers(), try attention(bias: bias, outputBias: bias), feedForward))
    }

    private func mistral(_ id: String) throws(DocumentError) -> Model {
        let layers = try layers()
        var attention = try attention()
        try slide(&attention, layers: layers, every: 1)
        return try model(id: id, tied: false, decoder: stack(layers: layers, attention, try gated(.swiglu)))
    }

    private func mixtral(_ id: String) throws(DocumentError) -> Model {
        var model = try mistral(id)
        model.decoder?.experts = Experts(
            count: try integer("num_local_experts", in: ModelRange.experts), topK: try integer("num_experts_per_tok", in: ModelRange.experts),
            dimension: try integer("intermediate_size"))
        return model
    }

    private func qwen(_ id: String, bias: Bool = false, queryKeyNorm: Bool = false, routes: Bool = false) throws(DocumentError) -> Model {
        let layers = try layers()
        let both = try flag("attention_bias", default: false)
        var attention = try attention(bias: bias || both, outputBias: both, queryKeyNorm: queryKeyNorm)
        if try flag("use_sliding_window", default: false) {
            let first = try integer("max_window_layers", in: 0...ModelRange.layers.upperBound)
            guard first == 0 || first >= layers || document(of: "layer_types") != nil else {
                throw document.error("max_window_layers", "\(first) of \(layers) layers with full attention first are not supported")
            }
            if first < layers { try slide(&attention, layers: layers, every: 1) }
        }
        var experts: Experts?
        if routes {
            guard try document(of: "mlp_only_layers")?.array().isEmpty ?? true else {
                throw document.error("mlp_only_layers", "dense layers at chosen places are not supported")
            }
            experts = Experts(
                count: try integer("num_experts", "num_local_experts", in: ModelRange.experts),
                topK: try integer("num_experts_per_tok", in: ModelRange.experts), dimension: try integer("moe_intermediate_size"),
                every: try integer("decoder_sparse_step", in: ModelRange.layers, default: 1))
        }
        return try model(id: id, tied: false, decoder: stack(layers: layers, attention, try gated(.swiglu), experts: experts))
    }

    private func gemma(_ id: String, norms: Int) throws(DocumentError) -> Model {
        let layers = try layers()
        var attention = try attention(headDimension: 256)
        if norms == 4 { try slide(&attention, layers: layers, every: 2, window: 4096) }
        var decoder = stack(layers: layers, attention, try gated(.geglu))
        decoder.norms = norms
        return try model(id: id, tied: true, decoder: decoder)
    }

    /// The configurations of Gemma 3 leave out what `Gemma3TextConfig` has as its default.
    private func gemma3(_ id: String) throws(DocumentError) -> Model {
        let layers = try layers()
        var attention = try attention(queryKeyNorm: true, heads: 8, kvHeads: 4, headDimension: 256)
        try slide(&attention, layers: layers, every: 6, window: 4096)
        var decoder = stack(layers: layers, attention, try gated(.geglu))
        decoder.norms = 4
        var model = try model(id: id, tied: true, vocabulary: 262_208, decoder: decoder)
        model.maxContext = model.maxContext ?? 131_072
        return model
    }

    /// Multi-head latent attention and fine-grained experts.
    ///
    /// - Parameter correctsRouter: the router has a bias per expert that balances the load without a loss (DeepSeek-V3,
    ///   arXiv 2412.19437, section 2.1.2).
    private func deepseek(_ id: String, correctsRouter: Bool) throws(DocumentError) -> Model {
        try refuse("attention_bias", unless: false, "latent attention has no biases here")
        let (nope, rope) = (try integer("qk_nope_head_dim"), try integer("qk_rope_head_dim"))
        let heads = try integer("num_attention_heads", in: ModelRange.heads)
        let latent = AttentionShape.Latent(
            queryRank: try integer("q_lora_rank", in: 0...ModelRange.dimension.upperBound, default: 0),
            keyValueRank: try integer("kv_lora_rank"), nopeDimension: nope, ropeDimension: rope, valueDimension: try integer("v_head_dim"))
        let attention = AttentionShape(
            heads: heads, kvHeads: heads, headDimension: nope + rope, bias: false, outputBias: false, queryKeyNorm: false,
            window: 0, fullEvery: 1, latent: latent)
        if let every = document(of: "moe_layer_freq"), try every.integer() != 1 {
            throw every.error("only 1 is supported: every layer behind the first dense ones routes")
        }
        var experts: Experts?
        if document(of: "n_routed_experts") != nil {
            experts = Experts(
                count: try integer("n_routed_experts", in: ModelRange.experts), topK: try integer("num_experts_per_tok", in: ModelRange.experts),
                dimension: try integer("moe_intermediate_size"),
                shared: try integer("n_shared_experts", in: 0...ModelRange.experts.upperBound, default: 0),
                firstDense: try integer("first_k_dense_replace", in: 0...ModelRange.layers.upperBound, default: 0), routerBias: correctsRouter)
        }
        return try model(id: id, tied: false, decoder: stack(layers: try layers(), attention, try gated(.swiglu), experts: experts))
    }

    private func gptOSS(_ id: String) throws(DocumentError) -> Model {
        let layers = try layers()
        let bias = try flag("attention_bias", default: true)
        var attention = try attention(bias: bias, outputBias: bias)
        attention.sinks = true
        try slide(&attention, layers: layers, every: 2)
        let experts = Experts(
            count: try integer("num_local_experts", "num_experts", in: ModelRange.experts),
            topK: try integer("num_experts_per_tok", "experts_per_token", in: ModelRange.experts),
            dimension: try integer("intermediate_size"), bias: true, routerBias: true)
        return try model(id: id, tied: false, decoder: stack(layers: layers, attention, try gated(.swiglu, bias: true), experts: experts))
    }

    // MARK: Layer norm, plain feed-forward

    private func phi(_ id: String) throws(DocumentError) -> Model {
        let attention = try attention(bias: true, outputBias: true, queryKeyNorm: try flag("qk_layernorm", default: false))
        let feedForward = try plain("hidden_act", dimension: try integer("intermediate_size"))
        var decoder = stack(layers: try layers(), attention, feedForward)
        decoder.parallelBlocks = true
        decoder.norms = 1
        var model = try model(id: id, norm: .layer, tied: false, decoder: decoder)
        model.headBias = true
        return model
    }

    private func opt(_ id: String) throws(DocumentError) -> Model {
        try refuse("layer_norm_elementwise_affine", unless: true, "norms without learned numbers have no word in a model file")
        let hidden = try hidden()
        if let width = document(of: "word_embed_proj_dim"), try width.integer() != hidden {
            throw width.error("embeddings of another width than \(hidden) hidden elements are not supported")
        }
        let bias = try flag("enable_bias", default: true)
        let feedForward = try plain("activation_function", usual: .relu, dimension: try integer("ffn_dim"), bias: bias)
        let decoder = stack(layers: try layers(), try attention(bias: bias, outputBias: bias), feedForward)
        var model = try model(id: id, norm: .layer, rotary: false, tied: true, decoder: decoder)
        // The table begins with two rows for padding (OPTLearnedPositionalEmbedding).
        model.positions = try integer("max_position_embeddings", in: 1...ModelRange.dimension.upperBound - 2) + 2
        model.finalNorm = try flag("do_layer_norm_before", default: true)
        return model
    }

    private func gpt2(_ id: String) throws(DocumentError) -> Model {
        let decoder = stack(layers: try integer("n_layer", in: ModelRange.layers), try attention(bias: true, outputBias: true), try plainInner())
        var model = try model(id: id, norm: .layer, rotary: false, tied: true, decoder: decoder)
        model.positions = try integer("n_positions", "n_ctx")
        model.maxContext = model.positions
        return model
    }

    private func gptJ(_ id: String) throws(DocumentError) -> Model {
        var decoder = stack(layers: try integer("n_layer", in: ModelRange.layers), try attention(), try plainInner())
        decoder.parallelBlocks = true
        decoder.norms = 1
        var model = try model(id: id, norm: .layer, tied: false, decoder: decoder)
        model.headBias = true
        return model
    }

    /// The feed-forward network of GPT-2 and GPT-J: `n_inner`, or four times the width.
    private func plainInner() throws(DocumentError) -> FeedForward {
        try plain("activation_function", dimension: try integer("n_inner", default: 4 * (try hidden())))
    }

    private func gptNeoX(_ id: String) throws(DocumentError) -> Model {
        let bias = try flag("attention_bias", default: true)
        let feedForward = try plain("hidden_act", dimension: try integer("intermediate_size"))
        var decoder = stack(layers: try layers(), try attention(bias: bias, outputBias: bias), feedForward)
        decoder.parallelBlocks = try flag("use_parallel_residual", default: true)
        return try model(id: id, norm: .layer, tied: false, decoder: decoder)
    }

    /// Three generations: Falcon-7B shares one key-value head and one norm, Falcon-40B (`new_decoder_architecture`)
    /// groups its heads and has two norms side by side, Falcon-RW runs its blocks one after the other.
    private func falcon(_ id: String) throws(DocumentError) -> Model {
        let (grouped, parallel) = (try flag("new_decoder_architecture", default: false), try flag("parallel_attn", default: true))
        let bias = try flag("bias", default: false)
        var attention = try attention(bias: bias, outputBias: bias)
        if grouped {
            attention.kvHeads = try integer("num_kv_heads", "n_head_kv", in: ModelRange.heads, default: attention.heads)
        } else {
            attention.kvHeads = try flag("multi_query", default: true) ? 1 : attention.heads
        }
        let feedForward = try plain("activation", dimension: try integer("ffn_hidden_size", default: 4 * (try hidden())), bias: bias)
        var decoder = stack(layers: try integer("num_hidden_layers", "n_layer", in: ModelRange.layers), attention, feedForward)
        decoder.parallelBlocks = grouped || parallel
        decoder.norms = grouped ? try integer("num_ln_in_parallel_attn", in: 1...2, default: 2) : (parallel ? 1 : 2)
        var model = try model(id: id, norm: .layer, rotary: !(try flag("alibi", default: false)), tied: true, decoder: decoder)
        model.maxContext = model.maxContext ?? 2048
        return model
    }

    private func bloom(_ id: String) throws(DocumentError) -> Model {
        let feedForward = FeedForward(kind: .gelu, dimension: 4 * (try hidden()), bias: true)
        let layers = try integer("n_layer", "num_hidden_layers", in: ModelRange.layers)
        let decoder = stack(layers: layers, try attention(bias: true, outputBias: true), feedForward)
        var model = try model(id: id, norm: .layer, rotary: false, tied: true, decoder: decoder)
        model.embeddingNorm = true
        return model
    }
}
