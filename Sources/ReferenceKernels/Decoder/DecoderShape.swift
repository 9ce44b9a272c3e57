/// The shape of a decoder: RMSNorm, grouped-query attention with rotary embedding, SwiGLU or a mixture of such experts.
public struct DecoderShape: Hashable, Sendable {
    public var layers: Int
    public var hidden: Int
    public var heads: Int
    public var kvHeads: Int
    public var headDimension: Int
    /// Width of the feed-forward part, or of one expert.
    public var intermediate: Int
    public var vocabulary: Int
    /// Experts of each layer; 0 for a dense decoder.
    public var experts: Int
    public var expertsPerToken: Int
    /// Storage of all matrices but the embedding, the router and the norms, which are fp32.
    public var weights: WeightFormat
    public var rotaryBase: Double

    public init(layers: Int, hidden: Int, heads: Int, kvHeads: Int, headDimension: Int? = nil, intermediate: Int, vocabulary: Int,
                experts: Int = 0, expertsPerToken: Int = 0, weights: WeightFormat = .fp32, rotaryBase: Double = 10_000) {
        self.layers = layers
        self.hidden = hidden
        self.heads = heads
        self.kvHeads = kvHeads
        self.headDimension = headDimension ?? (heads > 0 ? hidden / heads : 0)
        self.intermediate = intermediate
        self.vocabulary = vocabulary
        self.experts = experts
        self.expertsPerToken = expertsPerToken
        self.weights = weights
        self.rotaryBase = rotaryBase
    }

    public var isMixture: Bool { experts > 0 }

    /// Weights of all layers, the embedding and the output matrix, norms included.
    public var parameters: Int {
        let attention = hidden * headDimension * (2 * heads + 2 * kvHeads)
        let feedForward = isMixture ? experts * 3 * hidden * intermediate + experts * hidden : 3 * hidden * intermediate
        return layers * (attention + feedForward + 2 * hidden) + hidden + 2 * vocabulary * hidden
    }

    func check() throws(KernelError) {
        for (name, value, most) in [("layers", layers, 1024), ("hidden", hidden, 1 << 16), ("heads", heads, 1 << 10), ("kvHeads", kvHeads, 1 << 10),
                                    ("intermediate", intermediate, 1 << 18), ("vocabulary", vocabulary, 1 << 20)] {
            guard (1...most).contains(value) else { throw KernelError("decoder: \(name) is \(value); use 1 to \(most)") }
        }
        guard heads % kvHeads == 0 else { throw KernelError("decoder: \(heads) heads do not share \(kvHeads) key heads evenly") }
        guard (2...256).contains(headDimension), headDimension % 2 == 0 else {
            throw KernelError("decoder: a head of \(headDimension) elements is not supported; use an even number from 2 to 256")
        }
        guard (0...4096).contains(experts) else { throw KernelError("decoder: \(experts) experts are not supported; use 0 to 4096") }
        if isMixture, !(1...experts).contains(expertsPerToken) {
            throw KernelError("decoder: \(expertsPerToken) experts a token of \(experts) are not possible")
        }
        try weights.check()
    }
}
