/// Changes to the bytes of a file: what a broken disk, a cut-off download or an editor would do to it.
struct ByteMutation {
    var random: SplitMix

    mutating func mutate(_ text: [UInt8]) -> [UInt8] {
        guard !text.isEmpty else { return [UInt8.random(in: 0...255, using: &random)] }
        var bytes = text
        let at = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, at + Int.random(in: 1...32, using: &random))
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 1: bytes[at] = random.choose(Array("{}[]\",:0123456789eE+-.\\untrfalse \u{7F}".utf8) + [0, 0x80, 0xC3, 0xFF])
        case 2: bytes.removeSubrange(at..<end)
        case 3: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &random))
        case 4: bytes.removeSubrange(at...)
        case 5: bytes.insert(contentsOf: Array(random.choose(Self.tokens).utf8), at: at)
        default: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
        }
        return bytes
    }

    private static let tokens = ["{", "}", "[", "]", "\"", ",", ":", "\\u", "\\uD800", "\\uDC00", "\\u0000", "null", "true", "1e999", "-", "00", "\u{FEFF}",
                                 "//", "NaN", String(repeating: "[", count: 200), String(repeating: "{\"a\":", count: 200)]
}
