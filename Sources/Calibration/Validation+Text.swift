import Documents
import Measurement
import Quantities

extension Validation {
    /// Other work, or a machine that changes, beyond which figures say little.
    static let noticeable = 0.05

    /// The table of errors, what was noticed of the machine, and what is kept where.
    public var text: String {
        let heading = ["shapes that no fit had seen", "rows", "median", "MAPE", "P90", "bias", "bar", ""]
        let rows = [heading] + groups.map(Self.cells)
        let widths = heading.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = ["\(probe.processor), \(probe.cores) cores, \(probe.instructionSet)", ""]
        lines += rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                line += "  " + (column == 0 || column == heading.count - 1 ? cell + space : space + cell)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
        lines += [""] + remarks.map { "  \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func cells(_ group: Group) -> [String] {
        func percent(_ part: Double?) -> String { part.map { fixed($0 * 100, decimals: 1) + " %" } ?? "" }
        let errors = group.errors, count = errors.predicted == errors.given ? "\(errors.given)" : "\(errors.predicted) of \(errors.given)"
        let bias = errors.bias.map { ($0 >= 0 ? "+" : "") + percent($0) } ?? ""
        let bar = group.bar.map { $0.median == $0.mean ? percent($0.mean) : "\(fixed($0.median * 100, decimals: 0)) / \(fixed($0.mean * 100, decimals: 0)) %" } ?? ""
        return [group.title, count, percent(errors.medianAPE), percent(errors.mape), percent(errors.p90APE), bias, bar,
                group.isMet.map { $0 ? "met" : "missed" } ?? ""]
    }

    /// What a reader of the figures should know.
    public var remarks: [String] {
        func percent(_ part: Double) -> String { fixed(part * 100, decimals: 1) + " %" }
        var remarks: [String] = []
        if let interference, interference > Self.noticeable {
            remarks.append("Other work took \(percent(interference)) of the processor meanwhile; repeat this on a quiet machine.")
        }
        if let drift {
            remarks.append("The rounds of one kernel lie \(percent(drift.median)) apart for half of the kernels, \(percent(drift.p90)) for nine tenths of them"
                           + (drift.median > Self.noticeable ? ": the machine is not steady." : "."))
        }
        return remarks + complaints
    }

    /// The same as one object (HardwareSpecs/schemas/validation.schema.json); errors are fractions.
    public var json: JSON {
        let groups: [JSON] = groups.map { group in
            ["title": JSON(group.title), "given": JSON(group.errors.given), "predicted": JSON(group.errors.predicted), "medianApe": JSON(group.errors.medianAPE),
             "mape": JSON(group.errors.mape), "p90Ape": JSON(group.errors.p90APE), "bias": JSON(group.errors.bias),
             "barMedian": JSON(group.bar?.median), "barMape": JSON(group.bar?.mean), "met": group.isMet.map { JSON.bool($0) } ?? .null]
        }
        return ["processor": JSON(probe.processor), "cores": JSON(probe.cores), "instructionSet": JSON(probe.instructionSet), "date": JSON(probe.date),
                "met": .bool(isMet), "groups": .array(groups), "interference": JSON(interference), "driftMedian": JSON(drift?.median),
                "driftP90": JSON(drift?.p90), "remarks": JSON(complaints)]
    }
}
