import Quantities

extension Model {
    /// Elements that one more token adds to the KV cache of one sequence, over all layers of the decoder; 0 for a model
    /// that does not decode.
    ///
    /// Under latent attention that is one latent and one rotary key per layer (DeepSeek-V2, arXiv 2405.04434, section 2.1).
    public var cacheElementsPerToken: Int {
        decoder.map { $0.layers * $0.attention.cacheElements } ?? 0
    }

    /// Elements of the KV cache of one sequence of `context` tokens when layers with a sliding window keep only their window.
    public func cacheElements(context: Int) -> Double {
        guard let decoder else { return 0 }
        var tokens = 0.0
        for layer in 0..<decoder.layers {
            let window = decoder.window(layer)
            tokens += Double(window > 0 ? min(context, window) : context)
        }
        return tokens * Double(decoder.attention.cacheElements)
    }

    /// Elements that one token of the encoder's output adds to the cross-attention cache of the decoder.
    public var crossCacheElementsPerToken: Int {
        decoder.map { $0.crossAttention ? $0.layers * $0.attention.cacheElements : 0 } ?? 0
    }

    /// Bytes that one more token adds to the KV cache of one sequence.
    public func cacheBytesPerToken(_ format: TensorFormat) -> Bytes {
        format.bytes(elements: Double(cacheElementsPerToken))
    }

    /// Bytes of all weights.
    ///
    /// Embedding tables and the output head are stored in their own format, and so are routed experts. Norms and biases
    /// take the wider of weights and activations: quantisers leave them alone.
    public func weightBytes(_ precision: Precision) -> Bytes {
        let p = parameters
        let vectors = precision.vectors.bytes(elements: Double(p.norms + p.biases))
        let matrices = precision.weights.bytes(elements: Double(p.attention + p.feedForward + p.sharedExperts + p.router))
        return precision.embeddings.bytes(elements: Double(p.embeddings + p.outputHead))
            + precision.experts.bytes(elements: Double(p.experts)) + matrices + vectors
    }
}

extension Precision {
    /// Format of norms and biases.
    public var vectors: TensorFormat { weights.bitsPerElement >= activations.bitsPerElement ? weights : activations }
}
