import Orrery

/// The sound files that mutations start from, by kind.
public struct Seeds {
    let documents: [FileKind: [JSON]]

    /// - Parameter configurations: a folder of Hugging Face configurations.
    public init(of library: Library, configurations: String?) throws {
        var documents: [FileKind: [JSON]] = [:]
        for (kind, shelf) in [(FileKind.device, Library.Shelf.devices), (.system, .systems), (.runtime, .runtimes), (.architecture, .architectures),
                              (.model, .models), (.job, .jobs)] {
            documents[kind] = try library.ids(shelf).map { try library.document($0, on: shelf).json }
        }
        documents[.model, default: []] += try TinyFiles.models.sorted { $0.key < $1.key }.map { try Document(file: $0.key, text: $0.value.utf8).json }
        documents[.job, default: []] += try TinyFiles.jobs.map { try Document(file: "tiny", text: $0.utf8).json }
        if let configurations {
            documents[.huggingFace] = try (names(inFolder: configurations) ?? []).filter { $0.hasSuffix(".json") }
                .map { try Document(contentsOf: "\(configurations)/\($0)").json }
        }
        self.documents = documents.filter { !$0.value.isEmpty }
    }

    public var kinds: [FileKind] { FileKind.allCases.filter { documents[$0] != nil } }

    /// A mutated file: mostly changes of values and structure, now and then of bytes.
    public func mutated(_ kind: FileKind, using random: inout SplitMix) -> [UInt8] {
        let all = documents[kind] ?? []
        guard !all.isEmpty else { return [] }
        var trees = TreeMutation(random: SplitMix(seed: random.next()), others: all)
        var json = random.choose(all)
        for _ in 0..<random.choose([1, 1, 1, 1, 2, 2, 4]) { json = trees.mutate(json) }
        var bytes = Array(json.compact.utf8)
        guard random.once(in: 6) else { return bytes }
        var cuts = ByteMutation(random: SplitMix(seed: random.next()))
        for _ in 0..<random.choose([1, 1, 2, 4]) { bytes = cuts.mutate(bytes) }
        return bytes
    }
}
