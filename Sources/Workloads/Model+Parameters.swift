/// Learned numbers by what they are for.
public struct Parameters: Sendable, Equatable {
    /// Tables of tokens, positions and token types; the patch projection and the class token of a vision model.
    public var embeddings = 0
    /// Projections of queries, keys, values and output; sinks and distance biases.
    public var attention = 0
    /// Matrices of the dense layers.
    public var feedForward = 0
    /// Routed experts, every one of them, with their biases.
    public var experts = 0
    public var sharedExperts = 0
    /// One row per expert, and the router's biases.
    public var router = 0
    public var norms = 0
    /// Biases of attention, dense layers and patch projection.
    public var biases = 0
    /// The matrix behind the last layer, its bias too: 0 when it is the token embedding. The pooler of an encoder.
    public var outputHead = 0

    public init() {}

    public var total: Int {
        embeddings + attention + feedForward + experts + sharedExperts + router + norms + biases + outputHead
    }

    public static func + (a: Parameters, b: Parameters) -> Parameters {
        var sum = a
        sum.embeddings += b.embeddings
        sum.attention += b.attention
        sum.feedForward += b.feedForward
        sum.experts += b.experts
        sum.sharedExperts += b.sharedExperts
        sum.router += b.router
        sum.norms += b.norms
        sum.biases += b.biases
        sum.outputHead += b.outputHead
        return sum
    }
}

extension Model {
    /// Every learned number of the model, each counted once.
    ///
    /// Layers of multi-token prediction are not part of a model here (DeepSeek-V3 has one more layer for them, 14 B
    /// parameters, which its 671 B leave out as well).
    public var parameters: Parameters {
        var sum = Parameters()
        for stack in [encoder, decoder].compactMap({ $0 }) { sum = sum + stack.parameters(hidden: hidden, norm: norm) }
        let normWidth = norm.parameters(width: hidden)
        let stacks = (encoder == nil ? 0 : 1) + (decoder == nil ? 0 : 1)
        if finalNorm { sum.norms += stacks * normWidth }
        if embeddingNorm { sum.norms += normWidth }
        sum.embeddings += (positions + tokenTypes) * hidden
        if let image {
            sum.embeddings += (image.patch * image.patch * image.channels + 1) * hidden
            sum.biases += hidden
        } else {
            sum.embeddings += vocabulary * hidden
        }
        if hasOutputHead {
            sum.outputHead += (tiedEmbeddings ? 0 : vocabulary * hidden) + (headBias ? vocabulary : 0)
        }
        if pooler { sum.outputHead += hidden * hidden + hidden }
        return sum
    }

    /// Parameters that one token meets: all but the routed experts it is not sent to.
    ///
    /// Embedding table and output head count whole: that makes 37.6 B of DeepSeek-V3, whose report states 37 B (arXiv
    /// 2412.19437, abstract), and 5.7 B of gpt-oss-120b, whose model card states 5.1 B without the embedding table. In an
    /// encoder-decoder both stacks count.
    public var activeParameters: Parameters {
        var active = parameters
        active.experts = [encoder, decoder].compactMap { $0 }.reduce(0) { $0 + $1.activeExpertParameters(hidden: hidden) }
        return active
    }

    /// Whether a matrix turns the last hidden state into logits: not in an encoder, whose hidden states are the result.
    public var hasOutputHead: Bool { family != .encoder }
}

extension Model.Norm {
    /// Learned numbers of one norm over `width` elements: a scale, and for a layer norm a shift.
    public func parameters(width: Int) -> Int { self == .layer ? 2 * width : width }
}

extension Stack {
    /// Layers that route their tokens to experts.
    public var routedLayers: Int {
        guard let experts, layers > experts.firstDense else { return 0 }
        return (layers - experts.firstDense) / experts.every
    }

    /// Parameters of all layers, `hidden` elements wide between them, without the norm behind the last one.
    public func parameters(hidden: Int, norm: Model.Norm) -> Parameters {
        var sum = Parameters()
        let attentions = crossAttention ? 2 * layers : layers
        sum.attention = attentions * attention.parameters(hidden: hidden) + attention.relativeBuckets * attention.heads
        sum.biases = attentions * attention.biases(hidden: hidden)
        sum.norms = layers * norms * norm.parameters(width: hidden) + attentions * attention.normParameters(norm)
        let dense = layers - routedLayers
        sum.feedForward = dense * feedForward.parameters(hidden: hidden)
        sum.biases += dense * feedForward.biases(hidden: hidden)
        if let experts {
            sum.experts = routedLayers * experts.count * experts.parameters(hidden: hidden, kind: feedForward.kind)
            sum.sharedExperts = routedLayers * experts.shared * feedForward.kind.matrices * hidden * experts.sharedDimension
            sum.router = routedLayers * experts.count * (hidden + (experts.routerBias ? 1 : 0))
        }
        return sum
    }

    /// Parameters of the routed experts that one token is sent to.
    func activeExpertParameters(hidden: Int) -> Int {
        guard let experts else { return 0 }
        return routedLayers * experts.topK * experts.parameters(hidden: hidden, kind: feedForward.kind)
    }
}

extension AttentionShape {
    /// Elements of the projection matrices of one layer, and its sinks.
    ///
    /// Latent attention projects queries (through `queryRank` where there is one), compresses keys and values to
    /// `keyValueRank` elements and a rotary key that all heads share, and expands those to the keys and values of each
    /// head (DeepSeek-V2, arXiv 2405.04434, section 2.1).
    public func parameters(hidden: Int) -> Int {
        let queries = heads * headDimension
        guard let latent else {
            return hidden * (queries + 2 * kvHeads * headDimension) + queries * hidden + (sinks ? heads : 0)
        }
        let query = latent.queryRank > 0 ? (hidden + queries) * latent.queryRank : hidden * queries
        let compress = hidden * (latent.keyValueRank + latent.ropeDimension)
        let expand = latent.keyValueRank * heads * (latent.nopeDimension + latent.valueDimension)
        return query + compress + expand + heads * latent.valueDimension * hidden + (sinks ? heads : 0)
    }

    /// Biases of one layer.
    public func biases(hidden: Int) -> Int {
        (bias ? (heads + 2 * kvHeads) * headDimension : 0) + (outputBias ? hidden : 0)
    }

    /// Norms inside the attention of one layer: of queries and keys, or of the compressed latents.
    public func normParameters(_ norm: Model.Norm) -> Int {
        (queryKeyNorm ? 2 * norm.parameters(width: headDimension) : 0)
            + (latent.map { norm.parameters(width: $0.keyValueRank) + norm.parameters(width: $0.queryRank) } ?? 0)
    }
}

extension FeedForward.Kind {
    /// Gate, up and down; or up and down.
    public var matrices: Int { gated ? 3 : 2 }
    public var gated: Bool { self == .swiglu || self == .geglu }
}

extension FeedForward {
    /// Elements of the matrices of one dense layer.
    public func parameters(hidden: Int) -> Int { kind.matrices * hidden * dimension }

    /// Biases of one dense layer.
    public func biases(hidden: Int) -> Int { bias ? (kind.matrices - 1) * dimension + hidden : 0 }
}

extension Experts {
    /// Parameters of one routed expert, its biases included.
    public func parameters(hidden: Int, kind: FeedForward.Kind) -> Int {
        kind.matrices * hidden * dimension + (bias ? (kind.matrices - 1) * dimension + hidden : 0)
    }
}
