import ReferenceKernelsC

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Cosines and sines of the rotary embedding for every position (Su et al., arXiv 2104.09864, equation 15):
/// angle i of position p is p · base^(−2i/dimension).
public final class RotaryAngles {
    public let dimension: Int
    public let positions: Int
    let table: FloatBuffer

    public init(dimension: Int, positions: Int, base: Double = 10_000) throws(KernelError) {
        guard dimension > 0, dimension % 2 == 0 else { throw KernelError("a rotary embedding of \(dimension) dimensions has no pairs; use an even number") }
        (self.dimension, self.positions) = (dimension, positions)
        table = try FloatBuffer(count: positions * dimension)
        let half = dimension / 2
        for i in 0..<half {
            let frequency = pow(base, -2 * Double(i) / Double(dimension))
            for p in 0..<positions {
                table.pointer[p * dimension + i] = Float(cos(Double(p) * frequency))
                table.pointer[p * dimension + half + i] = Float(sin(Double(p) * frequency))
            }
        }
    }
}

/// Keys and values of the tokens so far: values [batch, kv heads, capacity, dimension], keys in blocks of 16 tokens with
/// the tokens innermost (`rk_attention.h`).
public final class KeyValueCache {
    public let batch, kvHeads, dimension: Int
    /// Tokens that it holds; room is made for a multiple of 64.
    public let capacity: Int
    let keys, values: FloatBuffer
    private let room: Int

    public init(batch: Int, kvHeads: Int, capacity: Int, dimension: Int) throws(KernelError) {
        guard (1...Int(RK_HEAD_MAX)).contains(dimension) else {
            throw KernelError("heads of \(dimension) elements are not supported; use 1 to \(RK_HEAD_MAX)")
        }
        guard batch >= 1, kvHeads >= 1, capacity >= 1, batch * kvHeads <= 1 << 24, capacity <= 1 << 24 else {
            throw KernelError("a cache for \(batch) × \(kvHeads) heads of \(capacity) tokens is not supported")
        }
        (self.batch, self.kvHeads, self.capacity, self.dimension) = (batch, kvHeads, capacity, dimension)
        room = (capacity + Int(RK_CAPACITY_STEP) - 1) / Int(RK_CAPACITY_STEP) * Int(RK_CAPACITY_STEP)
        keys = try FloatBuffer(count: batch * kvHeads * room * dimension)
        values = try FloatBuffer(count: batch * kvHeads * room * dimension)
    }

    /// A cache in windows of `memory`, keys and then values, as they happen to be filled; `floats` of them.
    init(in memory: FloatBuffer, at offset: Int, batch: Int, kvHeads: Int, capacity: Int, dimension: Int) {
        (self.batch, self.kvHeads, self.capacity, self.dimension) = (batch, kvHeads, capacity, dimension)
        room = (capacity + Int(RK_CAPACITY_STEP) - 1) / Int(RK_CAPACITY_STEP) * Int(RK_CAPACITY_STEP)
        let count = batch * kvHeads * room * dimension
        precondition(offset >= 0 && offset + 2 * count <= memory.count, "a cache beyond the end of its memory")
        keys = FloatBuffer(window: memory.pointer + offset, count: count, owner: memory)
        values = FloatBuffer(window: memory.pointer + offset + count, count: count, owner: memory)
    }

    /// Floats of keys and values together.
    static func floats(batch: Int, kvHeads: Int, capacity: Int, dimension: Int) -> Int {
        2 * batch * kvHeads * ((capacity + Int(RK_CAPACITY_STEP) - 1) / Int(RK_CAPACITY_STEP) * Int(RK_CAPACITY_STEP)) * dimension
    }

    var stride: Int { room }
    private var elementsOfSequence: Int { kvHeads * room * dimension }

    /// Element `i` of the key of one token.
    public func key(sequence: Int, head: Int, token: Int, element i: Int) -> Float {
        let block = (sequence * kvHeads + head) * room + token / Int(RK_KEY_BLOCK) * Int(RK_KEY_BLOCK)
        return keys[block * dimension + i * Int(RK_KEY_BLOCK) + token % Int(RK_KEY_BLOCK)]
    }

    /// Element `i` of the value of one token.
    public func value(sequence: Int, head: Int, token: Int, element i: Int) -> Float {
        values[((sequence * kvHeads + head) * room + token) * dimension + i]
    }

    /// Writes `rows` tokens [batch, rows, kv heads, dimension] of every sequence from token `first` on.
    public func write(keys newKeys: FloatBuffer, values newValues: FloatBuffer, rows: Int, first: Int) {
        precondition(first >= 0 && first + rows <= capacity, "tokens \(first) to \(first + rows) do not fit a cache of \(capacity)")
        let step = rows * kvHeads * dimension
        Kernels.need(newKeys, batch * step, "keys")
        Kernels.need(newValues, batch * step, "values")
        for b in 0..<batch {
            rk_cache_write(keys.pointer + b * elementsOfSequence, values.pointer + b * elementsOfSequence, newKeys.pointer + b * step,
                           newValues.pointer + b * step, rows, kvHeads, dimension, room, first)
        }
    }
}

extension Kernels {
    /// Causal attention of the last `queries` tokens of every sequence over its cache, grouped-query where the cache has
    /// fewer heads: a tiled online softmax for prefill, a split over the context for one query.
    ///
    /// - Parameters:
    ///   - out, q: [batch, queries, heads, dimension].
    ///   - context: tokens of each sequence in the cache, its queries' own included.
    public static func attention(_ out: FloatBuffer, _ q: FloatBuffer, _ cache: KeyValueCache, queries: Int, heads: Int, context: IndexBuffer) throws(KernelError) {
        let count = cache.batch * queries * heads * cache.dimension
        need(q, count, "q"); need(out, count, "out"); need(context, cache.batch, "context")
        precondition(queries > 0 && heads % cache.kvHeads == 0, "\(heads) heads do not share \(cache.kvHeads) key heads evenly")
        for b in 0..<cache.batch {
            precondition(Int(context[b]) >= queries && Int(context[b]) <= cache.capacity, "a context of \(context[b]) does not hold \(queries) queries or exceeds the cache")
        }
        var work = rk_attention(batch: cache.batch, queries: queries, heads: heads, kv_heads: cache.kvHeads, dimension: cache.dimension,
                                capacity: cache.stride, q: q.pointer, keys: cache.keys.pointer, values: cache.values.pointer,
                                out: out.pointer, context: context.pointer, scale: 1 / Float(cache.dimension).squareRoot())
        try check(queries == 1 ? rk_attention_decode(&work) : rk_attention_prefill(&work))
    }
}
