import CostModels
import Documents
import LearnedModels
import Quantities

/// What a few measurements were worth, as a person or a program reads it.
public enum FewShotText {
    public static func text(of fit: FewShotFit) -> String {
        var lines = ["\(fit.correction.device), corrected by \(fit.correction.sources.reduce(0) { $0 + $1.rows }) measured kernels; each row predicted without itself:"]
        for score in fit.scores {
            lines.append("  \(score.family.rawValue): \(score.rows) rows, MAPE \(percent(score.before.mape)) before, \(percent(score.after.mape)) after "
                         + "(median \(percent(score.after.medianAPE))); \(percent(score.coverage)) within the 90 % interval")
        }
        lines += fit.skipped.lines.map { "  " + $0 }
        return lines.joined(separator: "\n") + "\n"
    }

    public static func json(of fit: FewShotFit) -> JSON {
        ["device": JSON(fit.correction.device),
         "families": .array(fit.scores.map {
             ["family": JSON($0.family.rawValue), "rows": JSON($0.rows), "mapeBefore": JSON($0.before.mape), "mape": JSON($0.after.mape),
              "medianApe": JSON($0.after.medianAPE), "coverage90": JSON($0.coverage)]
         }),
         "skipped": .array(fit.skipped.entries.map { ["file": JSON($0.file), "reason": JSON($0.reason), "rows": JSON($0.rows)] })]
    }

    private static func percent(_ value: Double?) -> String { value.map { "\(fixed($0 * 100, decimals: 1)) %" } ?? "none" }
}
