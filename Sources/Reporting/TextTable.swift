/// Rows of text in aligned columns.
struct TextTable {
    enum Alignment { case left, right }

    struct Column {
        var title: String
        var alignment: Alignment
        /// Its cells may be cut short when the table is too wide.
        var shrinks: Bool

        static func left(_ title: String, shrinks: Bool = false) -> Column { Column(title: title, alignment: .left, shrinks: shrinks) }
        static func right(_ title: String) -> Column { Column(title: title, alignment: .right, shrinks: false) }
    }

    /// Narrower than this no column is cut.
    private static let narrowest = 8

    private let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// - Parameter cells: one for each column.
    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The title line and the rows. A column without any text in its rows is left out.
    func lines(_ style: Style, indent: Int = 2) -> [String] {
        let shown = columns.indices.filter { column in rows.contains { !$0[column].isEmpty } }
        let widths = widths(of: shown, within: style.width - indent - 2 * max(0, shown.count - 1))
        let margin = String(repeating: " ", count: indent)
        func line(_ cells: [String]) -> String {
            let text = zip(shown, widths).map { column, width in
                cells[column].cut(to: width).padded(to: width, columns[column].alignment)
            }.joined(separator: "  ")
            return margin + text.withoutTrailingSpaces
        }
        return [style.dim(line(columns.map(\.title)))] + rows.map(line)
    }

    /// The width of each column shown: as wide as its text, the widest of those that shrink giving way first.
    private func widths(of shown: [Int], within limit: Int) -> [Int] {
        var widths = shown.map { column in rows.reduce(columns[column].title.count) { max($0, $1[column].count) } }
        while widths.reduce(0, +) > limit {
            let candidates = shown.indices.filter { columns[shown[$0]].shrinks && widths[$0] > Self.narrowest }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
        }
        return widths
    }
}
