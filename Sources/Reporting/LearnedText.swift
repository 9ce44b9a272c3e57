import CostModels
import Documents
import LearnedModels
import Quantities

/// A learned model as a person reads it.
public enum LearnedText {
    /// What it was trained on, and its errors on shapes and devices that it had not seen.
    public static func scores(of manifest: LearnedManifest) -> String {
        var lines = ["Learned on \(manifest.date) by version \(manifest.version), seed \(manifest.seed), \(manifest.folds) folds, from"]
        for source in manifest.sources { lines.append("  \(source.rows) rows of \(source.file) (\(manifest.licence))") }
        for entry in manifest.skipped { lines.append("  not \(entry.rows) rows of \(entry.file): \(entry.reason)") }
        var table = TextTable([.left("family"), .left("held out"), .right("rows"), .right("median"), .right("MAPE"), .right("in 90 %"), .right("width")])
        for score in manifest.scores {
            table.add([score.family.rawValue, score.heldOut, "\(score.rows)", CalibrationText.percent(score.medianAPE), CalibrationText.percent(score.mape),
                       CalibrationText.percent(score.coverage), CalibrationText.percent(score.width)])
        }
        lines += ["", "Errors on what was held out; part of the measurements within the 90 % interval, and its median width"] + table.lines(.plain)
        return (lines + power(of: manifest)).joined(separator: "\n") + "\n"
    }

    private static func power(of manifest: LearnedManifest) -> [String] {
        guard !manifest.power.isEmpty else { return [] }
        var table = TextTable([.left("power of"), .left("device"), .right("rows"), .right("median"), .right("MAPE"), .right("analytic median"), .right("in 90 %"),
                               .right("width"), .left("")])
        for score in manifest.power {
            table.add([score.family.rawValue, score.device, "\(score.rows)", CalibrationText.percent(score.medianAPE), CalibrationText.percent(score.mape),
                       CalibrationText.percent(score.analyticMedianAPE), CalibrationText.percent(score.coverage), CalibrationText.percent(score.width),
                       score.isUsed ? "" : "not used"])
        }
        return ["", "Watts of boards on shapes held out, beside what the analytic models say of them"] + table.lines(.plain)
    }

    /// Kernels to measure, the most telling first.
    public static func table(of suggestions: [MeasurementSuggestion], on device: String, style: Style) -> String {
        var table = TextTable([.right("#"), .left("family"), .left("kernel", shrinks: true), .right("variance left")])
        for (place, suggestion) in suggestions.enumerated() {
            table.add(["\(place + 1)", suggestion.family.rawValue, suggestion.title, CalibrationText.percent(suggestion.left)])
        }
        return (["To measure on \(device), the most telling first"] + table.lines(style)).joined(separator: "\n") + "\n"
    }

    public static func json(of suggestions: [MeasurementSuggestion]) -> JSON {
        ["suggestions": .array(suggestions.map { suggestion in
            ["family": JSON(suggestion.family.rawValue), "title": JSON(suggestion.title), "varianceLeft": JSON(suggestion.left),
             "columns": .object(suggestion.columns.map { .init(key: $0.name, value: JSON($0.value)) })]
        })]
    }
}
