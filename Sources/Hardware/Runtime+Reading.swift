import Documents
import Quantities

extension Runtime {
    /// Reads a runtime declaration.
    public init(reading document: Document, id: String? = nil) throws(DocumentError) {
        var reader = try document.object()
        self.id = id ?? identifier(of: document.file)
        name = try reader.require("name").string()
        aliases = try reader.optional("aliases")?.strings() ?? []
        launch = try reader.require("launch").choice()
        let kinds = try reader.require("runsOn")
        runsOn = try kinds.words(Device.Kind.self)
        guard !runsOn.isEmpty else { throw kinds.error("is empty; name the kinds of device it runs on") }
        isUsual = try reader.optional("usual")?.bool() ?? false
        hostPerKernel = try reader.require("hostPerKernel").time()
        referenceLaunch = try reader.optional("referenceLaunch")?.quantity(in: 1e-9...1)
        hostPerStep = try reader.require("hostPerStep").time()
        hostPerLayer = try reader.optional("hostPerLayer")?.time() ?? .zero
        fusions = Set(try reader.optional("fusions")?.words(Fusion.self) ?? [])
        composed = Set(try reader.optional("composed")?.words(Composite.self) ?? [])
        weightOnly = []
        for item in try reader.optional("weightOnly")?.array() ?? [] {
            let text = try item.string()
            do { weightOnly.append(try TensorFormat(parsing: text)) } catch { throw item.error(error.description) }
        }
        sparse24 = try reader.optional("sparse24")?.bool() ?? false
        groupedTiles = [:]
        for (format, value) in try reader.optional("groupedTiles")?.keyed(by: NumberFormat.self) ?? [] {
            groupedTiles[format] = try value.tile()
        }
        streamingRows = try reader.optional("streamingRows")?.integer(in: 0...1_000_000)
        rowsPerPass = try reader.optional("rowsPerPass")?.integer(in: 1...1_000_000)
        parallelGrain = try reader.optional("parallelGrain")?.integer(in: 0...1_000_000_000) ?? 0
        for (format, rate) in try reader.optional("dotProducts")?.members() ?? [] {
            let weights: TensorFormat
            do { weights = try TensorFormat(parsing: format) } catch { throw rate.error(error.description) }
            dotProducts[weights] = try rate.number(in: 0.01...10_000)
        }
        hostCopyEfficiency = try reader.optional("hostCopyEfficiency")?.number(in: 0.01...1) ?? 1
        overlapsCopies = try reader.optional("overlapsCopies")?.bool() ?? false
        overlapsCollectives = try reader.optional("overlapsCollectives")?.bool() ?? false
        memoryFraction = try reader.optional("memoryFraction")?.number(in: 0.01...1) ?? 1
        memoryReserved = try reader.optional("memoryReserved")?.quantity(in: 0...1e15) ?? .zero
        provenance = try Provenance(taking: &reader)
        try reader.finish()
        if launch == .inline, hostPerKernel > .zero, referenceLaunch != nil {
            throw document.error("\"referenceLaunch\" is the null-kernel launch time of a host, and an inline runtime launches nothing")
        }
    }
}

extension Document {
    /// Rows and columns of a tile: `"128x128"`.
    fileprivate func tile() throws(DocumentError) -> Runtime.Tile {
        let text = try string(), sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let rows = sides[0], let columns = sides[1], 1...1024 ~= rows, 1...1024 ~= columns else {
            throw error("\"\(text)\" is not the size of a tile; write rows and columns from 1 to 1024, as in \"128x128\"")
        }
        return Runtime.Tile(rows: rows, columns: columns)
    }

    /// A list of different words out of a closed set.
    func words<C: CaseIterable & RawRepresentable & Equatable>(_: C.Type) throws(DocumentError) -> [C] where C.RawValue == String {
        var words: [C] = []
        for item in try array() {
            let word = try item.choice(C.self)
            guard !words.contains(word) else { throw item.error("\"\(word.rawValue)\" stands here twice") }
            words.append(word)
        }
        return words
    }
}
