import ReferenceKernelsC

/// Which experts each token goes to and where its copies lie once sorted by expert.
public final class Routing {
    public let tokens, experts, perToken: Int
    /// [tokens, perToken]
    public let chosen: IndexBuffer
    /// Weight of each choice in the sum, [tokens, perToken].
    public let weights: FloatBuffer
    /// First slot of each expert, [experts + 1].
    public let offsets: AlignedBuffer<Int>
    /// Slot of each choice, [tokens, perToken].
    public let slots: IndexBuffer

    public init(tokens: Int, experts: Int, perToken: Int) throws(KernelError) {
        guard perToken >= 1, perToken <= experts else { throw KernelError("\(perToken) experts a token of \(experts) are not possible") }
        (self.tokens, self.experts, self.perToken) = (tokens, experts, perToken)
        chosen = try IndexBuffer(count: tokens * perToken)
        weights = try FloatBuffer(count: tokens * perToken)
        offsets = try AlignedBuffer<Int>(count: experts + 1)
        slots = try IndexBuffer(count: tokens * perToken)
    }
}

extension Kernels {
    /// Softmax over logits [tokens, experts], the largest chosen; their weights sum to 1 where `renormalise` is true.
    public static func route(_ routing: Routing, logits: FloatBuffer, tokens: Int, renormalise: Bool = true) {
        precondition(tokens <= routing.tokens, "\(tokens) tokens in a routing of \(routing.tokens)")
        need(logits, tokens * routing.experts, "logits")
        rk_route(routing.chosen.pointer, routing.weights.pointer, logits.pointer, tokens, routing.experts, routing.perToken, renormalise ? 1 : 0)
        rk_permutation(routing.offsets.pointer, routing.slots.pointer, routing.chosen.pointer, tokens, routing.experts, routing.perToken)
    }

    /// Copies each token's row of x [tokens, width] to its slots in `out` [tokens · perToken, width].
    public static func permute(_ out: FloatBuffer, _ x: FloatBuffer, _ routing: Routing, tokens: Int, width: Int) {
        need(x, tokens * width, "x"); need(out, tokens * routing.perToken * width, "out")
        rk_permute(out.pointer, x.pointer, routing.slots.pointer, tokens, routing.perToken, width)
    }

    /// out[t] = Σ over the choices of token t of weight · x[slot].
    public static func combine(_ out: FloatBuffer, _ x: FloatBuffer, _ routing: Routing, tokens: Int, width: Int) {
        need(out, tokens * width, "out"); need(x, tokens * routing.perToken * width, "x")
        rk_combine(out.pointer, x.pointer, routing.slots.pointer, routing.weights.pointer, tokens, routing.perToken, width)
    }
}
