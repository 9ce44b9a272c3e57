extension JSON {
    /// The document as text that a person likes to read: two spaces of indentation, no line longer than `width` where
    /// that can be helped, what is short on one line. Reading it gives an equal value.
    ///
    /// - Parameter packed: numbers and booleans that follow each other share a line.
    public func text(width: Int = 120, packed: Bool = true) -> String {
        var text = ""
        write(to: &text, indent: 0, used: 0, width: width, packed: packed)
        return text
    }

    /// Whether it may share a line with its neighbours: a number, a boolean, one short word.
    private var isPlain: Bool {
        switch self {
        case .null, .bool, .number: true
        case .string(let text): text.count <= 16 && !text.contains(" ")
        case .array, .object: false
        }
    }

    /// - Parameter used: characters that already stand on this line.
    private func write(to text: inout String, indent: Int, used: Int, width: Int, packed: Bool) {
        let line = onOneLine
        if used + line.count <= width, indent > 0 {
            text += line
            return
        }
        switch self {
        case .array(let values) where !values.isEmpty:
            text += "["
            fill(&text, values.map { (prefix: "", value: $0) }, indent: indent + 2, width: width, packed: packed)
            text += "\n" + String(repeating: " ", count: indent) + "]"
        case .object(let members) where !members.isEmpty:
            text += "{"
            fill(&text, members.map { (prefix: quoted($0.key) + ": ", value: $0.value) }, indent: indent + 2, width: width, packed: packed)
            text += "\n" + String(repeating: " ", count: indent) + "}"
        default:
            text += line
        }
    }

    /// One entry a line, but numbers, booleans and short words that follow each other share one.
    private func fill(_ text: inout String, _ entries: [(prefix: String, value: JSON)], indent: Int, width: Int, packed: Bool) {
        var used = width
        for (index, entry) in entries.enumerated() {
            let comma = index + 1 < entries.count ? "," : ""
            let plain = packed && entry.value.isPlain && index > 0 && entries[index - 1].value.isPlain
            let line = entry.prefix + (entry.value.isPlain ? entry.value.onOneLine : "")
            if plain, used + 1 + line.count + comma.count <= width {
                text += " "
                used += 1
            } else {
                text += "\n" + String(repeating: " ", count: indent)
                used = indent
            }
            text += entry.prefix
            entry.value.write(to: &text, indent: indent, used: used + entry.prefix.count + comma.count, width: width, packed: packed)
            text += comma
            used += line.count + comma.count
        }
    }

    private var onOneLine: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): quoted(text)
        case .array(let values): "[" + values.map(\.onOneLine).joined(separator: ", ") + "]"
        case .object(let members):
            members.isEmpty ? "{}" : "{ " + members.map { quoted($0.key) + ": " + $0.value.onOneLine }.joined(separator: ", ") + " }"
        }
    }
}

/// A JSON string: quotes, backslashes and control characters escaped (RFC 8259, section 7).
private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case "\r": result += "\\r"
        case _ where scalar.value < 0x20:
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
