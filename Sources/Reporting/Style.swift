/// How text is set: its width, and whether emphasis may be used.
public struct Style: Sendable {
    /// Columns of the terminal that lines are made to fit.
    public var width: Int
    /// Whether the reader is a terminal that knows bold and dim; never so for a file or a pipe.
    public var emphasis: Bool

    public init(width: Int = 96, emphasis: Bool = false) {
        self.width = width
        self.emphasis = emphasis
    }

    public static let plain = Style()

    func bold(_ text: String) -> String { emphasis ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    func dim(_ text: String) -> String { emphasis ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}

/// Text as lines that are at most `width` columns wide, broken between words.
///
/// - Parameters:
///   - first: stands before the first line, such as `"  1. "`.
///   - rest: stands before all others; as many spaces as `first` has columns unless given.
func wrapped(_ text: String, width: Int, first: String = "", rest: String? = nil) -> [String] {
    let rest = rest ?? String(repeating: " ", count: first.count)
    var lines: [String] = []
    var line = first, bare = true
    for word in text.split(separator: " ") {
        if !bare, line.count + 1 + word.count > width {
            lines.append(line)
            (line, bare) = (rest, true)
        }
        line += (bare ? "" : " ") + word
        bare = false
    }
    return (lines + [line]).map(\.withoutTrailingSpaces)
}

extension String {
    var withoutTrailingSpaces: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }

    func padded(to width: Int, _ alignment: TextTable.Alignment = .left) -> String {
        let space = String(repeating: " ", count: Swift.max(0, width - count))
        return alignment == .left ? self + space : space + self
    }

    /// The first columns of a text that is too wide, with an ellipsis in the last.
    func cut(to width: Int) -> String { count <= width ? self : prefix(Swift.max(0, width - 1)) + "…" }
}
