import ReferenceKernels
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

private let dense = DecoderShape(layers: 3, hidden: 96, heads: 6, kvHeads: 2, headDimension: 16, intermediate: 200, vocabulary: 131)
private let mixture = DecoderShape(layers: 2, hidden: 64, heads: 4, kvHeads: 4, intermediate: 48, vocabulary: 101, experts: 5, expertsPerToken: 2)

private func with(_ shape: DecoderShape, _ format: WeightFormat) -> DecoderShape {
    var shape = shape
    shape.weights = format
    return shape
}

private func tokens(_ count: Int, _ vocabulary: Int) -> [Int32] { (0..<count).map { Int32(($0 * 7919 + 13) % vocabulary) } }

private func temporaryPath(_ name: String) -> String {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    return "\(folder)/orrery-\(getpid())-\(name)"
}

@Suite("The decoder")
struct DecoderTests {
    @Test("A token decoded over the cache gives the logits of its row in a prefill of the whole text",
          arguments: [dense, mixture, with(dense, .int4(group: 32)), with(mixture, .int4(group: 64)), with(dense, .int8(group: 32))])
    func decodeEqualsPrefill(_ shape: DecoderShape) throws {
        let count = 21, text = tokens(count, shape.vocabulary)
        let whole = try Decoder(shape, batch: 1, capacity: count, seed: 5)
        let rows = try values(whole.run(text, tokens: count, logits: .ofEveryToken))
        let stepwise = try Decoder(shape, batch: 1, capacity: count, seed: 5)
        var first = 0
        for step in [9, 1, 1, 3] + [Int](repeating: 1, count: 7) {  // a prompt, decode steps and a chunk in between
            let logits = try values(stepwise.run(Array(text[first..<first + step]), tokens: step))
            first += step
            let expected = rows[(first - 1) * shape.vocabulary..<first * shape.vocabulary].map(Double.init)
            // Logits are of size 1 to 4; the same sums in another order differ by some 1e-6, another position by 0.1 and more.
            #expect(difference(logits, expected) { _ in 5e-5 } == nil, "token \(first - 1)")
        }
        #expect(first == count)
    }

    @Test("Sequences of a batch do not see each other")
    func batchIsIndependent() throws {
        let texts = [tokens(7, 131), tokens(14, 131).suffix(7).map { $0 }]
        let together = try Decoder(dense, batch: 2, capacity: 8, seed: 5)
        let both = try values(together.run(texts[0] + texts[1], tokens: 7)) + values(together.run([4, 9], tokens: 1))
        for b in 0..<2 {
            let alone = try Decoder(dense, batch: 1, capacity: 8, seed: 5)
            let single = try values(alone.run(texts[b], tokens: 7)) + values(alone.run([[4, 9][b]], tokens: 1))
            let own = [both[b * 131..<(b + 1) * 131], both[(2 + b) * 131..<(3 + b) * 131]].flatMap { $0 }
            #expect(difference(own, single.map(Double.init)) { _ in 5e-5 } == nil)
        }
    }

    @Test("An int4 decoder computes what an fp32 decoder with its dequantised weights computes", arguments: [dense, mixture])
    func int4EqualsDequantised(_ shape: DecoderShape) throws {
        let narrow = try Decoder(with(shape, .int4(group: 32)), batch: 1, capacity: 20, seed: 3), wide = try narrow.dequantised()
        #expect(wide.shape.weights == .fp32)
        let text = tokens(16, shape.vocabulary)
        let a = try values(narrow.run(text, tokens: 16)) + values(narrow.run([1], tokens: 1))
        let b = try values(wide.run(text, tokens: 16)) + values(wide.run([1], tokens: 1))
        #expect(difference(a, b.map(Double.init)) { _ in 1e-4 } == nil)
        // And it is not the fp32 decoder of the same seed: four bits lose something.
        let exact = try values(Decoder(shape, batch: 1, capacity: 20, seed: 3).run(text, tokens: 16))
        #expect(difference(Array(a.prefix(exact.count)), exact.map(Double.init)) { _ in 1e-3 } != nil)
    }

    @Test("A decoder whose layers stream from a file computes bit for bit what it computes from memory",
          arguments: [dense, with(mixture, .int4(group: 32)), DecoderShape(layers: 1, hidden: 32, heads: 2, kvHeads: 1, intermediate: 40, vocabulary: 50)])
    func streamingChangesNothing(_ shape: DecoderShape) throws {
        let path = temporaryPath("layers-\(shape.layers)-\(shape.experts)")
        defer { unlink(path) }
        try Decoder.writeLayers(shape, seed: 11, to: path)
        let resident = try Decoder(shape, batch: 1, capacity: 12, seed: 11)
        let streamed = try Decoder(shape, batch: 1, capacity: 12, seed: 11, streamingFrom: path)
        #expect(resident.bytesStreamed == 0)
        #expect(try DirectFile(path: path).size == streamed.bytesStreamed)
        for (count, first) in [(6, 0), (1, 6), (1, 7), (1, 8)] {
            let ids = Array(tokens(12, shape.vocabulary)[first..<first + count])
            #expect(try values(resident.run(ids, tokens: count)) == values(streamed.run(ids, tokens: count)))
        }
        let other = DecoderShape(layers: shape.layers + 1, hidden: shape.hidden, heads: shape.heads, kvHeads: shape.kvHeads,
                                 headDimension: shape.headDimension, intermediate: shape.intermediate, vocabulary: shape.vocabulary)
        #expect(throws: KernelError.self) { try Decoder(other, batch: 1, capacity: 12, seed: 11, streamingFrom: path) }
    }

    @Test("Parameters are those of the matrices and norms")
    func parameters() {
        // Per layer: attention 96·(2·6 + 2·2)·16, feed-forward 3·96·200, two norms; embedding and output matrix.
        #expect(dense.parameters == 3 * (96 * 16 * 16 + 3 * 96 * 200 + 2 * 96) + 96 + 2 * 131 * 96)
        #expect(mixture.parameters == 2 * (64 * 16 * 16 + 5 * 3 * 64 * 48 + 5 * 64 + 2 * 64) + 64 + 2 * 101 * 64)
    }

    @Test("Impossible shapes, strange tokens and texts beyond the cache are refused with the reason")
    func refusals() throws {
        var shape = dense
        shape.kvHeads = 4
        #expect(throws: KernelError("decoder: 6 heads do not share 4 key heads evenly")) { try Decoder(shape, batch: 1, capacity: 1, seed: 1) }
        shape = mixture
        shape.expertsPerToken = 9
        #expect(throws: KernelError.self) { try Decoder(shape, batch: 1, capacity: 1, seed: 1) }
        for change in [\DecoderShape.layers, \.hidden, \.heads, \.kvHeads, \.intermediate, \.vocabulary] {
            for value in [0, -1, Int.max] {
                shape = dense
                shape[keyPath: change] = value
                #expect(throws: KernelError.self) { try Decoder(shape, batch: 1, capacity: 1, seed: 1) }
            }
        }
        #expect(throws: KernelError.self) { try Decoder(dense, batch: 0, capacity: 1, seed: 1) }
        #expect(throws: KernelError.self) { try Decoder(dense, batch: 1, capacity: 1, seed: 1, streamingFrom: "/nonexistent/weights") }
        let decoder = try Decoder(dense, batch: 1, capacity: 4, seed: 1)
        #expect(throws: KernelError.self) { try decoder.run([131], tokens: 1) }
        #expect(throws: KernelError.self) { try decoder.run([-1], tokens: 1) }
        #expect(throws: KernelError.self) { try decoder.run([1, 2], tokens: 1) }
        #expect(throws: KernelError.self) { try decoder.run([1, 2, 3, 4, 5], tokens: 5) }
        #expect(decoder.position == 0)
    }
}
