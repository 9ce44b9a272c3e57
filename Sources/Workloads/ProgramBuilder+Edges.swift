import Operators
import Quantities

/// What stands before the first layer and behind the last.
extension ProgramBuilder {
    /// Tokens (or image patches) become the first hidden state.
    ///
    /// With tensor parallelism each rank holds a part of the vocabulary and an all-reduce brings the rows together
    /// (Megatron-LM, arXiv 1909.08053, section 3).
    mutating func embedding() -> LayerProgram {
        program = LayerProgram()
        let precision = arrangement.precision
        var last: Int
        if let image = model.image {
            let patches = shape.sequences * (image.tokens - 1), k = image.channels * image.patch * image.patch
            let cut = add("embedding.patches", .elementwise(.patches(tokens: patches, width: k, activations: activations)), after: [])
            last = add("embedding.projection", product(m: patches, n: model.hidden, k: k, weights: precision.embeddings), after: [cut])
            // Positions are added; the class token joins.
            let positions = Elementwise(.add, rows: shape.tokens, width: model.hidden, flopsPerElement: 1,
                                        moved: Traffic(weights: precision.embeddings.bytes(elements: Double(image.tokens + 1) * Double(model.hidden)),
                                                       activationsRead: activations.bytes(elements: Double(patches) * Double(model.hidden)),
                                                       activationsWritten: activations.bytes(elements: width)))
            last = add("embedding.positions", .elementwise(positions), after: [last])
        } else {
            let tables = 1 + (model.positions > 0 ? 1 : 0) + (model.tokenTypes > 0 ? 1 : 0)
            let gather = Elementwise.embedding(tokens: shape.tokens, width: model.hidden, tables: tables, share: 1 / Double(layout.tensor),
                                               table: precision.embeddings, activations: activations)
            last = add("embedding", .elementwise(gather), after: [])
            last = exchange("embedding.all-reduce", .allReduce, elements: width, after: last)
        }
        if model.embeddingNorm { last = secondNorm("embedding.norm", last) }
        program.residual = last
        return program
    }

    /// The last sum and norm of an encoder whose output a decoder reads.
    mutating func encoderEnd() -> LayerProgram {
        program = LayerProgram()
        program.encoderOutput = finalNorm()
        return program
    }

    /// Final norm, and for the last token of each sequence the logits and the next token.
    mutating func output() -> LayerProgram {
        program = LayerProgram()
        var last = finalNorm()
        let precision = arrangement.precision, sequences = shape.sequences
        if model.pooler {
            last = add("pooler", product(m: sequences, n: model.hidden, k: model.hidden, weights: precision.embeddings, math: activations.number), after: [last])
        }
        if model.hasOutputHead {
            // A vocabulary that does not divide is padded.
            let part = (model.vocabulary + layout.tensor - 1) / layout.tensor
            let ofAll = runtime.composed.contains(.logits) && model.decoder != nil && layout.tensor == 1
            let rows = ofAll ? shape.tokens : sequences
            last = add("head", product(m: rows, n: part, k: model.hidden, weights: precision.embeddings, math: activations.number), after: [last])
            if ofAll { last = add("head.widening", .elementwise(.widening(rows: rows, width: part, activations: activations)), after: [last], allocates: TensorFormat.fp32.bytes(elements: Double(rows) * Double(part))) }
            last = exchange("head.all-gather", .allGather, elements: Double(sequences) * Double(part), after: last)
            if model.decoder != nil {
                add("sampling", .elementwise(.sampling(sequences: sequences, vocabulary: model.vocabulary, activations: activations)), after: [last])
            }
        }
        return program
    }

    private mutating func finalNorm() -> Int {
        var residual = LayerProgram.Outside.residual
        var branch: Int? = LayerProgram.Outside.branch
        if model.finalNorm { return norm("final.norm", &residual, &branch) }
        return add("residual.add", .elementwise(.sum(rows: shape.tokens, width: model.hidden, activations: activations)),
                   after: [LayerProgram.Outside.residual, LayerProgram.Outside.branch])
    }

    /// A stage hands its hidden state to the next.
    mutating func send(from stage: Int) -> LayerProgram {
        program = LayerProgram()
        let bytes = activations.bytes(elements: width)
        var before = [LayerProgram.Outside.residual]
        // The waiting branch is added first, so that one tensor travels.
        before = [add("residual.add", .elementwise(.sum(rows: shape.tokens, width: model.hidden, activations: activations)),
                      after: before + [LayerProgram.Outside.branch])]
        let send = Collective(.send, participants: 2, participantsPerNode: layout.inNode(sendFrom: stage), bytes: bytes, format: activations)
        program.residual = add("pipeline.send", .collective(send), after: before, stream: arrangement.collectiveStream, allocates: bytes)
        return program
    }
}
