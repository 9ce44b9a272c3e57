/// Text under headings: facts, tables and lists, set in one style.
struct Page {
    let style: Style
    private var lines: [String] = []

    init(title: String, _ subtitle: String, style: Style) {
        self.style = style
        lines = wrapped(title, width: style.width).map(style.bold)
        if !subtitle.isEmpty { lines += wrapped(subtitle, width: style.width) }
    }

    mutating func heading(_ text: String, _ remark: String = "") {
        lines += ["", style.bold(text) + (remark.isEmpty ? "" : style.dim(" (\(remark))"))]
    }

    /// Names and values side by side; those without a value are left out.
    mutating func facts(_ facts: [(name: String, value: String?)]) {
        let width = (facts.map(\.name.count).max() ?? 0) + 2
        for (name, value) in facts {
            guard let value, !value.isEmpty else { continue }
            lines += wrapped(value, width: style.width, first: "  " + name.padded(to: width))
        }
    }

    mutating func table(_ table: TextTable) { lines += table.lines(style) }
    mutating func paragraph(_ text: String) { lines += wrapped(text, width: style.width, first: "  ") }
    mutating func bullet(_ text: String) { lines += wrapped(text, width: style.width, first: "  - ") }

    /// The lines, each ended by a line feed.
    var text: String { lines.joined(separator: "\n") + "\n" }
}
