import Operators
import Quantities

extension ProgramBuilder {
    /// The dense network or the experts of a layer.
    mutating func feedForward(_ stack: Stack, _ variant: Variant, _ input: Int, exchanging: Bool) -> Int {
        if variant.routes, let experts = stack.experts { return mixture(stack, experts, variant, input) }
        let inner = stack.feedForward.dimension / layout.tensor
        let output = network("feed-forward", stack.feedForward.kind, tokens: shape.tokens, inner: inner, input: input)
        return exchanging ? exchange("feed-forward.all-reduce", .allReduce, elements: width, after: output) : output
    }

    /// Two or three products and the function between them. An activation that the runtime fuses costs nothing here: its
    /// operations run in the epilogue of the product.
    mutating func network(_ name: String, _ kind: FeedForward.Kind, tokens: Int, inner: Int, input: Int) -> Int {
        let h = model.hidden
        var up: [Int]
        if !kind.gated {
            up = [add("\(name).up", product(m: tokens, n: inner, k: h), after: [input])]
        } else if runtime.fuses(.gateUp) {
            up = [add("\(name).gate-up", product(m: tokens, n: 2 * inner, k: h), after: [input])]
        } else {
            up = [add("\(name).gate", product(m: tokens, n: inner, k: h), after: [input]),
                  add("\(name).up", product(m: tokens, n: inner, k: h), after: [input])]
        }
        if !runtime.fuses(.activation) {
            up = [add("\(name).activation", .elementwise(.activation(kind, rows: tokens, width: inner, activations: activations)), after: up)]
        }
        return add("\(name).down", product(m: tokens, n: h, k: inner), after: up)
    }

    // MARK: Experts

    /// Router, dispatch, experts, combine (GShard, arXiv 2006.16668, section 2.2).
    ///
    /// Where expert parallelism spans replicas, each rank sends its tokens to the ranks of their experts, one copy for
    /// every expert chosen, and gets the results back; shared experts run meanwhile. Where it stays inside a tensor-parallel
    /// group, every rank has all tokens already, and the all-reduce adds the experts' results up.
    private mutating func mixture(_ stack: Stack, _ experts: Experts, _ variant: Variant, _ input: Int) -> Int {
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
            arriving = travel("experts.dispatch", copies: tokens * experts.topK, format: dispatchFormat, after: permuted)
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
            let returned = travel("experts.combine", copies: tokens * experts.topK, format: activations, after: computed)
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
        return layout.dispatches
            ? exchange("experts.all-gather", .allGather, elements: width / Double(layout.tensor), after: result)
            : exchange("experts.all-reduce", .allReduce, elements: width, after: result)
    }

    /// Rows that are multiplied in a narrower format travel in it already (DeepSeek-V3, arXiv 2412.19437, section 3.3.2).
    private var dispatchFormat: TensorFormat {
        guard let math = arrangement.math, math.bits < activations.bits else { return activations }
        return TensorFormat(math)
    }

    /// An all-to-all of the expert-parallel ranks.
    private mutating func travel(_ name: String, copies: Int, format: TensorFormat, after item: Int) -> Int {
        let bytes = format.bytes(elements: Double(copies) * Double(model.hidden))
        let total = classes.reduce(0) { $0 + $1.load * $1.ranks }
        let hottest = classes.reduce(0) { max($0, $1.load) }
        let mean = Double(total) / Double(layout.expert)
        let collective = Collective(.allToAll, participants: layout.expert, participantsPerNode: layout.inNode(layout.expert), bytes: bytes,
                                    imbalance: mean > 0 ? Double(hottest) / mean : 1, format: format)
        let index = add(name, .collective(collective), after: [item], stream: arrangement.collectiveStream, joins: true, allocates: bytes)
        program.turns.insert(index)
        return index
    }

    /// The products of the experts of a rank: grouped kernels, or one product after the other for each expert with tokens.
    private mutating func routed(_ stack: Stack, _ experts: Experts, after: [Int]) -> Int {
        let h = model.hidden, inner = experts.dimension / layout.expertTensor, kind = stack.feedForward.kind
        func products(_ n: Int, _ k: Int) -> [Operator?] {
            classes.map { rank in
                rank.load == 0 ? nil : .grouped(GroupedMatmul(tokens: rank.tokens, n: n, k: k, activations: activations,
                                                             weights: arrangement.precision.experts, math: arrangement.math))
            }
        }
        guard runtime.fuses(.groupedExperts) else { return oneByOne(kind, inner: inner, after: after) }
        var up: [Int]
        if !kind.gated {
            up = [add("experts.up", perClass: products(inner, h), after: after)]
        } else if runtime.fuses(.gateUp) {
            up = [add("experts.gate-up", perClass: products(2 * inner, h), after: after)]
        } else {
            up = [add("experts.gate", perClass: products(inner, h), after: after), add("experts.up", perClass: products(inner, h), after: after)]
        }
        if !runtime.fuses(.activation) {
            let function: [Operator?] = classes.map { rank in
                rank.load == 0 ? nil : .elementwise(.activation(kind, rows: rank.load, width: inner, activations: activations))
            }
            up = [add("experts.activation", perClass: function, after: up)]
        }
        return add("experts.down", perClass: products(h, inner), after: up)
    }

    /// Without a grouped kernel each expert that has tokens runs by itself.
    private mutating func oneByOne(_ kind: FeedForward.Kind, inner: Int, after: [Int]) -> Int {
        let h = model.hidden, weights = arrangement.precision.experts
        let places = classes.reduce(0) { max($0, $1.tokens.count { $0 > 0 }) }
        var last = after[0], before = after
        for place in 0..<places {
            func each(_ n: Int, _ k: Int) -> [Operator?] {
                classes.map { $0.tokens[place] > 0 ? product(m: $0.tokens[place], n: n, k: k, weights: weights) : nil }
            }
            var up: [Int]
            if !kind.gated {
                up = [add("experts.up", perClass: each(inner, h), after: before)]
            } else if runtime.fuses(.gateUp) {
                up = [add("experts.gate-up", perClass: each(2 * inner, h), after: before)]
            } else {
                up = [add("experts.gate", perClass: each(inner, h), after: before), add("experts.up", perClass: each(inner, h), after: before)]
            }
            if !runtime.fuses(.activation) {
                let function: [Operator?] = classes.map {
                    $0.tokens[place] > 0 ? .elementwise(.activation(kind, rows: $0.tokens[place], width: inner, activations: activations)) : nil
                }
                up = [add("experts.activation", perClass: function, after: up)]
            }
            last = add("experts.down", perClass: each(h, inner), after: up)
            before = [last] + after
        }
        return last
    }
}
