import Quantities

/// Text as XML and HTML may hold it, in an element or in a quoted attribute.
///
/// What no document may hold (control characters) and what turns the direction of writing is replaced: a name comes from a
/// file that anybody may have written.
func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        case "\n", "\t": result += " "
        case _ where scalar.properties.generalCategory == .control, "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{FFFE}"..."\u{FFFF}":
            result += "\u{FFFD}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// A number with every digit that tells it from others, for attributes that programs read; empty for what is no number.
func exact(_ value: Double) -> String {
    guard value.isFinite else { return "" }
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// A coordinate: hundredths of a pixel are finer than any screen.
func coordinate(_ value: Double) -> String { fixed(value, decimals: 2) }

/// Room that text takes, before it is known in which font it will be set.
///
/// Advances of DejaVu Sans in thousandths of the font size: of the fonts that pages are usually shown in, it is among the
/// widest, so that what fits here fits everywhere.
enum TextMetrics {
    private static let advances: [Character: Double] = {
        var table: [Character: Double] = [:]
        func set(_ characters: String, _ width: Double) { for character in characters { table[character] = width } }
        set("ijlI'|", 290)
        set(" .,:;!/\\·", 335)
        set("-()[]fJ", 385)
        set("rt\"*", 415)
        set("czsyvxk?_", 585)
        set("aeobdghnpqu0123456789FLTYP$", 637)
        set("ABEKRSVXZ", 690)
        set("CDGHNOQUw+=<>×÷~−≤≥", 800)
        set("mM%W@", 980)
        return table
    }()

    static func width(of text: String, size: Double) -> Double {
        text.reduce(0) { $0 + (advances[$1] ?? 700) } * size / 1000
    }

    /// The text, or as much of it as there is room for, with an ellipsis.
    static func cut(_ text: String, to room: Double, size: Double) -> String {
        guard width(of: text, size: size) > room else { return text }
        var kept = text
        while !kept.isEmpty, width(of: kept + "…", size: size) > room { kept.removeLast() }
        return kept + "…"
    }

    /// Lines between words, none wider than the room unless it is one word.
    static func lines(_ text: String, within room: Double, size: Double) -> [String] {
        var lines: [String] = [], line = ""
        for word in text.split(separator: " ") {
            let longer = line.isEmpty ? String(word) : line + " " + word
            if !line.isEmpty, width(of: longer, size: size) > room {
                lines.append(line)
                line = String(word)
            } else { line = longer }
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
