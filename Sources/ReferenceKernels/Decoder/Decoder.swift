import ReferenceKernelsC

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A decoder that really runs: random weights, real arithmetic, a real KV cache.
///
///     let decoder = try Decoder(shape, batch: 1, capacity: 512, seed: 1)
///     let first = try decoder.run(prompt, tokens: prompt.count)      // prefill
///     let next = try decoder.run([7], tokens: 1)                     // one decode step
public final class Decoder {
    public let shape: DecoderShape
    public let batch: Int
    /// Tokens of each sequence that the cache can hold.
    public let capacity: Int
    /// Tokens of each sequence in the cache.
    public private(set) var position = 0

    let layers: any LayerSource
    let embedding: FloatBuffer
    let head: WeightMatrix
    let finalNorm: FloatBuffer
    private let caches: [KeyValueCache]
    private let angles: RotaryAngles
    private var workspace: Workspace?

    /// A decoder with all weights in memory.
    public convenience init(_ shape: DecoderShape, batch: Int, capacity: Int, seed: UInt64) throws(KernelError) {
        try shape.check()
        try self.init(shape, batch: batch, capacity: capacity, seed: seed, layers: ResidentLayers(shape, seed: seed))
    }

    /// A decoder whose layers are read from a file of `writeLayers` at every step, the next while one is computed with.
    public convenience init(_ shape: DecoderShape, batch: Int, capacity: Int, seed: UInt64, streamingFrom path: String) throws(KernelError) {
        try shape.check()
        try self.init(shape, batch: batch, capacity: capacity, seed: seed, layers: StreamedLayers(shape, file: path))
    }

    /// Writes the layers that a decoder of this shape and seed has in memory.
    public static func writeLayers(_ shape: DecoderShape, seed: UInt64, to path: String) throws(KernelError) {
        try shape.check()
        let layout = try LayerLayout(shape)
        let memory = try AlignedBuffer<UInt8>(count: layout.bytes)
        let window = LayerWeights(layout, at: UnsafeMutableRawPointer(memory.pointer), owner: memory)
        let writer = try FileWriter(path: path)
        for index in 0..<shape.layers {
            try window.fill(layer: index, seed: seed)
            try writer.append(memory.pointer, count: layout.bytes)
        }
        try writer.finish()
    }

    init(_ shape: DecoderShape, batch: Int, capacity: Int, seed: UInt64, layers: any LayerSource, head: WeightMatrix? = nil) throws(KernelError) {
        guard (1...1 << 16).contains(batch), (1...1 << 24).contains(capacity) else {
            throw KernelError("decoder: a batch of \(batch) with \(capacity) tokens each is not supported")
        }
        self.shape = shape
        self.batch = batch
        self.capacity = capacity
        self.layers = layers
        embedding = try FloatBuffer.random(shape.vocabulary * shape.hidden, seed: seed ^ 0xe, amplitude: Float(3).squareRoot())
        self.head = if let head { head } else { try WeightMatrix(random: shape.vocabulary, shape.hidden, format: shape.weights, seed: seed ^ 0xf) }
        finalNorm = try FloatBuffer([Float](repeating: 1, count: shape.hidden))
        var caches: [KeyValueCache] = []
        for _ in 0..<shape.layers {
            caches.append(try KeyValueCache(batch: batch, kvHeads: shape.kvHeads, capacity: capacity, dimension: shape.headDimension))
        }
        self.caches = caches
        angles = try RotaryAngles(dimension: shape.headDimension, positions: capacity, base: shape.rotaryBase)
    }

    /// The same decoder in fp32, with the weights that the stored codes stand for.
    public func dequantised() throws(KernelError) -> Decoder {
        guard let resident = layers as? ResidentLayers else { throw KernelError("only a decoder in memory can be widened") }
        var wide = shape
        wide.weights = .fp32
        let layout = try LayerLayout(wide)
        var copies: [LayerWeights] = []
        for layer in resident.layers {
            let memory = try AlignedBuffer<UInt8>(count: layout.bytes)
            let copy = LayerWeights(layout, at: UnsafeMutableRawPointer(memory.pointer), owner: memory)
            try layer.widen(into: copy)
            copies.append(copy)
        }
        let wideHead = try WeightMatrix(head.dequantised(), n: head.n, k: head.k, format: .fp32)
        let decoder = try Decoder(wide, batch: batch, capacity: capacity, seed: 0, layers: ResidentLayers(layers: copies), head: wideHead)
        memcpy(decoder.embedding.pointer, embedding.pointer, embedding.count * 4)
        return decoder
    }

    /// Forgets all tokens.
    public func reset() { position = 0 }

    /// Bytes read from a drive in every step; 0 with all weights in memory.
    public var bytesStreamed: Int { layers.bytesStreamed }

    public enum Logits: Sendable { case ofLastToken, ofEveryToken }

    /// Appends `tokens` tokens to every sequence and computes what follows: a prefill with many, a decode step with one.
    ///
    /// - Parameter ids: [batch, tokens].
    /// - Returns: logits [batch, 1 or tokens, vocabulary]; valid until the next call.
    /// - Throws: `KernelError` for ids outside the vocabulary or more tokens than the cache holds.
    @discardableResult
    public func run(_ ids: [Int32], tokens: Int, logits wanted: Logits = .ofLastToken) throws(KernelError) -> FloatBuffer {
        guard tokens >= 1, ids.count == batch * tokens else { throw KernelError("decoder: \(ids.count) ids are not \(batch) × \(tokens)") }
        guard position + tokens <= capacity else {
            throw KernelError("decoder: \(position) + \(tokens) tokens are more than the \(capacity) that the cache holds")
        }
        if let stranger = ids.first(where: { $0 < 0 || $0 >= shape.vocabulary }) {
            throw KernelError("decoder: token \(stranger) is outside the vocabulary of \(shape.vocabulary)")
        }
        let rows = batch * tokens
        let space = if let workspace, workspace.rows == rows { workspace } else { try Workspace(shape, rows: rows, batch: batch) }
        workspace = space
        for (i, id) in ids.enumerated() {
            space.ids.pointer[i] = id
            space.positions.pointer[i] = Int32(position + i % tokens)
        }
        for b in 0..<batch { space.context.pointer[b] = Int32(position + tokens) }
        Kernels.gather(space.x, table: embedding, ids: space.ids, rows: rows, width: shape.hidden)
        for cache in caches {
            let layer = try layers.next()
            try attend(layer, cache, space, tokens: tokens)
            try feedForward(layer, space)
        }
        position += tokens
        return try project(space, tokens: tokens, wanted)
    }

    private func norm(_ out: FloatBuffer, _ x: FloatBuffer, _ weight: UnsafeMutablePointer<Float>, rows: Int) {
        rk_rms_norm(out.pointer, x.pointer, weight, rows, shape.hidden, 1e-5)
    }

    private func attend(_ layer: LayerWeights, _ cache: KeyValueCache, _ space: Workspace, tokens: Int) throws(KernelError) {
        let rows = space.rows
        norm(space.normed, space.x, layer.attentionNorm, rows: rows)
        try Kernels.matmul(space.q, space.normed, layer.query, m: rows)
        try Kernels.matmul(space.k, space.normed, layer.key, m: rows)
        try Kernels.matmul(space.v, space.normed, layer.value, m: rows)
        Kernels.rotary(space.q, angles, positions: space.positions, rows: rows, heads: shape.heads)
        Kernels.rotary(space.k, angles, positions: space.positions, rows: rows, heads: shape.kvHeads)
        cache.write(keys: space.k, values: space.v, rows: tokens, first: position)
        try Kernels.attention(space.attended, space.q, cache, queries: tokens, heads: shape.heads, context: space.context)
        try Kernels.matmul(space.normed, space.attended, layer.output, m: rows)
        Kernels.add(space.x, space.x, space.normed, count: rows * shape.hidden)
    }

    private func feedForward(_ layer: LayerWeights, _ space: Workspace) throws(KernelError) {
        let rows = space.rows
        norm(space.normed, space.x, layer.feedForwardNorm, rows: rows)
        if let router = layer.router, let routing = space.routing, let sorted = space.sorted {
            try Kernels.matmul(space.routerLogits, space.normed, router, m: rows)
            Kernels.route(routing, logits: space.routerLogits, tokens: rows)
            Kernels.permute(sorted, space.normed, routing, tokens: rows, width: shape.hidden)
            try Kernels.groupedMatmul(space.gate, sorted, layer.gate, offsets: routing.offsets)
            try Kernels.groupedMatmul(space.up, sorted, layer.up, offsets: routing.offsets)
            Kernels.siluMul(space.gate, gate: space.gate, up: space.up, count: rows * shape.expertsPerToken * shape.intermediate)
            try Kernels.groupedMatmul(sorted, space.gate, layer.down, offsets: routing.offsets)
            Kernels.combine(space.normed, sorted, routing, tokens: rows, width: shape.hidden)
        } else {
            try Kernels.matmul(space.gate, space.normed, layer.gate[0], m: rows)
            try Kernels.matmul(space.up, space.normed, layer.up[0], m: rows)
            Kernels.siluMul(space.gate, gate: space.gate, up: space.up, count: rows * shape.intermediate)
            try Kernels.matmul(space.normed, space.gate, layer.down[0], m: rows)
        }
        Kernels.add(space.x, space.x, space.normed, count: rows * shape.hidden)
    }

    private func project(_ space: Workspace, tokens: Int, _ wanted: Logits) throws(KernelError) -> FloatBuffer {
        var rows = space.rows
        if wanted == .ofLastToken, tokens > 1 {
            for b in 0..<batch {
                memmove(space.x.pointer + b * shape.hidden, space.x.pointer + (b * tokens + tokens - 1) * shape.hidden, shape.hidden * 4)
            }
            rows = batch
        }
        norm(space.normed, space.x, finalNorm.pointer, rows: rows)
        let logits = try space.logits(rows: rows)
        try Kernels.matmul(logits, space.normed, head, m: rows)
        return logits
    }
}
