import CostModels
import Documents
import Measurement
import Quantities

extension CalibrationRun {
    /// Titles of the columns in `cells`.
    private static let columns = ["device", "family", "rows", "coverage", "calibrated median", "MAPE", "P90", "bias", "uncalibrated median", "MAPE", "bias"]

    private static func cells(_ group: Group) -> [String] {
        let fitted = group.calibrated, plain = group.uncalibrated
        let coverage = Double(fitted.predicted) / Double(max(1, fitted.given))
        return [group.device, group.family.rawValue, "\(fitted.given)", percent(coverage), percent(fitted.medianAPE), percent(fitted.mape), percent(fitted.p90APE),
                signed(fitted.bias), percent(plain.medianAPE), percent(plain.mape), signed(plain.bias)]
    }

    private static func percent(_ part: Double?) -> String { part.map { fixed($0 * 100, decimals: 1) + " %" } ?? "" }
    private static func signed(_ part: Double?) -> String { part.map { ($0 > 0 ? "+" : "") + percent($0) } ?? "" }

    /// Families over all devices, behind the groups by device.
    private var totals: [Group] {
        KernelKey.Family.allCases.compactMap { family in
            let own = groups.filter { $0.family == family }
            guard own.count > 1 else { return nil }
            return totalsByFamily[family]
        }
    }

    /// Errors by device and family on shapes that no fit had seen, as a table in Markdown.
    public var markdown: String {
        var lines = ["| " + Self.columns.joined(separator: " | ") + " |", "|---|---|" + String(repeating: "---:|", count: Self.columns.count - 2)]
        for group in groups + totals { lines.append("| " + Self.cells(group).joined(separator: " | ") + " |") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same in columns of plain text.
    public var text: String {
        let rows = [Self.columns] + (groups + totals).map(Self.cells)
        let widths = Self.columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                line += "  " + (column < 2 ? cell + space : space + cell)
            }
            return line
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One line for each device and family, errors as fractions.
    public var csv: String {
        var text = "device,family,rows,predicted,median_ape,mape,p90_ape,bias,uncalibrated_median_ape,uncalibrated_mape,uncalibrated_bias\n"
        func number(_ value: Double?) -> String { value.map { significant($0, digits: 4) } ?? "" }
        for group in groups + totals {
            let a = group.calibrated, b = group.uncalibrated
            let cells = ["\(a.given)", "\(a.predicted)"] + [a.medianAPE, a.mape, a.p90APE, a.bias, b.medianAPE, b.mape, b.bias].map(number)
            text += ([group.device, group.family.rawValue] + cells).joined(separator: ",") + "\n"
        }
        return text
    }

    /// One object: the groups, and what was refused.
    public var json: JSON {
        let rows = (groups + totals).map { group -> JSON in
            let a = group.calibrated, b = group.uncalibrated
            return ["device": JSON(group.device), "family": JSON(group.family.rawValue), "given": JSON(a.given), "predicted": JSON(a.predicted),
                    "medianApe": JSON(a.medianAPE), "mape": JSON(a.mape), "p90Ape": JSON(a.p90APE), "bias": JSON(a.bias),
                    "uncalibrated": ["medianApe": JSON(b.medianAPE), "mape": JSON(b.mape), "p90Ape": JSON(b.p90APE), "bias": JSON(b.bias)]]
        }
        let refused = refusals.map { refusal -> JSON in
            ["device": JSON(refusal.device), "runtime": JSON(refusal.runtime), "family": JSON(refusal.family.rawValue), "kernel": JSON(refusal.kernel),
             "reason": JSON(refusal.reason)]
        }
        return ["groups": .array(rows), "refused": .array(refused), "calibrations": .array(calibrations.map { $0.json })]
    }
}
