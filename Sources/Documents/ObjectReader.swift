import Quantities

/// Takes the members of an object one by one, and in the end refuses what nobody asked for.
///
///     var reader = try document.object()
///     let name = try reader.require("name").string()
///     let bandwidth = try reader.optional("bandwidth")?.quantity(BytesPerSecond.self)
///     try reader.finish()
public struct ObjectReader {
    public let document: Document
    private var members: [JSON.Member]
    private var asked: [String] = []

    init(_ document: Document, _ members: [JSON.Member]) {
        self.document = document
        self.members = members
    }

    /// The member with this key, nil when it is absent or null.
    public mutating func optional(_ key: String) -> Document? {
        asked.append(key)
        guard let index = members.firstIndex(where: { $0.key == key }) else { return nil }
        let value = members.remove(at: index).value
        return value == .null ? nil : document.child(key, value)
    }

    /// The member with this key.
    ///
    /// - Throws: when it is missing, with the misspelt key that was probably meant.
    public mutating func require(_ key: String) throws(DocumentError) -> Document {
        if let value = optional(key) { return value }
        if let near = nearest(to: key, among: members.map(\.key)) {
            throw document.malformed("\"\(key)\" is missing; is \"\(near)\" a misspelling of it?")
        }
        throw document.malformed("\"\(key)\" is missing")
    }

    /// Refuses every member that was not asked for, with the nearest key that was.
    public mutating func finish() throws(DocumentError) {
        _ = optional("$schema")
        guard let unknown = members.first else { return }
        let known = asked.filter { $0 != "$schema" }
        let hint = nearest(to: unknown.key, among: known).map { "did you mean \"\($0)\"?" } ?? "known keys are \(list(known.sorted()))"
        throw document.malformed("unknown key \"\(unknown.key)\"; \(hint)")
    }
}
