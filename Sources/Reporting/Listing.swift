import Documents
import Quantities

/// Entries of one shelf of the library: a line each with its most telling figures.
public struct Listing {
    private var table: TextTable
    private var entries: [JSON] = []

    init(_ columns: [TextTable.Column]) { table = TextTable(columns) }

    /// - Parameters:
    ///   - cells: one for each column.
    ///   - entry: the same for a program.
    mutating func add(_ cells: [String], _ entry: JSON) {
        table.add(cells)
        entries.append(entry)
    }

    /// The lines, each ended by a line feed.
    public func text(_ style: Style = .plain) -> String {
        entries.isEmpty ? "none\n" : table.lines(style, indent: 0).joined(separator: "\n") + "\n"
    }

    public var json: JSON { .array(entries) }
}
