#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Activations of one step, kept for the next of the same size.
final class Workspace {
    let rows: Int
    let ids, positions, context: IndexBuffer
    let x, normed, q, k, v, attended, gate, up, routerLogits: FloatBuffer
    let routing: Routing?
    /// Rows sorted by expert.
    let sorted: FloatBuffer?
    private let vocabulary: Int
    private var logits: FloatBuffer?

    init(_ shape: DecoderShape, rows: Int, batch: Int) throws(KernelError) {
        self.rows = rows
        vocabulary = shape.vocabulary
        let copies = rows * max(1, shape.expertsPerToken * (shape.isMixture ? 1 : 0))
        ids = try IndexBuffer(count: rows)
        positions = try IndexBuffer(count: rows)
        context = try IndexBuffer(count: batch)
        x = try FloatBuffer(count: rows * shape.hidden)
        normed = try FloatBuffer(count: rows * shape.hidden)
        q = try FloatBuffer(count: rows * shape.heads * shape.headDimension)
        k = try FloatBuffer(count: rows * shape.kvHeads * shape.headDimension)
        v = try FloatBuffer(count: rows * shape.kvHeads * shape.headDimension)
        attended = try FloatBuffer(count: rows * shape.heads * shape.headDimension)
        gate = try FloatBuffer(count: copies * shape.intermediate)
        up = try FloatBuffer(count: copies * shape.intermediate)
        routerLogits = try FloatBuffer(count: rows * max(1, shape.experts))
        routing = shape.isMixture ? try Routing(tokens: rows, experts: shape.experts, perToken: shape.expertsPerToken) : nil
        sorted = shape.isMixture ? try FloatBuffer(count: copies * shape.hidden) : nil
    }

    func logits(rows: Int) throws(KernelError) -> FloatBuffer {
        if let logits, logits.count == rows * vocabulary { return logits }
        let fresh = try FloatBuffer(count: rows * vocabulary)
        logits = fresh
        return fresh
    }
}

extension LayerWeights {
    /// Copies the layer into an fp32 one of the same shape.
    func widen(into copy: LayerWeights) throws(KernelError) {
        for (from, to) in zip(matrices, copy.matrices) {
            let wide = try from.dequantised()
            memcpy(UnsafeMutableRawPointer(mutating: to.view.values), wide.pointer, wide.count * 4)
        }
        memcpy(copy.attentionNorm, attentionNorm, 2 * output.n * 4)
    }
}
