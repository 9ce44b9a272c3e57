import Quantities

/// The architecture of a model: what its layers compute, without a word about where.
public struct Model: Sendable, Equatable {
    public enum Family: String, CaseIterable, Sendable {
        case decoder, encoder
        case encoderDecoder = "encoder-decoder"
        /// A transformer encoder over image patches.
        case vision
    }

    public var id: String
    public var name: String
    public var aliases: [String]
    public var family: Family
    public var hidden: Int
    /// Tokens of the vocabulary; classes of a vision model.
    public var vocabulary: Int
    /// Longest context it was trained for; nil without a limit.
    public var maxContext: Int?
    /// Input and output embeddings are one matrix.
    public var tiedEmbeddings: Bool
    /// Learned position embeddings, 0 for rotary, relative or none.
    public var positions: Int
    public var rotary: Bool
    public var norm: Norm
    /// A norm follows the embeddings (BERT, BLOOM).
    public var embeddingNorm = false
    /// A norm stands between the last layer and the output head; not where norms follow their blocks (BERT).
    public var finalNorm = true
    /// The output head has a bias (GPT-J, Phi-2, ViT).
    public var headBias = false
    /// Learned embeddings of the segment a token belongs to (BERT has 2), 0 for none.
    public var tokenTypes = 0
    /// A dense layer of `hidden` × `hidden` reads the first token's output (BERT).
    public var pooler = false
    public var encoder: Stack?
    public var decoder: Stack?
    public var image: Image?
    public var source: String
    public var recalled: Bool

    public enum Norm: String, CaseIterable, Sendable {
        case rms, layer
    }

    public struct Image: Sendable, Equatable {
        /// Pixels of a side, pixels of a patch's side, colour channels.
        public var size: Int
        public var patch: Int
        public var channels: Int
        /// Patches and the class token.
        public var tokens: Int { (size / patch) * (size / patch) + 1 }
    }
}

/// Layers of one shape.
public struct Stack: Sendable, Equatable {
    public var layers: Int
    public var attention: AttentionShape
    public var feedForward: FeedForward
    public var experts: Experts?
    /// Each layer also attends to the encoder's output.
    public var crossAttention: Bool
    /// Attention and feed-forward read the same input and are added together (Falcon, GPT-NeoX).
    public var parallelBlocks: Bool
    /// Norms of a layer: 2 before attention and feed-forward, 3 with cross-attention, 4 with norms behind both too
    /// (Gemma 2), 1 when parallel blocks share one (Falcon-7B, GPT-J).
    public var norms = 2

    /// Whether a layer, counted from 0, routes its tokens to experts.
    public func routes(_ layer: Int) -> Bool {
        guard let experts else { return false }
        return layer >= experts.firstDense && (layer - experts.firstDense) % experts.every == experts.every - 1
    }

    /// The window of a layer, counted from 0; 0 for full attention.
    public func window(_ layer: Int) -> Int {
        guard attention.window > 0 else { return 0 }
        return layer % attention.fullEvery == attention.fullEvery - 1 && attention.fullEvery > 1 ? 0 : attention.window
    }
}

public struct AttentionShape: Sendable, Equatable {
    public var heads: Int
    public var kvHeads: Int
    public var headDimension: Int
    public var bias: Bool
    /// Bias on the output projection too.
    public var outputBias: Bool
    /// Queries and keys are normalised, each head over its own elements (Qwen3, Gemma 3).
    public var queryKeyNorm: Bool
    /// One learned logit per head joins the softmax and takes weight away from the keys (gpt-oss).
    public var sinks = false
    /// Buckets of distance that have a learned bias per head, in one table for the stack (T5), 0 for none.
    public var relativeBuckets = 0
    /// Sliding window in tokens, 0 for none.
    public var window: Int
    /// Every so many layers one has full attention in spite of the window; 1 when all layers slide.
    public var fullEvery: Int
    public var latent: Latent?

    /// Elements of a value per head.
    public var valueDimension: Int { latent?.valueDimension ?? headDimension }

    /// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1).
    public struct Latent: Sendable, Equatable {
        /// Rank of the compressed query; 0 when queries are projected directly.
        public var queryRank: Int
        public var keyValueRank: Int
        public var nopeDimension: Int
        public var ropeDimension: Int
        public var valueDimension: Int
    }

    /// Elements that one token adds to the cache of one layer.
    public var cacheElements: Int {
        latent.map { $0.keyValueRank + $0.ropeDimension } ?? 2 * kvHeads * headDimension
    }
}

public struct FeedForward: Sendable, Equatable {
    public enum Kind: String, CaseIterable, Sendable {
        /// Gated: three matrices.
        case swiglu, geglu
        /// Plain: two matrices.
        case gelu, relu
    }

    public var kind: Kind
    /// Inner dimension of a dense layer; without meaning where every layer routes.
    public var dimension: Int
    public var bias: Bool
    public var gated: Bool { kind.gated }
}

/// A mixture of experts in place of the feed-forward network.
public struct Experts: Sendable, Equatable {
    public var count: Int
    /// Experts that a token is sent to.
    public var topK: Int
    /// Inner dimension of one expert.
    public var dimension: Int
    /// Experts that every token visits.
    public var shared: Int
    /// Inner dimension of one shared expert.
    public var sharedDimension: Int
    /// Layers at the start that are dense.
    public var firstDense: Int
    /// One layer in so many after those routes (2 for Switch: every other).
    public var every: Int
    /// Biases inside the experts.
    public var bias: Bool
    /// One learned number per expert joins the router's scores (gpt-oss; the load-balancing correction of DeepSeek-V3).
    public var routerBias: Bool

    public init(count: Int, topK: Int, dimension: Int, shared: Int = 0, sharedDimension: Int? = nil, firstDense: Int = 0, every: Int = 1,
                bias: Bool = false, routerBias: Bool = false) {
        self.count = count
        self.topK = topK
        self.dimension = dimension
        self.shared = shared
        self.sharedDimension = sharedDimension ?? dimension
        self.firstDense = firstDense
        self.every = every
        self.bias = bias
        self.routerBias = routerBias
    }
}
