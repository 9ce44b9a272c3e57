import Operators
import Quantities

/// Weights of one pipeline stage on one of its tensor- and expert-parallel ranks, before sharding.
struct StageShare {
    /// Of layers, embedding and head.
    private(set) var parameters = 0.0
    private(set) var bytes = Bytes.zero
    private(set) var layers = Bytes.zero
    private(set) var largestLayer = Bytes.zero
    private(set) var largestLayerParameters = 0.0
    /// Embedding tables, output head and the norms beside them.
    private(set) var edges = Bytes.zero
    private(set) var headParameters = 0.0
    private(set) var largestMatrixParameters = 0.0
    private(set) var largestMatrix = Bytes.zero

    init(_ memory: TrainingMemory, stage: Int) {
        let model = memory.model, precision = memory.precision, parallelism = memory.parallelism
        let tensor = Double(parallelism.tensor), layout = Layout(parallelism, devicesPerNode: 1)
        for stack in [model.encoder, model.decoder].compactMap({ $0 }) {
            let attentions = stack.crossAttention ? 2.0 : 1.0
            let attention = attentions * Double(stack.attention.parameters(hidden: model.hidden)) / tensor
            let vectors = Double(stack.norms * model.norm.parameters(width: model.hidden)) + attentions * Double(stack.attention.normParameters(model.norm))
                + (attentions * Double(stack.attention.biases(hidden: model.hidden)) + Double(stack.feedForward.biases(hidden: model.hidden))) / tensor
            for layer in layout.layers(of: stage, among: stack.layers) {
                var matrices = attention, routed = 0.0
                if stack.routes(layer), let experts = stack.experts {
                    routed = Double(experts.count * experts.parameters(hidden: model.hidden, kind: stack.feedForward.kind)) / Double(max(parallelism.expert, parallelism.tensor))
                    matrices += Double(experts.count * model.hidden) + Double(experts.shared * stack.feedForward.kind.matrices * model.hidden * experts.sharedDimension) / tensor
                } else {
                    matrices += Double(stack.feedForward.parameters(hidden: model.hidden)) / tensor
                    largestMatrixParameters = max(largestMatrixParameters, Double(model.hidden * stack.feedForward.dimension) / tensor)
                }
                let size = precision.weights.bytes(elements: matrices) + precision.experts.bytes(elements: routed) + precision.vectors.bytes(elements: vectors)
                layers += size
                parameters += matrices + routed + vectors
                largestLayer = max(largestLayer, size)
                largestLayerParameters = max(largestLayerParameters, matrices + routed + vectors)
            }
        }
        largestMatrix = precision.weights.bytes(elements: largestMatrixParameters)
        let whole = model.parameters
        var outside = 0.0
        if stage == 0 {
            outside += Double(whole.embeddings) / tensor
            largestMatrixParameters = max(largestMatrixParameters, Double(whole.embeddings) / tensor)
        }
        if stage == parallelism.pipeline - 1, model.hasOutputHead {
            headParameters = Double(model.vocabulary * model.hidden) / tensor
            // Tied embeddings stand in the first stage, and once more in the last where that is another.
            if !model.tiedEmbeddings || parallelism.pipeline > 1 { outside += headParameters }
            largestMatrixParameters = max(largestMatrixParameters, headParameters)
        }
        let width = model.norm.parameters(width: model.hidden), stacks = (model.encoder == nil ? 0 : 1) + (model.decoder == nil ? 0 : 1)
        let norms = Double((stage == 0 && model.embeddingNorm ? width : 0) + (stage == parallelism.pipeline - 1 && model.finalNorm ? stacks * width : 0))
        edges = precision.embeddings.bytes(elements: outside) + precision.vectors.bytes(elements: norms)
        largestMatrix = max(largestMatrix, precision.embeddings.bytes(elements: outside > 0 ? max(headParameters, stage == 0 ? Double(whole.embeddings) / tensor : 0) : 0))
        parameters += outside + norms
        bytes = layers + edges
    }
}
