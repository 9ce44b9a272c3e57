import Operators
import Quantities

/// The elementwise operators of a transformer, with what each element costs.
///
/// Operations are counted from the textbook form of each function: one for every addition, multiplication and comparison
/// on the vector engine; exponentials, reciprocals, hyperbolic tangents and square roots apart, on the special engine.
extension Elementwise {
    /// RMS norm: square, accumulate, scale, weight. Layer norm: accumulate, subtract, square, accumulate, scale, weight,
    /// shift. One inverse root per row.
    ///
    /// - Parameter residual: the branch is added to the residual stream in the same kernel, and both sums are written.
    public static func norm(_ kind: Model.Norm, rows: Int, width: Int, residual: Bool, activations: TensorFormat, vectors: TensorFormat) -> Elementwise {
        let elements = Double(rows) * Double(width), streams = residual ? 2.0 : 1.0
        return Elementwise(.norm, rows: rows, width: width, flopsPerElement: (kind == .rms ? 4 : 7) + (residual ? 1 : 0),
                           specialsPerElement: 1 / Double(width),
                           moved: Traffic(weights: vectors.bytes(elements: Double(kind.parameters(width: width))),
                                          activationsRead: activations.bytes(elements: streams * elements),
                                          activationsWritten: activations.bytes(elements: streams * elements)))
    }

    /// `a + b`, of `inputs` tensors.
    public static func sum(rows: Int, width: Int, inputs: Int = 2, activations: TensorFormat) -> Elementwise {
        let elements = Double(rows) * Double(width)
        return Elementwise(.add, rows: rows, width: width, flopsPerElement: Double(inputs - 1),
                           moved: Traffic(activationsRead: activations.bytes(elements: Double(inputs) * elements),
                                          activationsWritten: activations.bytes(elements: elements)))
    }

    /// SiLU: x / (1 + e⁻ˣ). GELU in its hyperbolic tangent form: x/2 · (1 + tanh(c·(x + 0.044715 x³))) (arXiv 1606.08415).
    /// A gate multiplies the result with the other half of the projection.
    ///
    /// - Parameter width: elements of a row that come out; twice as many go in where there is a gate.
    public static func activation(_ kind: FeedForward.Kind, rows: Int, width: Int, activations: TensorFormat) -> Elementwise {
        let elements = Double(rows) * Double(width)
        let (flops, specials): (Double, Double) = switch kind {
        case .swiglu: (3, 2)
        case .geglu: (9, 1)
        case .gelu: (8, 1)
        case .relu: (1, 0)
        }
        return Elementwise(.activation, rows: rows, width: width, flopsPerElement: flops, specialsPerElement: specials,
                           moved: Traffic(activationsRead: activations.bytes(elements: (kind.gated ? 2 : 1) * elements),
                                          activationsWritten: activations.bytes(elements: elements)))
    }

    /// Scale, maximum, subtract, exponential, accumulate, normalise.
    public static func softmax(rows: Int, width: Int, activations: TensorFormat) -> Elementwise {
        let bytes = activations.bytes(elements: Double(rows) * Double(width))
        return Elementwise(.softmax, rows: rows, width: width, flopsPerElement: 5, specialsPerElement: 1,
                           moved: Traffic(activationsRead: bytes, activationsWritten: bytes))
    }

    /// Rotary position embedding (RoFormer, arXiv 2104.09864, section 3.4.2): each pair of elements is turned by one
    /// angle, four multiplications and two additions a pair; the cosines and sines are read from a table.
    ///
    /// - Parameters:
    ///   - width: rotated elements of one token, over queries and keys.
    ///   - table: elements of one token's row of the table.
    ///   - cached: elements that the same kernel writes to the KV cache, 0 when another one does.
    ///   - carried: those of them that reach the cache without being turned.
    public static func rotary(tokens: Int, width: Int, table: Int, cached: Int = 0, carried: Int = 0, activations: TensorFormat, cache: TensorFormat) -> Elementwise {
        let elements = Double(tokens) * Double(width)
        return Elementwise(.rotary, rows: tokens, width: width, flopsPerElement: 3,
                           moved: Traffic(cacheWritten: cache.bytes(elements: Double(tokens) * Double(cached)),
                                          activationsRead: activations.bytes(elements: elements + Double(tokens) * Double(table + carried)),
                                          activationsWritten: activations.bytes(elements: elements)))
    }

    /// Keys and values of new tokens go to their places in the KV cache.
    public static func cacheWrite(tokens: Int, width: Int, activations: TensorFormat, cache: TensorFormat) -> Elementwise {
        let elements = Double(tokens) * Double(width)
        return Elementwise(.cacheWrite, rows: tokens, width: width, flopsPerElement: 0,
                           moved: Traffic(cacheWritten: cache.bytes(elements: elements), activationsRead: activations.bytes(elements: elements)))
    }

    /// One row of the table per token; with learned positions (and token types) one more row each, added.
    ///
    /// - Parameter share: part of the tokens whose row this device holds, 1 without a split vocabulary.
    public static func embedding(tokens: Int, width: Int, tables: Int, share: Double, table: TensorFormat, activations: TensorFormat) -> Elementwise {
        let elements = Double(tokens) * Double(width)
        return Elementwise(.embedding, rows: tokens, width: width, flopsPerElement: Double(tables - 1),
                           moved: Traffic(weights: table.bytes(elements: elements * share * Double(tables)),
                                          activationsWritten: activations.bytes(elements: elements)))
    }

    /// Cuts images into rows of one patch each.
    static func patches(tokens: Int, width: Int, activations: TensorFormat) -> Elementwise {
        let bytes = activations.bytes(elements: Double(tokens) * Double(width))
        return Elementwise(.patchEmbedding, rows: tokens, width: width, flopsPerElement: 0,
                           moved: Traffic(activationsRead: bytes, activationsWritten: bytes))
    }

    /// Softmax over the experts and the choice of the best `topK`, one comparison each.
    public static func router(tokens: Int, experts: Int, topK: Int, activations: TensorFormat) -> Elementwise {
        Elementwise(.router, rows: tokens, width: experts, flopsPerElement: 5 + Double(topK), specialsPerElement: 1,
                    moved: Traffic(activationsRead: activations.bytes(elements: Double(tokens) * Double(experts)),
                                   activationsWritten: activations.bytes(elements: Double(tokens) * Double(2 * topK))))
    }

    /// Rows of tokens gathered in the order of their experts.
    public static func permute(tokens: Int, copies: Int, width: Int, activations: TensorFormat) -> Elementwise {
        Elementwise(.permute, rows: copies, width: width, flopsPerElement: 0,
                    moved: Traffic(activationsRead: activations.bytes(elements: Double(min(tokens, copies)) * Double(width)),
                                   activationsWritten: activations.bytes(elements: Double(copies) * Double(width))))
    }

    /// Each row brought into a narrower format under scales of its own: magnitude, maximum, multiplication, conversion.
    public static func quantise(rows: Int, width: Int, from wide: TensorFormat, to narrow: TensorFormat) -> Elementwise {
        let elements = Double(rows) * Double(width)
        return Elementwise(.quantise, rows: rows, width: width, flopsPerElement: 4,
                           moved: Traffic(activationsRead: wide.bytes(elements: elements), activationsWritten: narrow.bytes(elements: elements)))
    }

    /// Results of the experts of each token, weighted and added up: a multiplication and an addition each.
    ///
    /// - Parameter copies: rows that come in.
    public static func combine(tokens: Int, copies: Int, width: Int, activations: TensorFormat) -> Elementwise {
        Elementwise(.combine, rows: tokens, width: width, flopsPerElement: 2 * Double(copies) / Double(max(1, tokens)),
                    moved: Traffic(activationsRead: activations.bytes(elements: Double(copies) * Double(width)),
                                   activationsWritten: activations.bytes(elements: Double(tokens) * Double(width))))
    }

    /// The next token out of the logits: softmax and comparison.
    static func sampling(sequences: Int, vocabulary: Int, activations: TensorFormat) -> Elementwise {
        Elementwise(.sampling, rows: sequences, width: vocabulary, flopsPerElement: 6, specialsPerElement: 1,
                    moved: Traffic(activationsRead: activations.bytes(elements: Double(sequences) * Double(vocabulary)),
                                   activationsWritten: Bytes(4 * sequences)))
    }
}
