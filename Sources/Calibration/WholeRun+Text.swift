import Measurement
import Quantities

extension WholeRun {
    private static let columns = ["family", "device", "rows", "held-out median", "MAPE", "P90", "bias", "device unseen: median", "MAPE", "bias"]

    private func cells(_ group: Group) -> [String] {
        let a = group.heldOut, b = group.unseen
        return [group.family, group.device, "\(a.given)", Self.percent(a.medianAPE), Self.percent(a.mape), Self.percent(a.p90APE), Self.signed(a.bias),
                Self.percent(b.medianAPE), Self.percent(b.mape), Self.signed(b.bias)]
    }

    private static func percent(_ part: Double?) -> String { part.map { fixed($0 * 100, decimals: 1) + " %" } ?? "" }
    private static func signed(_ part: Double?) -> String { part.map { ($0 > 0 ? "+" : "") + percent($0) } ?? "" }

    /// Errors by family and device on configurations that no fit had seen, as a table in Markdown.
    public var markdown: String {
        var lines = ["| " + Self.columns.joined(separator: " | ") + " |", "|---|---|" + String(repeating: "---:|", count: Self.columns.count - 2)]
        for group in groups { lines.append("| " + cells(group).joined(separator: " | ") + " |") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same in columns of plain text.
    public var text: String {
        let rows = [Self.columns] + groups.map(cells)
        let widths = Self.columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return "  " + (column < 2 ? cell + space : space + cell)
            }.joined()
        }.joined(separator: "\n") + "\n"
    }

    /// One line for each family and device, errors as fractions.
    public var csv: String {
        var text = "family,device,rows,median_ape,mape,p90_ape,bias,unseen_median_ape,unseen_mape,unseen_bias\n"
        func number(_ value: Double?) -> String { value.map { significant($0, digits: 4) } ?? "" }
        for group in groups {
            let a = group.heldOut, b = group.unseen
            let cells = [a.medianAPE, a.mape, a.p90APE, a.bias, b.medianAPE, b.mape, b.bias].map(number)
            text += ([group.family, group.device, "\(a.given)"] + cells).joined(separator: ",") + "\n"
        }
        return text
    }
}
