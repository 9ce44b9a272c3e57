import CostModels

// The file beside the manifest: a mark, the families one after the other, a check sum. Text is its length and UTF-8.

extension LearnedModel {
    /// Raised with every change of what follows.
    static let formatVersion = 3
    private static let title = "orrery trees "
    static var mark: [UInt8] { Array("\(title)\(formatVersion)\n".utf8) }

    public var bytes: [UInt8] {
        var bytes = Self.mark
        var writer = ByteWriter()
        writer.word(UInt32(families.count))
        for family in families.values.sorted(by: { $0.family.rawValue < $1.family.rawValue }) { family.write(to: &writer) }
        writePower(to: &writer)
        bytes += writer.bytes
        var sum = ByteWriter()
        sum.word(checksum(bytes[...]))
        return bytes + sum.bytes
    }

    /// - Throws: `TreeError` where the bytes are not such a file, or are damaged.
    public init(manifest: LearnedManifest, bytes: [UInt8]) throws(TreeError) {
        let start = Array(bytes.prefix { $0 != UInt8(ascii: "\n") }.prefix(40))
        guard start.starts(with: Array(Self.title.utf8)) else { throw TreeError("does not begin with \"\(Self.title)\(Self.formatVersion)\": it is no file of trees") }
        guard bytes.count > Self.mark.count + 4, Array(bytes.prefix(Self.mark.count)) == Self.mark else {
            throw TreeError("begins with \"\(String(decoding: start, as: UTF8.self))\", where this program reads format \(Self.formatVersion): another version of the program wrote it")
        }
        var sum = ByteReader(bytes.suffix(4))
        guard try sum.word() == checksum(bytes.dropLast(4)) else { throw TreeError("is damaged: its check sum does not match") }
        var reader = ByteReader(bytes[Self.mark.count..<bytes.count - 4])
        var families: [LearnedFamily] = []
        for _ in 0..<(try reader.count(KernelKey.Family.allCases.count)) { families.append(try LearnedFamily(reading: &reader)) }
        self.init(manifest: manifest, families: families)
        try readPower(&reader)
        guard reader.isAtEnd else { throw TreeError("goes on behind its last family") }
    }
}

/// FNV-1a over the bytes, 32 bits.
private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { $0.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 } }
}

struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func word(_ value: UInt32) { for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) } }
    mutating func number(_ value: Float) { word(value.bitPattern) }
    mutating func text(_ value: String) {
        word(UInt32(value.utf8.count))
        bytes += Array(value.utf8)
    }
}

extension ByteReader {
    mutating func text() throws(TreeError) -> String {
        var bytes: [UInt8] = []
        for _ in 0..<(try count(4096)) { bytes.append(try byte()) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension LearnedFamily {
    func write(to writer: inout ByteWriter) {
        writer.text(family.rawValue)
        writer.word(UInt32(features.count))
        for (name, range) in zip(features, ranges) {
            writer.text(name)
            writer.number(range.lowerBound)
            writer.number(range.upperBound)
        }
        writer.number(Float(siblingExponent))
        writer.number(Float(siblingWeight))
        for value in [lendingWeight, usual.residual, usual.part] { writer.number(Float(value)) }
        for part in [known, unseen] { part.write(to: &writer) }
    }

    init(reading reader: inout ByteReader) throws(TreeError) {
        let name = try reader.text()
        guard let family = KernelKey.Family(rawValue: name) else { throw TreeError("has a family \"\(name)\" that this program does not know") }
        var features: [String] = [], ranges: [ClosedRange<Float>] = []
        for _ in 0..<(try reader.count(250)) {
            features.append(try reader.text())
            let low = try reader.number(), high = try reader.number()
            guard low <= high else { throw TreeError("has an empty range of \"\(features.last ?? "")\"") }
            ranges.append(low...high)
        }
        let exponent = Double(try reader.number()), weight = Double(try reader.number()), lending = Double(try reader.number())
        guard (0...1).contains(exponent), (0...1).contains(weight), (0...1).contains(lending) else { throw TreeError("has an exponent or a weight of siblings that is not within 0 and 1") }
        let usual = Usual(residual: Double(try reader.number()), part: Double(try reader.number()))
        guard usual.residual.isFinite, (0...1).contains(usual.part) else { throw TreeError("has a usual residual that is no number, or a part of it that is not within 0 and 1") }
        let known = try Part(reading: &reader), unseen = try Part(reading: &reader)
        for (part, levels) in [(known, KernelGroups.levels(knownDevice: true)), (unseen, KernelGroups.levels(knownDevice: false))] {
            let axes = SurfaceAxes(of: family, features: features), more = Self.curveColumns(of: family) + (axes == nil ? 0 : SurfaceAxes.columns)
            let width = features.count + levels.count + (levels.count > KernelGroups.levels(knownDevice: false).count ? more : 0)
            guard part.groups.groups.allSatisfy({ $0.surface.map { $0.dimensions == axes?.count } ?? true }) else { throw TreeError("has a surface over sizes that are not features of its family") }
            guard part.residual.featureCount == width, part.spread.featureCount == width, part.groups.groups.allSatisfy({ $0.codes.count == levels.count }) else {
                throw TreeError("has trees of \(part.residual.featureCount) features where \(width) are named")
            }
        }
        self.init(family: family, features: features, ranges: ranges, known: known, unseen: unseen, siblingExponent: exponent, siblingWeight: weight, lendingWeight: lending, usual: usual)
    }
}

extension KernelGroups {
    func write(to writer: inout ByteWriter) {
        writer.word(UInt32(groups.count))
        for group in groups {
            for text in [group.device, group.architecture, group.software, group.version, group.format, group.kernel] { writer.text(text) }
            writer.word(UInt32(group.rows))
            writer.word(UInt32(group.codes.count))
            for code in group.codes { writer.number(code) }
            writer.word(UInt32(group.curves.count))
            for (fixed, curve) in group.curves.sorted(by: { $0.key.values.lexicographicallyPrecedes($1.key.values) }) {
                writer.word(UInt32(fixed.values.count))
                for value in fixed.values { writer.number(value) }
                curve.write(to: &writer)
            }
            writer.word(group.surface == nil ? 0 : 1)
            group.surface?.write(to: &writer)
        }
    }

    init(reading reader: inout ByteReader) throws(TreeError) {
        var list: [KernelGroup] = []
        for _ in 0..<(try reader.count(100_000)) {
            var texts: [String] = []
            for _ in 0..<6 { texts.append(try reader.text()) }
            let rows = try reader.count(.max)
            var codes: [Float] = []
            for _ in 0..<(try reader.count(16)) { codes.append(try reader.number()) }
            var curves: [CurvePlace.Fixed: SizeCurve] = [:]
            for _ in 0..<(try reader.count(100_000)) {
                var fixed: [Float] = []
                for _ in 0..<(try reader.count(8)) { fixed.append(try reader.number()) }
                curves[.init(fixed)] = try SizeCurve(reading: &reader)
            }
            let surface = try reader.count(1) == 0 ? nil : try KernelSurface(reading: &reader)
            list.append(KernelGroup(device: texts[0], architecture: texts[1], software: texts[2], version: texts[3], format: texts[4], kernel: texts[5],
                                    rows: rows, codes: codes, curves: curves, surface: surface))
        }
        self.init(list)
    }
}

extension LearnedFamily.Part {
    func write(to writer: inout ByteWriter) {
        groups.write(to: &writer)
        residual.write(to: &writer.bytes)
        spread.write(to: &writer.bytes)
        writer.word(UInt32(quantiles.count))
        for (key, value) in quantiles.sorted(by: { $0.key < $1.key }) {
            writer.text(key)
            value.write(to: &writer)
        }
    }

    init(reading reader: inout ByteReader) throws(TreeError) {
        let groups = try KernelGroups(reading: &reader)
        let residual = try TreeEnsemble(reading: &reader), spread = try TreeEnsemble(reading: &reader)
        var quantiles: [String: LearnedFamily.Quantiles] = [:]
        for _ in 0..<(try reader.count(1000)) {
            let key = try reader.text()
            quantiles[key] = try LearnedFamily.Quantiles(reading: &reader)
        }
        self.init(groups: groups, residual: residual, spread: spread, quantiles: quantiles)
    }
}

extension LearnedFamily.Quantiles {
    func write(to writer: inout ByteWriter) {
        for part in [half, ninety] {
            writer.number(Float(part.below))
            writer.number(Float(part.above))
        }
    }

    init(reading reader: inout ByteReader) throws(TreeError) {
        var parts: [Sides] = []
        for _ in 0..<2 { parts.append(.init(below: Double(try reader.number()), above: Double(try reader.number()))) }
        let (half, ninety) = (parts[0], parts[1])
        guard half.below >= 0, half.above >= 0, ninety.below >= half.below, ninety.above >= half.above, ninety.below.isFinite, ninety.above.isFinite else {
            throw TreeError("has quantiles that do not ascend")
        }
        self.init(half: half, ninety: ninety)
    }
}
