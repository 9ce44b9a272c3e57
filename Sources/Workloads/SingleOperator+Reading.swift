import Documents
import Operators
import Quantities

extension SingleOperator {
    private enum Kind: String, CaseIterable {
        case gemm, attention, moe, collective, copy, norm, activation, softmax
    }

    /// Reads one operator with its shape, as a kernel benchmark would state it.
    init(reading document: Document, repetitions: Int) throws(DocumentError) {
        var reader = try document.object()
        let kind: Kind = try reader.require("kind").choice()
        let operators: [Operator] = switch kind {
        case .gemm: [try reader.gemm()]
        case .attention: [try reader.attention()]
        case .moe: try reader.mixture()
        case .collective: [try reader.collective()]
        case .copy: [try reader.copy()]
        case .norm, .activation, .softmax: [try reader.elementwise(kind.rawValue)]
        }
        try reader.finish()
        self.init(name: kind.rawValue, operators: operators, repetitions: repetitions)
    }
}

/// Ranges that keep every product of a shape within whole numbers.
private enum ShapeRange {
    static let dimension = 1...100_000_000
    static let batch = 1...1_000_000
    static let heads = 1...100_000
    static let head = 1...100_000
}

extension ObjectReader {
    fileprivate mutating func size(_ key: String, _ range: ClosedRange<Int> = ShapeRange.dimension) throws(DocumentError) -> Int {
        try require(key).integer(in: range)
    }

    fileprivate mutating func format(_ key: String, default format: TensorFormat = .bf16) throws(DocumentError) -> TensorFormat {
        try optional(key)?.tensorFormat() ?? format
    }

    private mutating func flag(_ key: String, otherwise value: Bool) throws(DocumentError) -> Bool { try optional(key)?.bool() ?? value }

    fileprivate mutating func gemm() throws(DocumentError) -> Operator {
        let activations = try format("activations")
        return .matmul(Matmul(m: try size("m"), n: try size("n"), k: try size("k"),
                              batch: try optional("batch")?.integer(in: ShapeRange.batch) ?? 1,
                              activations: activations, weights: try format("weights", default: activations), math: try optional("math")?.choice()))
    }

    fileprivate mutating func attention() throws(DocumentError) -> Operator {
        let batch = try size("batch", ShapeRange.batch)
        let queries = try optional("queries")?.integer(in: JobRange.tokens) ?? 1
        let context = try size("context", JobRange.tokens), heads = try size("heads", ShapeRange.heads)
        let kvHeads = try optional("kvHeads")?.integer(in: ShapeRange.heads) ?? heads
        let dimension = try size("headDimension", ShapeRange.head)
        let causal = try flag("causal", otherwise: true)
        let window = try optional("window")?.integer(in: JobRange.tokens) ?? 0
        let activations = try format("activations")
        let cache = try format("cache", default: activations)
        if causal, queries > context { throw document.error("\(queries) queries are more than a context of \(context) tokens, which contains them") }
        if heads % kvHeads != 0 { throw document.error("\(kvHeads) key-value heads do not divide \(heads) heads") }
        if batch * queries > JobRange.passTokens { throw document.error("\(batch) × \(queries) queries are more than \(JobRange.passTokens)") }
        return .attention(Attention(batch: batch, queries: queries, context: context, heads: heads, kvHeads: kvHeads, keyDimension: dimension,
                                    valueDimension: dimension, causal: causal, window: window, activations: activations, cache: cache))
    }

    /// The experts of one layer without their router, on the rank that receives most: exchange, permutation, products and
    /// weighted sum.
    fileprivate mutating func mixture() throws(DocumentError) -> [Operator] {
        let tokens = try size("tokens", JobRange.tokens), hidden = try size("hidden"), inner = try size("dimension")
        let experts = try size("experts", 1...100_000), topK = try size("topK", 1...100_000)
        let ranks = try optional("expertParallel")?.integer(in: JobRange.ways) ?? 1
        let gated = try flag("gated", otherwise: true)
        let activations = try format("activations")
        let weights = try format("weights", default: activations)
        let math: NumberFormat? = try optional("math")?.choice()
        let routing: Routing = if let part = optional("routing") { try Routing(reading: part) } else { .balanced }
        if topK > experts { throw document.error("each token visits \(topK) experts, but there are \(experts)") }
        if experts % ranks != 0 {
            throw document.error("expertParallel \(ranks) does not divide \(experts) experts; use \(list(divisors(of: experts).prefix(8).map(String.init)))")
        }
        if case .counts(let counts) = routing, counts.count != experts || counts.count(where: { $0 > 0 }) < topK {
            throw document.error("routing has \(counts.count(where: { $0 > 0 })) experts above 0 among \(counts.count) values; there are \(experts) experts, and each token visits \(topK)")
        }
        let counts = routing.tokensPerExpert(tokens: tokens, topK: topK, experts: experts, ranks: ranks)
        let hottest = RankClass.fold(counts, ranks: ranks)[0]
        func product(_ n: Int, _ k: Int) -> Operator {
            .grouped(GroupedMatmul(tokens: hottest.tokens, n: n, k: k, activations: activations, weights: weights, math: math))
        }
        func rows(_ kind: Elementwise) -> Operator { .elementwise(kind) }
        var operators: [Operator] = [rows(.permute(tokens: tokens, copies: hottest.load, width: hidden, activations: activations))]
        let sent = activations.bytes(elements: Double(tokens) * Double(topK) / Double(ranks) * Double(hidden))
        let exchange = Operator.collective(Collective(.allToAll, participants: ranks, bytes: sent,
                                                      imbalance: Double(hottest.load) * Double(ranks) / (Double(tokens) * Double(topK)), format: activations,
                                                      messages: max(1, tokens / ranks), messageBytes: activations.bytes(elements: Double(hidden))))
        if ranks > 1 { operators.append(exchange) }
        let kind: FeedForward.Kind = gated ? .swiglu : .gelu
        operators.append(product(gated ? 2 * inner : inner, hidden))
        operators.append(rows(.activation(kind, rows: hottest.load, width: inner, activations: activations)))
        operators.append(product(hidden, inner))
        if ranks > 1 { operators.append(exchange) }
        operators.append(rows(.combine(tokens: max(1, tokens / ranks), copies: tokens / ranks * topK, width: hidden, activations: activations)))
        return operators
    }

    fileprivate mutating func collective() throws(DocumentError) -> Operator {
        let kind: Collective.Kind = try require("operation").choice()
        let participants = try size("participants", 2...JobRange.ways.upperBound)
        let bytes = try require("bytes").quantity(Bytes.self)
        let imbalance = try optional("imbalance")?.number(in: 1...Double(participants)) ?? 1
        if imbalance > 1, kind != .allToAll { throw document.error("imbalance is for an \"all-to-all\"") }
        return .collective(Collective(kind, participants: participants, bytes: bytes, imbalance: imbalance, format: try format("format")))
    }

    fileprivate mutating func copy() throws(DocumentError) -> Operator {
        let from = try require("from").string(), target = try require("to")
        let to = try target.string()
        if from == to { throw target.error("is \"\(to)\", where the bytes come from") }
        return .copy(Copy(from: from, to: to, bytes: try require("bytes").quantity(Bytes.self),
                          requests: try optional("requests")?.integer(in: 1...1_000_000_000) ?? 1))
    }

    fileprivate mutating func elementwise(_ kind: String) throws(DocumentError) -> Operator {
        let rows = try size("rows"), width = try size("width")
        let activations = try format("activations")
        switch kind {
        case "norm":
            let norm: Model.Norm = try optional("norm")?.choice() ?? .rms
            return .elementwise(.norm(norm, rows: rows, width: width, residual: false, activations: activations, vectors: activations))
        case "activation":
            return .elementwise(.activation(try optional("function")?.choice() ?? .swiglu, rows: rows, width: width, activations: activations))
        default:
            return .elementwise(.softmax(rows: rows, width: width, activations: activations))
        }
    }
}
