import Quantities

extension Comparison {
    /// The comparison as a person reads it: the groups, the rows that are farthest off, and why others have no prediction.
    public var text: String {
        var lines = ["\(costModel) model: \(total.predicted) of \(total.given) rows predicted", ""]
        lines += Self.table([columns + ["rows", "predicted", "MAPE", "median", "P90", "bias"]]
            + groups.map { $0.keys + Self.cells(of: $0.errors) }
            + (groups.count > 1 ? [columns.indices.map { $0 == 0 ? "all" : "" } + Self.cells(of: total)] : []), textColumns: columns.count)
        if !worst.isEmpty {
            lines += ["", "Farthest off:"]
            lines += Self.table([["row", "device", "phase", "measured", "predicted", ""]] + worst.map {
                ["\($0.row.id)", $0.row.device, $0.row.phase, significant($0.row.value), significant($0.prediction.value), $0.row.unit]
            }, textColumns: 3)
        }
        if !reasons.isEmpty {
            lines += ["", "Not predicted:"]
            lines += Self.table(sortedReasons.map { ["\($0.rows)", $0.reason] }, textColumns: 0, titled: false)
        }
        let damaged = files.filter { $0.malformed > 0 || $0.damage != nil }
        if !damaged.isEmpty {
            lines += ["", "Not read:"]
            for file in damaged {
                if file.malformed > 0 { lines.append("  \(file.malformed) of \(file.rows) rows of \(file.path)") }
                lines += file.complaints.map { "    \($0)" }
                if let damage = file.damage { lines.append("  \(file.path) \(damage)") }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func cells(of errors: ErrorStatistics) -> [String] {
        func percent(_ part: Double?) -> String { part.map { fixed($0 * 100, decimals: 1) + " %" } ?? "" }
        let bias = errors.bias.map { ($0 >= 0 ? "+" : "") + percent($0) } ?? ""
        let coverage = errors.given > 0 ? percent(Double(errors.predicted) / Double(errors.given)) : ""
        return ["\(errors.given)", coverage, percent(errors.mape), percent(errors.medianAPE), percent(errors.p90APE), bias]
    }

    /// Aligned columns, the first few to the left.
    private static func table(_ rows: [[String]], textColumns: Int, titled: Bool = true) -> [String] {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = " "
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                // The last column of a list of reasons is a sentence.
                line += " " + (column < textColumns || (!titled && column == row.count - 1) ? cell + space : space + cell) + " "
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
