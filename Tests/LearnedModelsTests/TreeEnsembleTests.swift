import Testing
@testable import LearnedModels

/// A fixed stream of numbers.
struct Stream {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6364136223846793005 &+ 1442695040888963407
        return state >> 33
    }

    mutating func unit() -> Float { Float(next() % 10_000) / 10_000 }
}

/// Random trees of a depth over so many features, thresholds out of a small set so that values fall on them, too.
private func randomTree(_ stream: inout Stream, features: Int, depth: Int) -> PlainTree {
    var tree = PlainTree(left: [], right: [], feature: [], value: [], missingGoesLeft: [])
    func add(_ level: Int, _ stream: inout Stream) -> Int32 {
        let at = tree.left.count
        tree.left.append(-1)
        tree.right.append(-1)
        tree.feature.append(0)
        tree.value.append(stream.unit() - 0.5)
        tree.missingGoesLeft.append(false)
        guard level > 0, stream.next() % 8 != 0 else { return Int32(at) }
        tree.feature[at] = Int32(stream.next() % UInt64(features))
        tree.value[at] = Float(stream.next() % 50) / 50
        tree.missingGoesLeft[at] = stream.next() % 2 == 0
        tree.left[at] = add(level - 1, &stream)
        tree.right[at] = add(level - 1, &stream)
        return Int32(at)
    }
    _ = add(depth, &stream)
    return tree
}

private func walk(_ tree: PlainTree, _ row: ArraySlice<Float>) -> Float {
    var at = 0
    while tree.left[at] >= 0 {
        let value = row[row.startIndex + Int(tree.feature[at])]
        let goesLeft = value.isNaN ? tree.missingGoesLeft[at] : value < tree.value[at]
        at = Int(goesLeft ? tree.left[at] : tree.right[at])
    }
    return tree.value[at]
}

struct TreeEnsembleTests {
    private func sample() throws -> (trees: [PlainTree], packed: TreeEnsemble, rows: [Float]) {
        var stream = Stream(7)
        let trees = (0..<20).map { _ in randomTree(&stream, features: 6, depth: 7) }
        var rows: [Float] = []
        for _ in 0..<700 * 6 { rows.append(stream.next() % 20 == 0 ? .nan : Float(stream.next() % 55) / 50) }
        return (trees, try TreeEnsemble(packing: trees, features: 6), rows)
    }

    @Test("Packed trees say what the trees say, on thresholds and where values are missing, to the rounding of their leaves")
    func packingKeepsAnswers() throws {
        let (trees, packed, rows) = try sample()
        for (row, answer) in packed.predict(rows).enumerated() {
            let plain = trees.reduce(0) { $0 + walk($1, rows[row * 6..<(row + 1) * 6]) }
            #expect(abs(answer - plain) < 20 * 0.5 / 32767 + 1e-5)
        }
    }

    @Test("A row's answer does not depend on the rows it is asked together with")
    func batchesDoNotMatter() throws {
        let (_, packed, rows) = try sample()
        let together = packed.predict(rows)
        for row in [0, 1, 255, 256, 257, 699] { #expect(packed.predict(Array(rows[row * 6..<(row + 1) * 6])) == [together[row]]) }
    }

    @Test("Rows that are walked together reach, bit for bit, the leaves that each reaches alone, however deep and wide the trees are",
          arguments: [(6, 3), (5, 30), (6, 60), (7, 6), (10, 30), (10, 60), (12, 30), (8, 100)])
    func walksAgree(_ depth: Int, _ features: Int) throws {
        var stream = Stream(UInt64(depth * features))
        // Nine trees: two groups of four that are walked at once, and one more.
        let packed = try TreeEnsemble(packing: (0..<9).map { _ in randomTree(&stream, features: features, depth: depth) }, features: features)
        let rows = (0..<600 * features).map { _ in stream.next() % 20 == 0 ? [.nan, .infinity, -.infinity][Int(stream.next() % 3)] : Float(stream.next() % 55) / 50 }
        let together = packed.predict(rows)
        for row in 0..<600 { #expect(packed.predict(Array(rows[row * features..<(row + 1) * features])) == [together[row]]) }
    }

    @Test("The weight of an ensemble scales every answer")
    func weightScales() throws {
        let (trees, packed, rows) = try sample()
        let half = try TreeEnsemble(packing: trees, features: 6, weight: 0.5)
        for (a, b) in zip(packed.predict(rows), half.predict(rows)) { #expect(abs(a - 2 * b) < 1e-4) }
    }

    @Test("What was written reads back equal")
    func bytesKeepTrees() throws {
        let (_, packed, rows) = try sample()
        var bytes: [UInt8] = []
        packed.write(to: &bytes)
        var reader = ByteReader(bytes[...])
        let read = try TreeEnsemble(reading: &reader)
        #expect(reader.isAtEnd)
        #expect(read.predict(rows) == packed.predict(rows))
    }

    @Test("A file cut anywhere is refused", arguments: [0, 3, 4, 40, 200])
    func cutFilesAreRefused(_ length: Int) throws {
        var bytes: [UInt8] = []
        try sample().packed.write(to: &bytes)
        #expect(throws: TreeError.self) {
            var reader = ByteReader(bytes[..<length])
            _ = try TreeEnsemble(reading: &reader)
        }
    }

    @Test("Whatever four bytes are overwritten, reading ends in an error or in trees whose walks end")
    func overwrittenFilesDoNotHang() throws {
        let (_, packed, rows) = try sample()
        var bytes: [UInt8] = []
        packed.write(to: &bytes)
        var stream = Stream(3)
        for _ in 0..<300 {
            var damaged = bytes
            let at = Int(stream.next() % UInt64(bytes.count - 4))
            for byte in 0..<4 { damaged[at + byte] = UInt8(truncatingIfNeeded: stream.next()) }
            var reader = ByteReader(damaged[...])
            if let read = try? TreeEnsemble(reading: &reader), read.featureCount == 6 { #expect(read.predict(rows).count == 700) }
        }
    }
}
