import Operators
import Quantities

extension ProgramBuilder {
    /// Self-attention from the normalised input to the projected output.
    mutating func attention(_ stack: Stack, _ variant: Variant, _ input: Int, decodes: Bool, exchanging: Bool) -> Int {
        let a = stack.attention
        let heads = a.heads / layout.tensor
        let (ready, core) = a.latent.map { latentInput(a, $0, heads, input) } ?? headInput(stack, variant, heads, input, decodes: decodes)
        var context = attend(core, after: ready)
        program.attention = context
        if let latent = a.latent, shape.isDecode {
            // The weighted latents become values: W_UV, absorbed from the key-value expansion.
            context = add("attention.value-expansion",
                          product(m: shape.tokens, n: latent.valueDimension, k: latent.keyValueRank, batch: heads), after: [context])
        }
        let output = add("attention.output", product(m: shape.tokens, n: model.hidden, k: heads * a.valueDimension), after: [context])
        return exchanging ? exchange("attention.all-reduce", .allReduce, elements: width, after: output) : output
    }

    /// Keys and values of a rank: each head of the cache is on one rank, or on several where there are more ranks than heads.
    func cacheHeads(_ a: AttentionShape) -> Int { max(1, a.kvHeads / layout.tensor) }

    /// Query, key and value projections of multi-head or grouped-query attention, rotary embedding and the cache.
    private mutating func headInput(_ stack: Stack, _ variant: Variant, _ heads: Int, _ input: Int, decodes: Bool) -> ([Int], Attention) {
        let a = stack.attention, d = a.headDimension, kv = cacheHeads(a)
        var parts: [Int]
        if runtime.fuses(.qkv) {
            parts = [add("attention.qkv", product(m: shape.tokens, n: (heads + 2 * kv) * d, k: model.hidden), after: [input])]
        } else {
            parts = [add("attention.query", product(m: shape.tokens, n: heads * d, k: model.hidden), after: [input]),
                     add("attention.key", product(m: shape.tokens, n: kv * d, k: model.hidden), after: [input]),
                     add("attention.value", product(m: shape.tokens, n: kv * d, k: model.hidden), after: [input])]
        }
        if a.queryKeyNorm {
            parts = [add("attention.query-key-norm", normalise(width: d, rows: shape.tokens * (heads + kv), scales: 2), after: parts)]
        }
        parts = positionAndCache(parts, rotated: model.rotary ? (heads + kv) * d : 0, table: d, cached: 2 * kv * d, carried: kv * d)
        return (parts, Attention(batch: shape.sequences, queries: shape.queries, context: shape.context, heads: heads, kvHeads: kv,
                                 keyDimension: d, valueDimension: d, causal: decodes, window: variant.window, activations: activations,
                                 cache: shape.caches ? arrangement.precision.cache : activations))
    }

    /// Rotary embedding and cache write, as one kernel or two; neither where the model or the pass has no use for it.
    mutating func positionAndCache(_ before: [Int], rotated: Int, table: Int, cached: Int, carried: Int) -> [Int] {
        let keepsHere = shape.caches && !keepsElsewhere
        let fused = runtime.fuses(.rotaryCache) && rotated > 0 && keepsHere
        var parts = before
        if rotated > 0, !fused, runtime.composed.contains(.rotary) {
            let kernels = Elementwise.composedRotary(tokens: shape.tokens, width: rotated, table: table, activations: activations)
            parts = [chain("attention.rotary", kernels, after: parts)] + before
        } else if rotated > 0 {
            let rotary = Elementwise.rotary(tokens: shape.tokens, width: rotated, table: table, cached: fused ? cached : 0,
                                            carried: fused ? carried : 0, activations: activations, cache: arrangement.precision.cache)
            // Turned in place: no memory of its own.
            parts = [add("attention.rotary", .elementwise(rotary), after: parts, allocates: .zero)] + before
        }
        if keepsHere, !fused {
            var write = Elementwise.cacheWrite(tokens: shape.tokens, width: cached, activations: activations, cache: arrangement.precision.cache)
            if runtime.composed.contains(.cache), shape.isDecode {
                let before = arrangement.precision.cache.bytes(elements: Double(shape.sequences) * Double(shape.context - shape.queries) * Double(cached))
                write.moved.cacheRead = before
                write.moved.cacheWritten = write.moved.cacheWritten + before
            }
            parts = [add("attention.cache-write", .elementwise(write), after: parts)] + before
        }
        if keepsHere { writeBack(cached, after: parts) }
        if case .group(let name, _) = arrangement.attention, shape.caches, !shape.isDecode {
            handOver(cached, to: name, after: parts)
        }
        return parts
    }

    /// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1.2 and appendix C): while the prompt is read
    /// the latents are expanded to keys and values of each head; a decode step instead moves the queries into the latent
    /// space, so that the cache is read once for all heads.
    private mutating func latentInput(_ a: AttentionShape, _ latent: AttentionShape.Latent, _ heads: Int, _ input: Int) -> ([Int], Attention) {
        let tokens = shape.tokens, h = model.hidden
        let keyDimension = latent.nopeDimension + latent.ropeDimension
        let compressed = latent.keyValueRank + latent.ropeDimension
        var query: Int, keyValue: Int
        if latent.queryRank > 0 {
            if runtime.fuses(.qkv) {
                query = add("attention.down", product(m: tokens, n: latent.queryRank + compressed, k: h), after: [input])
                keyValue = query
            } else {
                query = add("attention.query-down", product(m: tokens, n: latent.queryRank, k: h), after: [input])
                keyValue = add("attention.key-value-down", product(m: tokens, n: compressed, k: h), after: [input])
            }
            query = add("attention.query-norm", normalise(width: latent.queryRank, rows: tokens), after: [query])
            query = add("attention.query-up", product(m: tokens, n: heads * keyDimension, k: latent.queryRank), after: [query])
        } else {
            query = add("attention.query", product(m: tokens, n: heads * keyDimension, k: h), after: [input])
            keyValue = add("attention.key-value-down", product(m: tokens, n: compressed, k: h), after: [input])
        }
        keyValue = add("attention.key-value-norm", normalise(width: latent.keyValueRank, rows: tokens), after: [keyValue])
        var parts = positionAndCache([query, keyValue], rotated: (heads + 1) * latent.ropeDimension, table: latent.ropeDimension,
                                     cached: compressed, carried: latent.keyValueRank)
        if shape.isDecode {
            parts.append(add("attention.query-absorption", product(m: tokens, n: latent.keyValueRank, k: latent.nopeDimension, batch: heads), after: [query]))
            return (parts, Attention(batch: shape.sequences, queries: 1, context: shape.context, heads: heads, kvHeads: 1,
                                     keyDimension: compressed, valueDimension: latent.keyValueRank, sharedKeyValue: true,
                                     activations: activations, cache: arrangement.precision.cache))
        }
        parts.append(add("attention.key-value-up",
                         product(m: tokens, n: heads * (latent.nopeDimension + latent.valueDimension), k: latent.keyValueRank), after: [keyValue]))
        return (parts, Attention(batch: shape.sequences, queries: shape.queries, context: shape.context, heads: heads, kvHeads: heads,
                                 keyDimension: keyDimension, valueDimension: latent.valueDimension, activations: activations, cache: activations))
    }

    /// Attention to the encoder's output. Its keys and values are computed once, in the first pass, and cached.
    mutating func crossAttention(_ stack: Stack, _ input: Int) -> Int {
        let a = stack.attention, d = a.headDimension, heads = a.heads / layout.tensor, kv = cacheHeads(a)
        var ready = [add("cross-attention.query", product(m: shape.tokens, n: heads * d, k: model.hidden), after: [input])]
        if !shape.isDecode {
            let tokens = shape.sequences * shape.encoderTokens
            let keyValue = add("cross-attention.key-value", product(m: tokens, n: 2 * kv * d, k: model.hidden), after: [LayerProgram.Outside.encoderOutput])
            let write = Elementwise.cacheWrite(tokens: tokens, width: 2 * kv * d, activations: activations, cache: arrangement.precision.cache)
            ready.append(add("cross-attention.cache-write", .elementwise(write), after: [keyValue]))
        }
        let core = Attention(batch: shape.sequences, queries: shape.queries, context: shape.encoderTokens, heads: heads, kvHeads: kv,
                             keyDimension: d, valueDimension: d, causal: false, activations: activations, cache: arrangement.precision.cache)
        let context = attendHere(core, after: ready, name: "cross-attention")
        let output = add("cross-attention.output", product(m: shape.tokens, n: model.hidden, k: heads * d), after: [context])
        return exchange("cross-attention.all-reduce", .allReduce, elements: width, after: output)
    }

    // MARK: Where it runs

    /// Other devices attend in decode steps, and keep the cache.
    var keepsElsewhere: Bool {
        if case .group = arrangement.attention { true } else { false }
    }

    private mutating func attend(_ core: Attention, after ready: [Int]) -> Int {
        switch arrangement.attention {
        case .group(let name, _) where shape.isDecode: return attend(core, on: name, after: ready)
        case .banks where shape.isDecode:
            let attended = add("attention", .attention(core), after: ready, place: .banks)
            program.turns.insert(attended)
            return attended
        default: return attendHere(core, after: ready + [LayerProgram.Outside.cache], name: "attention")
        }
    }

    /// One fused kernel, or products with the scores in memory between them.
    private mutating func attendHere(_ core: Attention, after ready: [Int], name: String) -> Int {
        if runtime.fuses(.attention) { return add(name, .attention(core), after: ready) }
        let keys = core.queries == 1 ? core.keysRead : core.context
        let rows = core.queries * (core.heads / core.kvHeads), batch = core.batch * core.kvHeads
        var core = core, ready = ready
        if runtime.composed.contains(.widening), core.cache.bits < activations.bits, shape.isDecode {
            let kernels = Elementwise.composedWidening(rows: batch * keys, width: core.keyDimension + core.valueDimension, from: core.cache, to: activations)
            ready = [chain("\(name).widen", kernels, after: ready)]
            core.cache = activations
        }
        if runtime.composed.contains(.attention), !core.sharedKeyValue { return attendByHeads(core, keys: keys, after: ready, name: name) }
        let scores = add("\(name).scores", .matmul(Matmul(m: rows, n: keys, k: core.keyDimension, batch: batch, activations: activations,
                                                          weights: core.cache, cached: true)), after: ready)
        let weights = add("\(name).softmax", .elementwise(.softmax(rows: rows * batch, width: keys, activations: activations)), after: [scores])
        return add("\(name).values", .matmul(Matmul(m: rows, n: core.valueDimension, k: keys, batch: batch, activations: activations,
                                                    weights: core.cache, cached: true)), after: [weights])
    }

    /// Every query head has keys and values of its own, and each elementary operation is a kernel.
    private mutating func attendByHeads(_ core: Attention, keys: Int, after ready: [Int], name: String) -> Int {
        let batch = core.batch * core.heads, shared = core.heads / core.kvHeads
        var ready = ready
        if shared > 1 {
            for (part, width) in [("keys", core.keyDimension), ("values", core.valueDimension)] {
                var repeated = Elementwise.relayout(rows: core.batch * core.kvHeads * keys, width: width, copies: shared, activations: core.cache)
                swap(&repeated.moved.cacheRead, &repeated.moved.activationsRead)
                ready = [add("\(name).repeat-\(part)", .elementwise(repeated), after: ready)]
            }
        }
        func operand(_ n: Int, _ k: Int) -> Operator {
            .matmul(Matmul(m: core.queries, n: n, k: k, batch: batch, activations: activations, weights: core.cache,
                           weightStationed: false, cached: shared == 1))
        }
        let scores = add("\(name).scores", operand(keys, core.keyDimension), after: ready)
        let softmax = Elementwise.composedSoftmax(rows: core.queries * batch, width: keys, mask: Double(core.batch) * Double(core.queries) * Double(keys),
                                                  activations: activations)
        let weights = chain("\(name).softmax", softmax, after: [scores])
        let values = add("\(name).values", operand(core.valueDimension, keys), after: [weights])
        guard core.queries > 1 else { return values }
        return add("\(name).transpose", .elementwise(.relayout(rows: core.batch * core.queries, width: core.heads * core.valueDimension, activations: activations)),
                   after: [values])
    }

    /// Queries, keys and values travel to the group that keeps the cache, its devices share sequences and heads, and the
    /// results travel back (InstInfer, arXiv 2409.04992; FlexGen's attention on the host, arXiv 2303.06865).
    private mutating func attend(_ core: Attention, on group: String, after ready: [Int]) -> Int {
        let heads = core.heads * layout.tensor, kvHeads = arrangement.keptHeads
        let sequences = core.batch * layout.data, split = arrangement.attentionSplit
        let elements = core.sharedKeyValue ? core.keyDimension : core.keyDimension + core.valueDimension
        let tokens = Double(core.batch)
        let sent = activations.bytes(elements: tokens * Double(core.heads * core.keyDimension + core.kvHeads * elements))
        let back = activations.bytes(elements: tokens * Double(core.heads * core.valueDimension))

        let send = add("attention.send", .copy(Copy(from: arrangement.accelerator, to: group, bytes: sent, requests: split.devices)),
                       after: ready, stream: arrangement.copyOutStream, allocates: .zero)
        let write = Elementwise.cacheWrite(tokens: sequences / split.sequences, width: kvHeads / split.heads * elements,
                                           activations: activations, cache: core.cache)
        let written = add("attention.cache-write", .elementwise(write), after: [send], place: .attentionGroup, joins: true)
        var part = core
        part.batch = sequences / split.sequences
        part.heads = heads / split.heads
        part.kvHeads = kvHeads / split.heads
        let attended = add("attention", .attention(part), after: [written], place: .attentionGroup)
        program.turns.insert(program.end)
        // Not behind the weights of the next layer, which the copy stream may be bringing in.
        return add("attention.receive", .copy(Copy(from: group, to: arrangement.accelerator, bytes: back, requests: split.devices)),
                   after: [attended], stream: runtime.overlapsCopies ? .communication : .compute, allocates: back)
    }

    /// Keys and values of the prompt go to the devices that will attend to them.
    private mutating func handOver(_ width: Int, to group: String, after parts: [Int]) {
        let split = arrangement.attentionSplit
        let bytes = activations.bytes(elements: Double(shape.tokens) * Double(width))
        let send = add("cache.send", .copy(Copy(from: arrangement.accelerator, to: group, bytes: bytes, requests: split.devices)), after: parts,
                       stream: arrangement.copyOutStream, allocates: .zero)
        let whole = model.decoder?.attention.cacheElements ?? width
        let write = Elementwise.cacheWrite(tokens: shape.tokens * layout.data / split.sequences, width: whole / split.heads,
                                           activations: activations, cache: arrangement.precision.cache)
        add("attention.cache-write", .elementwise(write), after: [send], place: .attentionGroup, joins: true)
    }

    /// The new keys and values of this layer go to where the cache is kept.
    private mutating func writeBack(_ width: Int, after parts: [Int]) {
        guard model.family == .decoder else { return }
        for source in arrangement.cache {
            let bytes = arrangement.precision.cache.bytes(elements: Double(shape.tokens) * Double(width)) * source.share
            let target = source.staged ? arrangement.host ?? source.group : source.group
            let out = add("cache.write-back", .copy(Copy(from: arrangement.accelerator, to: target, bytes: bytes)), after: [parts[0]],
                          stream: arrangement.copyOutStream, allocates: .zero)
            if source.staged {
                add("cache.store", .copy(Copy(from: target, to: source.group, bytes: bytes * stagingFactor)), after: [out], place: .staging,
                    stream: arrangement.copyOutStream, joins: true, allocates: .zero)
            }
        }
    }

    /// What the host of one node stages at a time, in parts of what one device asks for.
    var stagingFactor: Double { Double(min(layout.devicesPerStage, layout.devicesPerNode)) }
}
