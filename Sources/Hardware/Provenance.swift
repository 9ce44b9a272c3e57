import Documents
import Quantities

/// Where the numbers of a file come from.
public struct Provenance: Sendable {
    /// Path inside the file (a section or one value) to the text of its source; the empty path covers the rest.
    public var sources: [String: String]
    /// Paths of values that nobody checked against a document.
    public var recalled: [String]

    public init(sources: [String: String], recalled: [String]) {
        self.sources = sources
        self.recalled = recalled
    }

    /// The source of the value at a path: that of the longest path that leads to it.
    public func source(of path: String) -> String? {
        sources.filter { covers($0.key, path) }.max { $0.key.utf8.count < $1.key.utf8.count }?.value
    }

    public func isRecalled(_ path: String) -> Bool { recalled.contains { covers($0, path) } }
}

/// Whether `section` is `path` or a section around it: `memory[2]` covers `memory[2].latency`, not `memory[20]`.
private func covers(_ section: String, _ path: String) -> Bool {
    guard path.hasPrefix(section) else { return false }
    guard !section.isEmpty, let next = path.utf8.dropFirst(section.utf8.count).first else { return true }
    return next == UInt8(ascii: ".") || next == UInt8(ascii: "[")
}

extension Provenance {
    /// Members that name things; every other value of a declaration must say where it comes from.
    private static let names: Set<String> = [
        "$schema", "name", "kind", "architecture", "aliases", "host", "level", "per", "technology", "dataflow", "spec", "between",
        "topology", "scope", "runsOn",
    ]

    /// Takes `sources` and `recalled`, and checks that every value of the document is covered by one of them and that
    /// each of their paths leads somewhere.
    init(taking reader: inout ObjectReader) throws(DocumentError) {
        var sources: [String: String] = [:], recalled: [String] = []
        let sourcesDocument = reader.optional("sources"), recalledDocument = reader.optional("recalled")
        if let sourcesDocument {
            for (path, text) in try sourcesDocument.members() { sources[path] = try text.string() }
        }
        if let recalledDocument { recalled = try recalledDocument.strings() }
        self.init(sources: sources, recalled: recalled)

        var values: [String] = [], quantities: [String] = []
        Self.collect(reader.document.json, at: "", named: false, into: &values, &quantities)
        if let bare = quantities.first(where: { source(of: $0) == nil && !isRecalled($0) }) {
            throw DocumentError(file: reader.document.file, path: bare,
                                message: "has no source; add \"\(bare)\" or a section around it to \"sources\", or to \"recalled\" if nobody checked it")
        }
        for path in sources.keys.sorted() where !values.contains(where: { covers(path, $0) }) {
            throw (sourcesDocument ?? reader.document).error(leadsNowhere(path, values))
        }
        for path in recalled where !values.contains(where: { covers(path, $0) }) {
            throw (recalledDocument ?? reader.document).error(leadsNowhere(path, values))
        }
    }

    private func leadsNowhere(_ path: String, _ values: [String]) -> String {
        let near = nearest(to: path, among: values).map { "; did you mean \"\($0)\"?" } ?? ""
        return "\"\(path)\" leads to nothing in this file\(near)"
    }

    /// Paths of all values in the order they were written, and of those among them that need a source.
    private static func collect(_ json: JSON, at path: String, named: Bool, into values: inout [String], _ quantities: inout [String]) {
        switch json {
        case .object(let members):
            for member in members where !(path.isEmpty && (member.key == "sources" || member.key == "recalled")) {
                collect(member.value, at: path.isEmpty ? member.key : "\(path).\(member.key)",
                        named: named || (isText(member.value) && (names.contains(member.key) || path.isEmpty && member.key == "launch")), into: &values, &quantities)
            }
        case .array(let items):
            for (index, item) in items.enumerated() { collect(item, at: "\(path)[\(index)]", named: named, into: &values, &quantities) }
        default:
            values.append(path)
            if !named { quantities.append(path) }
        }
    }

    /// Whether a value is a word or a list of words: a group of a system may be called `host`, too, but is an object.
    private static func isText(_ json: JSON) -> Bool {
        switch json {
        case .string: true
        case .array(let items): items.allSatisfy(isText)
        default: false
        }
    }
}
