import Documents

extension Stack {
    /// - Parameter hidden: elements between the layers.
    init(reading document: Document, hidden: Int) throws(DocumentError) {
        var reader = try document.object()
        layers = try reader.require("layers").integer(in: ModelRange.layers)
        attention = try AttentionShape(reading: try reader.require("attention"), hidden: hidden)
        feedForward = try FeedForward(reading: try reader.require("feedForward"))
        experts = nil
        if let part = reader.optional("experts") { experts = try Experts(reading: part) }
        crossAttention = try reader.flag("crossAttention")
        parallelBlocks = try reader.flag("parallelBlocks")
        norms = try reader.count("norms", in: ModelRange.norms, default: Stack.usualNorms(crossAttention: crossAttention))
        try reader.finish()
    }

    /// One norm before each block.
    static func usualNorms(crossAttention: Bool) -> Int { crossAttention ? 3 : 2 }
}

extension AttentionShape {
    init(reading document: Document, hidden: Int) throws(DocumentError) {
        var reader = try document.object()
        let heads = try reader.require("heads").integer(in: ModelRange.heads)
        self.heads = heads
        kvHeads = try reader.count("kvHeads", in: ModelRange.heads, default: heads)
        if let part = reader.optional("headDimension") {
            headDimension = try part.integer(in: ModelRange.dimension)
        } else {
            guard hidden % heads == 0 else {
                throw document.error("\"headDimension\" is missing, and \(heads) heads do not divide \(hidden) hidden elements; state it or use \(divisors(of: hidden, near: heads)) heads")
            }
            headDimension = hidden / heads
        }
        bias = try reader.flag("bias")
        outputBias = try reader.flag("outputBias")
        queryKeyNorm = try reader.flag("queryKeyNorm")
        sinks = try reader.flag("sinks")
        relativeBuckets = try reader.count("relativeBuckets", in: 0...1_000_000)
        window = try reader.count("window", in: 0...ModelRange.tokens.upperBound)
        fullEvery = try reader.count("fullEvery", in: ModelRange.layers, default: 1)
        latent = nil
        if let part = reader.optional("latent") { latent = try Latent(reading: part) }
        try reader.finish()
    }
}

extension AttentionShape.Latent {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        queryRank = try reader.count("queryRank", in: 0...ModelRange.dimension.upperBound)
        keyValueRank = try reader.require("keyValueRank").integer(in: ModelRange.dimension)
        nopeDimension = try reader.require("nopeDimension").integer(in: ModelRange.dimension)
        ropeDimension = try reader.require("ropeDimension").integer(in: ModelRange.dimension)
        valueDimension = try reader.require("valueDimension").integer(in: ModelRange.dimension)
        try reader.finish()
    }
}

extension FeedForward {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        kind = try reader.require("kind").choice()
        dimension = try reader.require("dimension").integer(in: ModelRange.dimension)
        bias = try reader.flag("bias")
        try reader.finish()
    }
}

extension Experts {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        count = try reader.require("count").integer(in: ModelRange.experts)
        topK = try reader.require("topK").integer(in: ModelRange.experts)
        let dimension = try reader.require("dimension").integer(in: ModelRange.dimension)
        self.dimension = dimension
        shared = try reader.count("shared", in: 0...ModelRange.experts.upperBound)
        sharedDimension = try reader.count("sharedDimension", in: ModelRange.dimension, default: dimension)
        firstDense = try reader.count("firstDense", in: 0...ModelRange.layers.upperBound)
        every = try reader.count("every", in: ModelRange.layers, default: 1)
        bias = try reader.flag("bias")
        routerBias = try reader.flag("routerBias")
        try reader.finish()
    }
}
