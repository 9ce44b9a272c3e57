import Documents

/// Parts of a model that contradict each other.
struct Inconsistency {
    /// The place inside the model file: `decoder.attention.kvHeads`.
    let path: String
    let message: String

    func below(_ parent: String) -> Inconsistency { Inconsistency(path: "\(parent).\(path)", message: message) }
}

extension Model {
    /// What makes this model impossible, nil for a model that can be.
    ///
    /// Numbers are within their `ModelRange`s. The size is checked first and in floating point, so that all arithmetic
    /// behind it stays within `Int`.
    var inconsistency: Inconsistency? { size ?? structure ?? stacks ?? embedding }

    private var size: Inconsistency? {
        let (width, limit) = (Double(hidden), 1e14)
        var bound = width * (2 * Double(vocabulary) + Double(positions) + width)
        for stack in [encoder, decoder].compactMap({ $0 }) {
            var layer = stack.attention.roughSize(width) + 3 * width * Double(stack.feedForward.dimension)
            if let e = stack.experts {
                layer += Double(e.count) * width * (3 * Double(e.dimension) + 1) + 3 * width * Double(e.shared) * Double(e.sharedDimension)
            }
            bound += Double(stack.layers) * layer
        }
        return bound < limit ? nil : Inconsistency(path: "", message: "the dimensions multiply to more than 10^14 parameters")
    }

    private var structure: Inconsistency? {
        func missing(_ part: String) -> Inconsistency {
            Inconsistency(path: "", message: "\"\(part)\" is missing, which a model of family \"\(family.rawValue)\" has")
        }
        func extra(_ part: String) -> Inconsistency {
            Inconsistency(path: part, message: "is not part of a model of family \"\(family.rawValue)\"")
        }
        let (encodes, decodes) = (family != .decoder, family == .decoder || family == .encoderDecoder)
        if encodes, encoder == nil { return missing("encoder") }
        if !encodes, encoder != nil { return extra("encoder") }
        if decodes, decoder == nil { return missing("decoder") }
        if !decodes, decoder != nil { return extra("decoder") }
        if family == .vision, image == nil { return missing("image") }
        if family != .vision, image != nil { return extra("image") }
        if family != .encoder, pooler { return extra("pooler") }
        if encoder?.crossAttention == true { return extra("encoder.crossAttention") }
        if family == .encoderDecoder, decoder?.crossAttention == false {
            return Inconsistency(path: "decoder.crossAttention", message: "has to be true: the decoder attends to the encoder's output")
        }
        if family == .decoder, decoder?.crossAttention == true { return extra("decoder.crossAttention") }
        return nil
    }

    private var stacks: Inconsistency? {
        encoder?.inconsistency(hidden: hidden, rotary: rotary)?.below("encoder")
            ?? decoder?.inconsistency(hidden: hidden, rotary: rotary)?.below("decoder")
    }

    private var embedding: Inconsistency? {
        if rotary, positions > 0 {
            return Inconsistency(path: "positions", message: "\(positions) learned positions beside rotary ones; keep one of the two")
        }
        if let maxContext, positions > 0, positions < maxContext {
            return Inconsistency(path: "maxContext", message: "\(maxContext) tokens are more than the \(positions) learned positions")
        }
        if let image {
            guard image.size % image.patch == 0 else {
                return Inconsistency(path: "image.patch", message: "\(image.patch) does not divide \(image.size) pixels")
            }
            guard positions == 0 || positions == image.tokens else {
                return Inconsistency(path: "positions", message: "\(positions) is not the \(image.tokens) tokens of an image, class token included")
            }
            if tiedEmbeddings {
                return Inconsistency(path: "tiedEmbeddings", message: "a vision model has no token embedding to share with its head")
            }
        }
        if headBias, !hasOutputHead {
            return Inconsistency(path: "headBias", message: "an encoder has no output head")
        }
        return nil
    }
}

extension Stack {
    fileprivate func inconsistency(hidden: Int, rotary: Bool) -> Inconsistency? {
        if let flaw = attention.inconsistency(hidden: hidden, rotary: rotary) { return flaw.below("attention") }
        guard let experts else { return nil }
        if experts.topK > experts.count {
            return Inconsistency(path: "experts.topK", message: "\(experts.topK) is more than the \(experts.count) experts there are")
        }
        if experts.firstDense >= layers {
            return Inconsistency(path: "experts.firstDense", message: "\(experts.firstDense) dense layers leave none of \(layers) to route")
        }
        if routedLayers == 0 {
            return Inconsistency(path: "experts.every", message: "no layer routes: one in \(experts.every) of \(layers - experts.firstDense)")
        }
        return nil
    }
}

extension AttentionShape {
    fileprivate func roughSize(_ hidden: Double) -> Double {
        let width = Double(heads) * Double(max(headDimension, valueDimension))
        let direct = 2 * hidden * (width + Double(kvHeads) * Double(headDimension))
        guard let latent else { return direct }
        return direct + (hidden + 2 * width) * Double(latent.queryRank + latent.keyValueRank + latent.ropeDimension)
    }

    fileprivate func inconsistency(hidden: Int, rotary: Bool) -> Inconsistency? {
        guard heads % kvHeads == 0 else {
            return Inconsistency(path: "kvHeads", message: "\(kvHeads) does not divide \(heads) heads; use \(divisors(of: heads, near: kvHeads))")
        }
        // T5-11B is the widest known: 128 heads of 128 over 1024 hidden elements.
        guard heads * headDimension <= 16 * hidden else {
            let message = "\(heads) heads × \(headDimension) is more than 16 times \(hidden) hidden elements; it is the dimension of one head"
            return Inconsistency(path: "headDimension", message: message)
        }
        if fullEvery > 1, window == 0 {
            return Inconsistency(path: "fullEvery", message: "\(fullEvery) has no meaning without a \"window\"")
        }
        if let latent { return inconsistency(of: latent) }
        if rotary, headDimension % 2 == 1 {
            return Inconsistency(path: "headDimension", message: "\(headDimension) is odd; rotary positions turn pairs of elements")
        }
        return nil
    }

    private func inconsistency(of latent: Latent) -> Inconsistency? {
        if headDimension != latent.nopeDimension + latent.ropeDimension {
            let sum = "\(latent.nopeDimension) + \(latent.ropeDimension)"
            return Inconsistency(path: "headDimension", message: "\(headDimension) is not nopeDimension + ropeDimension = \(sum)")
        }
        if kvHeads != heads {
            return Inconsistency(path: "kvHeads", message: "\(kvHeads) is not \(heads): latent attention expands the latent to every head")
        }
        if latent.ropeDimension % 2 == 1 {
            let message = "\(latent.ropeDimension) is odd; rotary positions turn pairs of elements"
            return Inconsistency(path: "latent.ropeDimension", message: message)
        }
        if bias || outputBias || queryKeyNorm {
            let what = bias ? "bias" : outputBias ? "outputBias" : "queryKeyNorm"
            return Inconsistency(path: what, message: "is not part of latent attention")
        }
        return nil
    }
}

/// The divisors of a number as advice: all of them when few, otherwise those on both sides of `wrong`.
func divisors(of number: Int, near wrong: Int) -> String {
    let all = (1...number).filter { number % $0 == 0 }
    let use = all.count <= 8 ? all : [all.last { $0 < wrong }, all.first { $0 > wrong }].compactMap { $0 }
    return list(use.map { "\($0)" })
}
