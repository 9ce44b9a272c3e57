import Documents

/// JSON piece by piece, in constant memory: for files that are too large to be held as a whole.
///
///     var stream = try JSONStream(path)
///     try stream.enter("{")
///     while let key = try stream.nextKey() {
///         if key == "traceEvents" { try stream.enter("["); while let event = try stream.nextElement() { … } }
///         else { try stream.skipValue() }
///     }
struct JSONStream {
    /// An element or a member longer than this is none that is looked for.
    static let longestValue = 1 << 20

    let path: String
    private let source: ByteSource
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var at = 0
    private var end = 0
    /// Bytes before the buffer.
    private var passed = 0

    init(_ path: String) throws(DocumentError) {
        self.path = path
        source = try ByteSource(path)
        if peek() == 0xEF { for _ in 0..<3 { advance() } }  // a byte order mark
    }

    /// The next byte that is no white space, nil at the end of the file.
    mutating func nextSignificant() -> UInt8? {
        while let byte = peek() {
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            advance()
        }
        return nil
    }

    /// Goes into an object or a list.
    mutating func enter(_ bracket: Character) throws(DocumentError) {
        guard let next = nextSignificant(), next == bracket.asciiValue else { throw error("here \"\(bracket)\" should stand") }
        advance()
    }

    /// The key of the next member of the object, whose value then follows; nil at the end of the object.
    mutating func nextKey() throws(DocumentError) -> String? {
        if nextSignificant() == UInt8(ascii: ",") { advance() }
        switch nextSignificant() {
        case UInt8(ascii: "}"):
            advance()
            return nil
        case UInt8(ascii: "\""):
            guard let text = try value(), case .string(let key) = text.json else { throw error("a key is too long") }
            guard nextSignificant() == UInt8(ascii: ":") else { throw error("a key without a value") }
            advance()
            return key
        default: throw error("here a key in double quotes should stand")
        }
    }

    /// Whether another element of the list follows; its value has to be taken then.
    mutating func hasElement() throws(DocumentError) -> Bool {
        if nextSignificant() == UInt8(ascii: ",") { advance() }
        guard let next = nextSignificant() else { throw error("the list ends early") }
        guard next == UInt8(ascii: "]") else { return true }
        advance()
        return false
    }

    /// The value that follows; nil where it is longer than `longestValue`, and so was passed over.
    mutating func value() throws(DocumentError) -> Document? {
        var bytes: [UInt8] = [], tooLong = false
        try scan { byte in
            if bytes.count < Self.longestValue { bytes.append(byte) } else { tooLong = true }
        }
        if tooLong { return nil }
        let offset = passed + at
        do { return try Document(file: path, text: bytes) } catch {
            throw DocumentError(file: path, path: "before byte \(offset)", message: error.message)
        }
    }

    mutating func skipValue() throws(DocumentError) { try scan { _ in } }

    /// Passes over one value, giving out its bytes.
    private mutating func scan(_ give: (UInt8) -> Void) throws(DocumentError) {
        guard let first = nextSignificant() else { throw error("a value is missing") }
        var depth = 0, inString = false, escaped = false
        if first != UInt8(ascii: "{"), first != UInt8(ascii: "["), first != UInt8(ascii: "\"") {
            // A number or a word: up to what separates values.
            while let byte = peek(), byte > 0x20, byte != UInt8(ascii: ","), byte != UInt8(ascii: "]"), byte != UInt8(ascii: "}") {
                give(byte)
                advance()
            }
            return
        }
        while let byte = peek() {
            advance()
            give(byte)
            if inString {
                if escaped { escaped = false } else if byte == UInt8(ascii: "\\") { escaped = true } else if byte == UInt8(ascii: "\"") { inString = false }
            } else if byte == UInt8(ascii: "\"") {
                inString = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
            }
            if depth == 0, !inString { return }
        }
        throw error("the file ends inside a value")
    }

    func error(_ message: String) -> DocumentError {
        DocumentError(file: path, path: "byte \(passed + at)", message: source.damage ?? message)
    }

    private mutating func peek() -> UInt8? {
        if at < end { return buffer[at] }
        passed += end
        end = buffer.withUnsafeMutableBytes { source.read(into: $0) }
        at = 0
        return end > 0 ? buffer[0] : nil
    }

    private mutating func advance() { at += 1 }
}
