import Operators
import Quantities

/// Bytes of weights that one rank holds, as the model's parameters are divided by tensor and expert parallelism.
struct RankWeights {
    let arrangement: Arrangement

    private var model: Model { arrangement.model }
    private var precision: Precision { arrangement.precision }
    private var tensor: Double { Double(arrangement.layout.tensor) }

    /// Matrices, norms and biases of one layer without its routed experts. Norms, routers, latent down-projections and what
    /// replicated cache heads need stand whole on every rank; all else is divided.
    func dense(_ stack: Stack, routes: Bool) -> Bytes {
        let a = stack.attention, h = Double(model.hidden), layout = arrangement.layout
        let attentions = stack.crossAttention ? 2.0 : 1.0
        var matrices = 0.0
        if let latent = a.latent {
            let whole = Double(latent.queryRank + latent.keyValueRank + latent.ropeDimension) * h
            matrices += whole + (Double(a.parameters(hidden: model.hidden)) - whole) / tensor
        } else {
            let kv = Double(max(1, a.kvHeads / layout.tensor))
            matrices += attentions * (h * Double(a.headDimension) * (2 * Double(a.heads) / tensor + 2 * kv) + (a.sinks ? Double(a.heads) / tensor : 0))
        }
        if routes, let experts = stack.experts {
            matrices += Double(experts.count) * (h + (experts.routerBias ? 1 : 0))
            let shared = Double(experts.shared * stack.feedForward.kind.matrices) * h * Double(experts.sharedDimension)
            matrices += layout.dispatches ? shared : shared / tensor
        } else {
            matrices += Double(stack.feedForward.parameters(hidden: model.hidden)) / tensor
        }
        var vectors = Double(stack.norms * model.norm.parameters(width: model.hidden)) + attentions * Double(a.normParameters(model.norm))
        vectors += (attentions * Double(a.biases(hidden: model.hidden)) + (routes ? 0 : Double(stack.feedForward.biases(hidden: model.hidden)))) / tensor
        return precision.weights.bytes(elements: matrices) + precision.vectors.bytes(elements: vectors)
    }

    /// Routed experts of one layer.
    func experts(_ stack: Stack) -> Bytes {
        guard let experts = stack.experts else { return .zero }
        let layout = arrangement.layout
        let all = Double(experts.count) * Double(experts.parameters(hidden: model.hidden, kind: stack.feedForward.kind))
        return precision.experts.bytes(elements: all / Double(layout.expert * layout.expertTensor))
    }

    /// Embedding tables and what belongs to no layer: in the first stage.
    var embedding: Bytes {
        let distances = [model.encoder, model.decoder].compactMap { $0?.attention }.reduce(0) { $0 + $1.relativeBuckets * $1.heads }
        let vectors = (model.embeddingNorm ? model.norm.parameters(width: model.hidden) : 0) + (model.image == nil ? 0 : model.hidden)
        return precision.embeddings.bytes(elements: Double(model.parameters.embeddings) / tensor)
            + precision.weights.bytes(elements: Double(distances) / tensor) + precision.vectors.bytes(elements: Double(vectors))
    }

    /// Output head and final norms: in the last stage, with a second copy of tied embeddings where they are not the same stage.
    var head: Bytes {
        let p = model.parameters
        let again = model.tiedEmbeddings && model.hasOutputHead && arrangement.layout.pipeline > 1 ? model.vocabulary * model.hidden : 0
        let stacks = (model.encoder == nil ? 0 : 1) + (model.decoder == nil ? 0 : 1)
        let norms = model.finalNorm ? stacks * model.norm.parameters(width: model.hidden) : 0
        return precision.embeddings.bytes(elements: Double(p.outputHead + again) / tensor) + precision.vectors.bytes(elements: Double(norms))
    }
}
