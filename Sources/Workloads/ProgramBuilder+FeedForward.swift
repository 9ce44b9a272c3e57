import Operators
import Quantities

extension ProgramBuilder {
    /// The dense network or the experts of a layer.
    mutating func feedForward(_ stack: Stack, _ variant: Variant, _ input: Int, exchanging: Bool) -> Int {
        if variant.routes, let experts = stack.experts { return mixture(stack, experts, variant, input, exchanging: exchanging) }
        let inner = stack.feedForward.dimension / layout.tensor
        let output = network("feed-forward", stack.feedForward.kind, tokens: shape.tokens, inner: inner, input: input)
        return exchanging ? exchange("feed-forward.all-reduce", .allReduce, elements: width, after: output) : output
    }

    /// A network on rows that every rank has alike.
    mutating func network(_ name: String, _ kind: FeedForward.Kind, tokens: Int, inner: Int, input: Int) -> Int {
        let arrangement = arrangement
        return network(name, kind, rows: [tokens], inner: inner, after: [input]) { _, n, k in arrangement.product(m: tokens, n: n, k: k) }
    }

    /// Two or three products and the function between them. An activation that the runtime fuses runs in the epilogue of
    /// the product before it: nothing of it is left but that a gate halves what is written.
    ///
    /// - Parameters:
    ///   - rows: of each class of ranks; those without any have nothing to do.
    ///   - product: of a class, with `n` columns and `k` elements in a row of the input.
    private mutating func network(_ name: String, _ kind: FeedForward.Kind, rows: [Int], inner: Int, after: [Int], waitsForHost: Bool = false,
                                  product: (Int, Int, Int) -> Operator) -> Int {
        func each(_ operation: (Int) -> Operator) -> [Operator?] { rows.indices.map { rows[$0] == 0 ? nil : operation($0) } }
        let h = model.hidden, activations = activations
        func products(_ n: Int, _ k: Int) -> [Operator?] { each { product($0, n, k) } }

        var up: [Int]
        if !kind.gated {
            up = [add("\(name).up", perClass: products(inner, h), after: after, waitsForHost: waitsForHost)]
        } else if runtime.fuses(.gateUp) {
            let both = products(2 * inner, h).map { $0.map { runtime.fuses(.activation) ? $0.foldingGate : $0 } }
            up = [add("\(name).gate-up", perClass: both, after: after, waitsForHost: waitsForHost)]
        } else {
            up = [add("\(name).gate", perClass: products(inner, h), after: after, waitsForHost: waitsForHost),
                  add("\(name).up", perClass: products(inner, h), after: after)]
        }
        if !runtime.fuses(.activation) {
            let kernels = runtime.composed.contains(.activation) && kind.gated ? 2 : 1
            for kernel in 0..<kernels {
                let function = each { rank in
                    .elementwise(kernels == 1 ? .activation(kind, rows: rows[rank], width: inner, activations: activations)
                                 : Elementwise.composedActivation(kind, rows: rows[rank], width: inner, activations: activations)[kernel])
                }
                up = [add("\(name).activation", perClass: function, after: up)]
            }
        }
        return add("\(name).down", perClass: products(h, inner), after: up)
    }

    // MARK: Experts

    /// Router, dispatch, experts, combine (GShard, arXiv 2006.16668, section 2.2).
    ///
    /// Where expert parallelism spans replicas, each rank sends its tokens to the ranks of their experts, one copy for
    /// every expert chosen, and gets the results back; shared experts run meanwhile. Where it stays inside a tensor-parallel
    /// group, every rank has all tokens already, and the all-reduce adds the experts' results up.
    private mutating func mixture(_ stack: Stack, _ experts: Experts, _ variant: Variant, _ input: Int, exchanging: Bool) -> Int {
        let h = model.hidden, kind = stack.feedForward.kind
        // In front of a dispatch the ranks of a replica divide its tokens; otherwise each has them all.
        let tokens = layout.dispatches ? (shape.tokens + layout.tensor - 1) / layout.tensor : shape.tokens
        let logits = add("experts.router", product(m: tokens, n: experts.count, k: h, math: activations.number), after: [input])
        let router = add("experts.top-k", .elementwise(.router(tokens: tokens, experts: experts.count, topK: experts.topK, activations: activations)), after: [logits])
        let fetched = fetchExperts(stack, experts, variant, router: router)

        let arriving: Int
        if layout.dispatches {
            let permuted = add("experts.permute", .elementwise(.permute(tokens: tokens, copies: tokens * experts.topK, width: h, activations: activations)),
                               after: [input, router])
            arriving = travel("experts.dispatch", tokens: tokens, copies: experts.topK, format: dispatchFormat, after: permuted)
        } else {
            let permute: [Operator?] = classes.map { rank in
                rank.load == 0 ? nil : .elementwise(.permute(tokens: tokens, copies: rank.load, width: h, activations: activations))
            }
            arriving = add("experts.permute", perClass: permute, after: [input, router])
        }

        var shared: Int?
        if experts.shared > 0 {
            // Whole on each rank where tokens are divided, split like a dense network where they are not.
            let inner = experts.shared * experts.sharedDimension / (layout.dispatches ? 1 : layout.tensor)
            shared = network("experts.shared", kind, tokens: tokens, inner: max(1, inner), input: input)
        }
        let computed = routed(stack, experts, after: [arriving, router] + fetched)
        program.expertsUsed = computed

        var result: Int
        if layout.dispatches {
            let returned = travel("experts.combine", tokens: tokens, copies: experts.topK, format: activations, after: computed)
            result = add("experts.sum", .elementwise(.combine(tokens: tokens, copies: tokens * experts.topK, width: h, activations: activations)),
                         after: [returned, router])
        } else {
            let combine: [Operator?] = classes.map { rank in
                rank.load == 0 ? nil : .elementwise(.combine(tokens: tokens, copies: rank.load, width: h, activations: activations))
            }
            result = add("experts.sum", perClass: combine, after: [computed, router])
        }
        if let shared {
            result = add("experts.add-shared", .elementwise(.sum(rows: tokens, width: h, activations: activations)), after: [result, shared])
        }
        if layout.dispatches { return exchange("experts.all-gather", .allGather, elements: width / Double(layout.tensor), after: result) }
        return exchanging ? exchange("experts.all-reduce", .allReduce, elements: width, after: result) : result
    }

    /// Rows that are multiplied in a narrower format travel in it already (DeepSeek-V3, arXiv 2412.19437, section 3.3.3).
    private var dispatchFormat: TensorFormat {
        guard let math = arrangement.math, math.bits < activations.bits else { return activations }
        return TensorFormat(math)
    }

    /// An all-to-all of the expert-parallel ranks.
    private mutating func travel(_ name: String, tokens: Int, copies: Int, format: TensorFormat, after item: Int) -> Int {
        let bytes = format.bytes(elements: Double(tokens) * Double(copies) * Double(model.hidden))
        let total = classes.reduce(0) { $0 + $1.load * $1.ranks }
        let hottest = classes.reduce(0) { max($0, $1.load) }
        let mean = Double(total) / Double(layout.expert)
        let collective = Collective(.allToAll, participants: layout.expert, participantsPerNode: layout.inNode(layout.expert), bytes: bytes,
                                    imbalance: mean > 0 ? Double(hottest) / mean : 1, format: format, messages: tokens,
                                    messageBytes: format.bytes(elements: Double(model.hidden)))
        // What a rank receives goes with the tokens of its experts; what comes back is its own again.
        let arriving = classes.map { name == "experts.dispatch" && mean > 0 ? bytes * (Double($0.load) / mean) : bytes }
        let works: [LayerProgram.Work?] = arriving.map { work(name, .collective(collective), allocates: $0) }
        program.items.append(.init(work: works, place: .accelerator, stream: arrangement.collectiveStream, after: [item], joins: true, waitsForHost: false))
        if runtime.overlapsCollectives { program.turns.insert(program.end) }
        return program.end
    }

    /// The products of the experts of a rank: grouped kernels, or without them one expert after the other, once the host
    /// has seen which of them have tokens.
    private mutating func routed(_ stack: Stack, _ experts: Experts, after: [Int]) -> Int {
        let inner = experts.dimension / layout.expertTensor, kind = stack.feedForward.kind
        let classes = classes, arrangement = arrangement, weights = arrangement.precision.experts
        if runtime.fuses(.groupedExperts) {
            return network("experts", kind, rows: classes.map(\.load), inner: inner, after: after) { rank, n, k in
                .grouped(GroupedMatmul(tokens: classes[rank].tokens, n: n, k: k, activations: arrangement.activations, weights: weights,
                                       math: arrangement.math))
            }
        }
        let places = classes.reduce(0) { max($0, $1.tokens.count { $0 > 0 }) }
        var last = after[0], before = after
        for place in 0..<places {
            last = network("experts", kind, rows: classes.map { $0.tokens[place] }, inner: inner, after: before,
                           waitsForHost: place == 0 && runtime.launch != .inline) { rank, n, k in
                arrangement.product(m: classes[rank].tokens[place], n: n, k: k, weights: weights)
            }
            before = [last] + after
        }
        return last
    }
}

extension Operator {
    /// The product with the gate's activation in its epilogue.
    fileprivate var foldingGate: Operator {
        switch self {
        case .matmul(var product):
            product.foldsGate = true
            return .matmul(product)
        case .grouped(var product):
            product.foldsGate = true
            return .grouped(product)
        default: return self
        }
    }
}
