import Documents

extension Model {
    /// The model as a model file: every member in the order in which it is read, defaults left out. Reading it gives an
    /// equal model; a published parameter count is not part of a model and stays behind.
    public var json: JSON {
        var members = Members()
        members.add("$schema", .string("../schemas/model.schema.json"))
        members.add("name", .string(name))
        if !aliases.isEmpty { members.add("aliases", .array(aliases.map { .string($0) })) }
        members.add("family", .string(family.rawValue))
        members.add("hidden", hidden)
        members.add("vocabulary", vocabulary)
        if let maxContext { members.add("maxContext", maxContext) }
        members.add("norm", .string(norm.rawValue))
        members.add("rotary", rotary, unless: false)
        members.add("positions", positions, unless: 0)
        members.add("tokenTypes", tokenTypes, unless: 0)
        members.add("tiedEmbeddings", tiedEmbeddings, unless: false)
        members.add("embeddingNorm", embeddingNorm, unless: false)
        members.add("finalNorm", finalNorm, unless: true)
        members.add("headBias", headBias, unless: false)
        members.add("pooler", pooler, unless: false)
        if let image { members.add("image", image.json) }
        if let encoder { members.add("encoder", encoder.json) }
        if let decoder { members.add("decoder", decoder.json) }
        members.add("source", .string(source))
        members.add("recalled", recalled, unless: false)
        return members.json
    }
}

/// The members of an object that is being written.
private struct Members {
    private var list: [JSON.Member] = []

    var json: JSON { .object(list) }

    mutating func add(_ key: String, _ value: JSON) { list.append(.init(key: key, value: value)) }
    mutating func add(_ key: String, _ value: Int) { add(key, .number("\(value)")) }

    mutating func add(_ key: String, _ value: Int, unless usual: Int) {
        if value != usual { add(key, value) }
    }

    mutating func add(_ key: String, _ value: Bool, unless usual: Bool) {
        if value != usual { add(key, .bool(value)) }
    }
}

extension Model.Image {
    fileprivate var json: JSON {
        var members = Members()
        members.add("size", size)
        members.add("patch", patch)
        members.add("channels", channels)
        return members.json
    }
}

extension Stack {
    fileprivate var json: JSON {
        var members = Members()
        members.add("layers", layers)
        members.add("attention", attention.json)
        members.add("feedForward", feedForward.json)
        if let experts { members.add("experts", experts.json) }
        members.add("crossAttention", crossAttention, unless: false)
        members.add("parallelBlocks", parallelBlocks, unless: false)
        members.add("norms", norms, unless: Stack.usualNorms(crossAttention: crossAttention))
        return members.json
    }
}

extension AttentionShape {
    fileprivate var json: JSON {
        var members = Members()
        members.add("heads", heads)
        members.add("kvHeads", kvHeads)
        members.add("headDimension", headDimension)
        members.add("bias", bias, unless: false)
        members.add("outputBias", outputBias, unless: false)
        members.add("queryKeyNorm", queryKeyNorm, unless: false)
        members.add("sinks", sinks, unless: false)
        members.add("relativeBuckets", relativeBuckets, unless: 0)
        members.add("window", window, unless: 0)
        members.add("fullEvery", fullEvery, unless: 1)
        if let latent { members.add("latent", latent.json) }
        return members.json
    }
}

extension AttentionShape.Latent {
    fileprivate var json: JSON {
        var members = Members()
        members.add("queryRank", queryRank, unless: 0)
        members.add("keyValueRank", keyValueRank)
        members.add("nopeDimension", nopeDimension)
        members.add("ropeDimension", ropeDimension)
        members.add("valueDimension", valueDimension)
        return members.json
    }
}

extension FeedForward {
    fileprivate var json: JSON {
        var members = Members()
        members.add("kind", .string(kind.rawValue))
        members.add("dimension", dimension)
        members.add("bias", bias, unless: false)
        return members.json
    }
}

extension Experts {
    fileprivate var json: JSON {
        var members = Members()
        members.add("count", count)
        members.add("topK", topK)
        members.add("dimension", dimension)
        members.add("shared", shared, unless: 0)
        members.add("sharedDimension", sharedDimension, unless: dimension)
        members.add("firstDense", firstDense, unless: 0)
        members.add("every", every, unless: 1)
        members.add("bias", bias, unless: false)
        members.add("routerBias", routerBias, unless: false)
        return members.json
    }
}
