import Documents

extension Library.Shelf {
    /// What a file describes: told from the schema that it names, or from keys that only one kind has.
    public init(of document: Document) throws(DocumentError) {
        if case .string(let schema)? = document.json["$schema"],
           let shelf = Self.allCases.first(where: { schema.hasSuffix("/\($0.entry).schema.json") || schema == "\($0.entry).schema.json" }) {
            self = shelf
            return
        }
        guard case .object = document.json else { throw document.error("is \(document.json.kind); a declaration is an object in curly braces") }
        guard let sign = Self.signs.first(where: { document.json[$0.key] != nil }) else {
            throw document.error("is not a device, system, runtime, architecture, calibration, model or job: it has none of their keys (\"engines\", \"devices\", \"launch\", \"family\", \"phase\" …)")
        }
        self = sign.shelf
    }

    /// Keys that only one kind of file has, the most telling first.
    private static let signs: [(key: String, shelf: Self)] = [
        ("kernels", .calibrations), ("memory", .devices), ("engines", .devices), ("devices", .systems), ("hostPerKernel", .runtimes), ("hostPerStep", .runtimes),
        ("family", .models), ("decoder", .models), ("phase", .jobs), ("operator", .jobs), ("achieved", .architectures), ("kernel", .architectures),
    ]

    /// Refuses a file of another kind, which was named by mistake; one that is merely broken is left to whoever reads it.
    func expect(_ document: Document) throws(DocumentError) {
        guard case .object = document.json, !Self.signs.contains(where: { $0.shelf == self && document.json[$0.key] != nil }),
              let other = try? Self(of: document), other != self else { return }
        throw DocumentError(file: document.file, message: "describes \(other.entry.withArticle), not \(entry.withArticle)")
    }
}

extension String {
    fileprivate var withArticle: String { (first.map { "aeiou".contains($0) } == true ? "an " : "a ") + self }
}
