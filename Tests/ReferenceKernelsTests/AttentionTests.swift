import ReferenceKernels
import Testing

struct AttentionShape: CustomTestStringConvertible, Sendable {
    var queries, heads, kvHeads, dimension: Int
    var context: [Int]
    var testDescription: String { "\(queries) queries, \(heads)/\(kvHeads) heads of \(dimension), contexts \(context)" }
}

private let shapes = [
    AttentionShape(queries: 1, heads: 1, kvHeads: 1, dimension: 1, context: [1]),
    AttentionShape(queries: 1, heads: 4, kvHeads: 4, dimension: 64, context: [65, 1]),
    AttentionShape(queries: 1, heads: 8, kvHeads: 2, dimension: 128, context: [700]),
    AttentionShape(queries: 1, heads: 7, kvHeads: 1, dimension: 36, context: [1_111, 63, 64]),
    AttentionShape(queries: 1, heads: 6, kvHeads: 3, dimension: 80, context: [300]),
    AttentionShape(queries: 1, heads: 9, kvHeads: 3, dimension: 200, context: [130]),
    AttentionShape(queries: 2, heads: 1, kvHeads: 1, dimension: 3, context: [2]),
    AttentionShape(queries: 65, heads: 4, kvHeads: 2, dimension: 64, context: [65, 140]),
    AttentionShape(queries: 40, heads: 5, kvHeads: 1, dimension: 33, context: [71]),
    AttentionShape(queries: 130, heads: 2, kvHeads: 2, dimension: 128, context: [130]),
    AttentionShape(queries: 3, heads: 2, kvHeads: 1, dimension: 256, context: [200]),
]

@Suite("Attention", .serialized)
struct AttentionTests {
    @Test("Prefill and decode attention weigh exactly the visible values by the softmax of their scores", arguments: shapes)
    func equalsOracle(_ s: AttentionShape) throws {
        let batch = s.context.count, capacity = (s.context.max() ?? 0) + 5
        let cache = try KeyValueCache(batch: batch, kvHeads: s.kvHeads, capacity: capacity, dimension: s.dimension)
        // The oracle wants [batch, kv heads, capacity, dimension], the cache takes [batch, tokens, kv heads, dimension].
        let size = batch * s.kvHeads * capacity * s.dimension
        let keys = try randoms(size, 1, amplitude: 2), newValues = try randoms(size, 2), written = try (FloatBuffer(count: size), FloatBuffer(count: size))
        for b in 0..<batch {
            for h in 0..<s.kvHeads {
                for t in 0..<capacity {
                    for i in 0..<s.dimension {
                        let from = ((b * s.kvHeads + h) * capacity + t) * s.dimension + i, to = ((b * capacity + t) * s.kvHeads + h) * s.dimension + i
                        // Beyond the context stands what must never be looked at.
                        written.0[to] = t < s.context[b] ? keys[from] : .nan
                        written.1[to] = t < s.context[b] ? newValues[from] : .infinity
                    }
                }
            }
        }
        cache.write(keys: written.0, values: written.1, rows: capacity, first: 0)
        let q = try randoms(batch * s.queries * s.heads * s.dimension, 3, amplitude: 2)
        let expected = Oracle.attention(q: values(q), keys: values(keys), values: values(newValues), batch: batch, queries: s.queries, heads: s.heads,
                                        kvHeads: s.kvHeads, dimension: s.dimension, capacity: capacity, context: s.context)
        let context = try IndexBuffer(s.context.map { Int32($0) })
        try everyWay { way in
            let out = try FloatBuffer([Float](repeating: .nan, count: q.count))
            try Kernels.attention(out, q, cache, queries: s.queries, heads: s.heads, context: context)
            // Scores up to 4 √d carry d u of roundoff into the exponent; outputs are below 1: 1e-5 holds all shapes here,
            // while one key more or less at the edge moves them by 1e-3 and more.
            #expect(difference(values(out), expected) { _ in 1e-5 } == nil, "\(way)")
        }
    }

    @Test("Heads wider than 256 elements are refused")
    func wideHeads() {
        #expect(throws: KernelError.self) { try KeyValueCache(batch: 1, kvHeads: 1, capacity: 1, dimension: 257) }
        #expect(throws: KernelError.self) { try RotaryAngles(dimension: 3, positions: 1) }
    }
}

@Suite("Experts", .serialized)
struct ExpertTests {
    @Test("The router takes the experts with the largest logits, the first of equals, and weighs them by softmax",
          arguments: [(1, 1, 1), (9, 8, 2), (40, 64, 6), (3, 5, 5)], [true, false])
    func routes(_ shape: (Int, Int, Int), renormalise: Bool) throws {
        let (tokens, experts, k) = shape
        let logits = try randoms(tokens * experts, 4, amplitude: 5)
        for i in 0..<logits.count where i % 3 == 0 { logits[i] = 1 }
        let routing = try Routing(tokens: tokens, experts: experts, perToken: k)
        Kernels.route(routing, logits: logits, tokens: tokens, renormalise: renormalise)
        let expected = Oracle.route(values(logits), tokens: tokens, experts: experts, perToken: k, renormalise: renormalise)
        #expect(routing.chosen.elements.map(Int.init) == expected.chosen)
        #expect(difference(values(routing.weights), expected.weights) { 2e-6 * expected.weights[$0] } == nil)
    }

    @Test("Slots are a permutation that sorts the choices by expert and keeps the order of tokens")
    func permutes() throws {
        let tokens = 33, experts = 7, k = 3, width = 19
        let routing = try Routing(tokens: tokens, experts: experts, perToken: k), logits = try randoms(tokens * experts, 8)
        Kernels.route(routing, logits: logits, tokens: tokens)
        #expect(routing.slots.elements.sorted() == (0..<Int32(tokens * k)).map { $0 })
        for e in 0..<experts {
            let own = (0..<tokens * k).filter { routing.chosen[$0] == e }
            #expect(own.map { Int(routing.slots[$0]) } == Array(routing.offsets[e]..<routing.offsets[e + 1]))
        }
        let x = try randoms(tokens * width, 9), sorted = try FloatBuffer(count: tokens * k * width), back = try FloatBuffer(count: tokens * width)
        Kernels.permute(sorted, x, routing, tokens: tokens, width: width)
        Kernels.combine(back, sorted, routing, tokens: tokens, width: width)
        // Weights sum to one, so that copies come back as what they were copies of.
        #expect(difference(values(back), values(x).map(Double.init)) { _ in 8 * unit } == nil)
        #expect(throws: KernelError.self) { try Routing(tokens: 1, experts: 2, perToken: 3) }
    }
}
