import Quantities
import ResultsStore

extension QueryAnswer {
    /// A table that fits the terminal.
    public func text(style: Style = .plain) -> String {
        guard !rows.isEmpty else { return "no rows\n" }
        let numeric = columns.indices.map { column in rows.allSatisfy { if case .text = $0[column] { false } else { true } } }
        var table = TextTable(columns.indices.map { numeric[$0] ? .right(columns[$0]) : .left(columns[$0], shrinks: true) })
        for row in rows {
            table.add(row.map { value in
                switch value {
                case .null: "–"
                case .integer(let number): String(number)
                case .number(let number): significant(number, digits: 5)
                case .text(let text): text
                }
            })
        }
        return table.lines(style, indent: 0).joined(separator: "\n") + "\n"
    }
}
