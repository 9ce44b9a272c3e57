/// Reads strict JSON (RFC 8259).
///
/// Foundation's reader takes the first of two equal keys and forgets the order of members and the place of a value; a
/// declaration of a machine must not be half ignored, so equal keys are an error here, order is kept, and a syntax error
/// names line and column. Nesting is bounded, so that no input can exhaust the stack.
struct JSONParser {
    static let deepestNesting = 128

    private let text: [UInt8]
    private var at = 0
    private var depth = 0

    struct SyntaxError: Error {
        let offset: Int
        let message: String
    }

    init(_ text: [UInt8]) { self.text = text }

    mutating func parse() throws(SyntaxError) -> JSON {
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }  // a byte order mark, which some editors write
        let value = try value()
        skipSpace()
        guard at == text.count else { throw error("something follows the end of the document") }
        return value
    }

    /// Line and column, counted from 1, of a byte offset.
    static func place(of offset: Int, in text: [UInt8]) -> (line: Int, column: Int) {
        let before = text[..<min(offset, text.count)]
        let line = before.count { $0 == UInt8(ascii: "\n") }
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return (line + 1, before.count - start + 1)
    }

    private func error(_ message: String) -> SyntaxError { SyntaxError(offset: at, message: message) }
    private var next: UInt8? { at < text.count ? text[at] : nil }

    private mutating func skipSpace() {
        while let c = next, c == 0x20 || c == 0x0A || c == 0x0D || c == 0x09 { at += 1 }
    }

    private mutating func take(_ c: Character) -> Bool {
        guard next == c.asciiValue else { return false }
        at += 1
        return true
    }

    private mutating func value() throws(SyntaxError) -> JSON {
        skipSpace()
        guard let c = next else { throw error("the document ends where a value should be") }
        switch c {
        case UInt8(ascii: "{"): return try nested { (parser) throws(SyntaxError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { (parser) throws(SyntaxError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "/"): throw error("JSON has no comments; take it away")
        case UInt8(ascii: "]") where follows(",", before: "]"): throw error("a comma stands before the closing bracket; take it away")
        default: throw error("this is not the start of a JSON value; a declaration is an object in curly braces")
        }
    }

    /// Whether `closing` is next and `mark` was the last that was not space.
    private func follows(_ mark: Character, before closing: Character) -> Bool {
        next == closing.asciiValue && text[..<at].last { $0 > 0x20 } == mark.asciiValue
    }

    private mutating func nested(_ body: (inout JSONParser) throws(SyntaxError) -> JSON) throws(SyntaxError) -> JSON {
        guard depth < Self.deepestNesting else { throw error("nested more than \(Self.deepestNesting) deep") }
        depth += 1
        at += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(SyntaxError) -> JSON {
        var members: [JSON.Member] = []
        var keys: Set<String> = []
        skipSpace()
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            let start = at
            guard next == UInt8(ascii: "\"") else {
                throw error(follows(",", before: "}") ? "a comma stands before the closing brace; take it away" : "expected a key in double quotes")
            }
            let key = try string()
            guard keys.insert(key).inserted else { throw SyntaxError(offset: start, message: "the key \"\(key)\" stands twice in one object") }
            skipSpace()
            guard take(":") else { throw error("expected ':' after the key \"\(key)\"") }
            members.append(.init(key: key, value: try value()))
            skipSpace()
        } while take(",")
        guard take("}") else { throw error("expected ',' or '}' in an object") }
        return .object(members)
    }

    private mutating func array() throws(SyntaxError) -> JSON {
        var values: [JSON] = []
        skipSpace()
        if take("]") { return .array([]) }
        repeat {
            values.append(try value())
            skipSpace()
        } while take(",")
        guard take("]") else { throw error("expected ',' or ']' in a list") }
        return .array(values)
    }

    private mutating func word(_ word: String, _ value: JSON) throws(SyntaxError) -> JSON {
        guard text[at...].starts(with: word.utf8) else { throw error("this is not the start of a JSON value") }
        at += word.utf8.count
        return value
    }

    private mutating func digits() throws(SyntaxError) {
        guard let c = next, (48...57).contains(c) else { throw error("expected a digit") }
        while let c = next, (48...57).contains(c) { at += 1 }
    }

    private mutating func number() throws(SyntaxError) -> JSON {
        let start = at
        _ = take("-")
        if take("0") {
            if let c = next, (48...57).contains(c) { throw error("a number does not begin with 0") }
        } else { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return .number(String(decoding: text[start..<at], as: UTF8.self))
    }

    private mutating func string() throws(SyntaxError) -> String {
        at += 1
        var bytes: [UInt8] = []
        while true {
            guard let c = next else { throw error("a string is not closed") }
            guard c >= 0x20 else { throw error("a control character stands in a string; escape it") }
            at += 1
            if c == UInt8(ascii: "\"") { break }
            if c == UInt8(ascii: "\\") { try escape(into: &bytes) } else { bytes.append(c) }
        }
        guard let string = String(validating: bytes, as: UTF8.self) else { throw error("a string is not valid UTF-8; save the file as UTF-8") }
        return string
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(SyntaxError) {
        guard let c = next else { throw error("a string is not closed") }
        at += 1
        switch c {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(c)
        case UInt8(ascii: "b"): bytes.append(8)
        case UInt8(ascii: "f"): bytes.append(12)
        case UInt8(ascii: "n"): bytes.append(10)
        case UInt8(ascii: "r"): bytes.append(13)
        case UInt8(ascii: "t"): bytes.append(9)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code), take("\\"), take("u") {
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            bytes.append(contentsOf: String(Character(scalar)).utf8)
        default: throw error("an unknown escape in a string")
        }
    }

    private mutating func hexadecimal() throws(SyntaxError) -> UInt32 {
        guard at + 4 <= text.count, let digits = String(validating: text[at..<at + 4], as: UTF8.self),
              digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
              let code = UInt32(digits, radix: 16)
        else { throw error("expected four hexadecimal digits after \\u") }
        at += 4
        return code
    }
}
