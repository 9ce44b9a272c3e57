/// Bytes of a file, read from front to back; all numbers little-endian.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var at: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    var isAtEnd: Bool { at == bytes.endIndex }

    mutating func word() throws(TreeError) -> UInt32 {
        guard bytes.endIndex - at >= 4 else { throw TreeError("ends in the middle of a number") }
        defer { at += 4 }
        return UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
    }

    mutating func byte() throws(TreeError) -> UInt8 {
        guard at < bytes.endIndex else { throw TreeError("ends in the middle of a text") }
        defer { at += 1 }
        return bytes[at]
    }

    mutating func count(_ most: Int) throws(TreeError) -> Int {
        let value = Int(try word())
        guard value <= most else { throw TreeError("states \(value) entries where at most \(most) can be") }
        return value
    }

    mutating func number() throws(TreeError) -> Float { Float(bitPattern: try word()) }
}

extension TreeEnsemble {
    func write(to bytes: inout [UInt8]) {
        func word(_ value: UInt32) { for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) } }
        let (unit, roots, nodes) = parts
        word(UInt32(thresholds.count))
        for list in thresholds {
            word(UInt32(list.count))
            for value in list { word(value.bitPattern) }
        }
        word(unit.bitPattern)
        word(UInt32(roots.count))
        for root in roots { word(UInt32(root)) }
        word(UInt32(nodes.count))
        for node in nodes { word(node.word) }
    }

    /// Reads what `write` wrote, and makes sure that no walk leaves the nodes or goes on for ever.
    init(reading reader: inout ByteReader) throws(TreeError) {
        var thresholds: [[Float]] = []
        for _ in 0..<(try reader.count(Self.mostFeatures)) {
            var list: [Float] = []
            for _ in 0..<(try reader.count(Self.mostThresholds)) { list.append(try reader.number()) }
            guard zip(list, list.dropFirst()).allSatisfy({ $0 < $1 }) else { throw TreeError("has thresholds that do not ascend") }
            thresholds.append(list)
        }
        let unit = try reader.number()
        var roots: [Int] = []
        for _ in 0..<(try reader.count(100_000)) { roots.append(Int(try reader.word())) }
        let count = try reader.count(1 << 28)
        var nodes: [Node] = []
        nodes.reserveCapacity(min(count, 1 << 22))
        for _ in 0..<count { nodes.append(Node(word: try reader.word())) }
        try self.init(thresholds: thresholds, unit: unit, roots: roots, nodes: nodes)
    }
}
