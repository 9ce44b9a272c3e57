import Documents

extension AttentionPlan {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        let heads = try reader.optional("heads").map { (part) throws(DocumentError) in try part.integer(in: 1...Self.anyHeads) }
        let shared = try reader.optional("shared").map { (part) throws(DocumentError) in try Cut(reading: part) }
        let lone = try reader.optional("lone").map { (part) throws(DocumentError) in try Cut(reading: part) }
        let ignoresWindow = try reader.optional("ignoresWindow")?.bool() ?? false
        try reader.finish()
        self.init(heads: heads ?? Self.anyHeads, shared: shared, lone: lone, ignoresWindow: ignoresWindow)
    }

    var json: JSON {
        var members: [JSON.Member] = []
        if heads < Self.anyHeads { members.append(.init(key: "heads", value: JSON(heads))) }
        if let shared { members.append(.init(key: "shared", value: shared.json)) }
        if let lone { members.append(.init(key: "lone", value: lone.json)) }
        if ignoresWindow { members.append(.init(key: "ignoresWindow", value: JSON(true))) }
        return .object(members)
    }
}

extension AttentionPlan.Cut {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        let blocks = try reader.optional("blocksPerUnit").map { (part) throws(DocumentError) in try part.integer(in: 1...4096) }
        self.init(blocksPerUnit: blocks, parts: try reader.require("parts").integer(in: 1...65536), keys: try reader.require("keys").integer(in: 1...1_000_000_000))
        try reader.finish()
    }

    var json: JSON {
        var members: [JSON.Member] = []
        if let blocksPerUnit { members.append(.init(key: "blocksPerUnit", value: JSON(blocksPerUnit))) }
        members += [.init(key: "parts", value: JSON(parts)), .init(key: "keys", value: JSON(keys))]
        return .object(members)
    }
}
