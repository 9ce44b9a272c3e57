import Documents
import Quantities

/// A number of parameters, written `"671.0 B"`.
public typealias ParameterCount = Quantity<ParameterDimension>

public enum ParameterDimension: Dimension {
    public static let label = "number of parameters"
    public static let units = [Unit("B", 1e9), Unit("M", 1e6), Unit("T", 1e12)]
    public static let printed = ["M", "B", "T"]
}

/// Ranges in which a dimension of a model is read: far beyond any model, and narrow enough for sums of two to fit.
enum ModelRange {
    static let dimension = 1...10_000_000
    static let heads = 1...100_000
    static let layers = 1...10_000
    static let experts = 1...100_000
    static let tokens = 1...1_000_000_000
    static let norms = 1...8
}

extension Model {
    /// Reads a model file, format in Documentation/Models.md.
    ///
    /// - Parameter id: the name it goes by in the library: its file name without `.json`.
    /// - Throws: for an unknown or missing key, a value out of range, parts that contradict each other, and for a
    ///   published parameter count that the architecture misses by more than 1 %.
    public init(reading document: Document, id: String) throws(DocumentError) {
        var reader = try document.object()
        self.id = id
        name = try reader.require("name").string()
        aliases = []
        if let list = reader.optional("aliases") {
            for alias in try list.array() { aliases.append(try alias.string()) }
        }
        family = try reader.require("family").choice()
        hidden = try reader.require("hidden").integer(in: ModelRange.dimension)
        vocabulary = try reader.require("vocabulary").integer(in: ModelRange.dimension)
        maxContext = try reader.optional("maxContext")?.integer(in: ModelRange.tokens)
        norm = try reader.require("norm").choice()
        rotary = try reader.flag("rotary")
        positions = try reader.count("positions", in: 0...ModelRange.dimension.upperBound)
        tokenTypes = try reader.count("tokenTypes", in: 0...1000)
        tiedEmbeddings = try reader.flag("tiedEmbeddings")
        embeddingNorm = try reader.flag("embeddingNorm")
        finalNorm = try reader.flag("finalNorm", default: true)
        headBias = try reader.flag("headBias")
        pooler = try reader.flag("pooler")
        image = nil
        if let part = reader.optional("image") { image = try Image(reading: part) }
        encoder = nil
        if let part = reader.optional("encoder") { encoder = try Stack(reading: part, hidden: hidden) }
        decoder = nil
        if let part = reader.optional("decoder") { decoder = try Stack(reading: part, hidden: hidden) }
        let published = reader.optional("published")
        source = try reader.require("source").string()
        recalled = try reader.flag("recalled")
        try reader.finish()

        if let flaw = inconsistency { throw document.error(flaw.path, flaw.message) }
        try published.map { part throws(DocumentError) in try check(published: part) }
    }

    /// The arithmetic agrees with what its makers publish, or one of the two is wrong.
    private func check(published document: Document) throws(DocumentError) {
        var reader = try document.object()
        let (all, active) = (parameters, activeParameters)
        try reader.optional("parameters")?.agree(with: all.total, "parameters")
        try reader.optional("active")?.agree(with: active.total, "active parameters")
        try reader.finish()
    }
}

extension Model.Image {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        size = try reader.require("size").integer(in: 1...100_000)
        patch = try reader.require("patch").integer(in: 1...1000)
        channels = try reader.count("channels", in: 1...1000, default: 3)
        try reader.finish()
    }
}

extension Document {
    /// An error at a place below this one.
    func error(_ path: String, _ message: String) -> DocumentError {
        let places = [self.path, path].filter { !$0.isEmpty }
        return DocumentError(file: file, path: places.joined(separator: "."), message: message)
    }

    fileprivate func agree(with count: Int, _ what: String) throws(DocumentError) {
        let stated = try quantity(ParameterCount.self)
        let counted = ParameterCount(Double(count))
        guard abs(stated.value - counted.value) <= 0.01 * counted.value else {
            throw error("\(stated) is published, but the architecture above has \(counted) \(what)")
        }
    }
}

extension ObjectReader {
    mutating func flag(_ key: String, default value: Bool = false) throws(DocumentError) -> Bool {
        try optional(key)?.bool() ?? value
    }

    mutating func count(_ key: String, in range: ClosedRange<Int>, default value: Int = 0) throws(DocumentError) -> Int {
        try optional(key)?.integer(in: range) ?? value
    }
}
