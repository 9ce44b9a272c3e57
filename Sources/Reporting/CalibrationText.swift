import CostModels
import Quantities

/// A calibration as a person reads it.
public enum CalibrationText {
    /// A table of its kernels: the parameters with their standard errors, and the errors on shapes that the fit had not seen.
    public static func kernels(of calibration: Calibration, style: Style) -> String {
        var lines = ["\(calibration.id): \(calibration.kernels.count) kernels, fitted on \(calibration.date) by version \(calibration.version)"]
        for source in calibration.sources { lines.append("  \(source.rows) rows of \(source.file)") }
        for family in KernelKey.Family.allCases {
            let kernels = calibration.kernels.filter { $0.key.family == family }
            guard !kernels.isEmpty else { continue }
            lines += ["", family.rawValue]
            for kernel in kernels {
                let names = [kernel.key.format, kernel.key.variant, kernel.kernel].filter { !$0.isEmpty }.joined(separator: ", ")
                lines.append("  \(names): \(kernel.rows) rows; unseen shapes: median \(percent(kernel.validation.medianAPE)), MAPE \(percent(kernel.validation.mape))")
                if let plan = kernel.plan, !"\(plan)".isEmpty { lines.append("    cut: \(plan)") }
                let parts = KernelCalibration.Parameter.allCases.compactMap { parameter in
                    kernel.fitted[parameter].map { "\(parameter.rawValue) \(text($0, parameter))" }
                }
                lines.append("    " + parts.joined(separator: ", "))
            }
        }
        for (title, part) in [("passes of whole models", calibration.steps), ("power", calibration.power)] {
            guard let part else { continue }
            lines += ["", title, "  \(part.rows) rows; unseen configurations: median \(percent(part.validation.medianAPE)), MAPE \(percent(part.validation.mape))"]
            lines += WholeCalibration.Parameter.allCases.compactMap { parameter in
                part.fitted[parameter].map { "    \(parameter.rawValue) \(text($0, unit: parameter.unit))" }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ fitted: KernelCalibration.Fitted, unit: String) -> String {
        switch unit {
        case "s": "\(Seconds(fitted.value)) ± \(Seconds(fitted.error))"
        case "W": "\(Watts(fitted.value)) ± \(Watts(fitted.error))"
        default: "\(significant(fitted.value, digits: 3)) ± \(significant(fitted.error, digits: 1))"
        }
    }

    private static func text(_ fitted: KernelCalibration.Fitted, _ parameter: KernelCalibration.Parameter) -> String {
        switch parameter.unit {
        case "s": "\(Seconds(fitted.value)) ± \(Seconds(fitted.error))"
        case "B": "\(Bytes(fitted.value)) ± \(Bytes(fitted.error))"
        default: "\(significant(fitted.value, digits: 3)) ± \(significant(fitted.error, digits: 1))"
        }
    }

    static func percent(_ value: Double) -> String { "\(fixed(value * 100, decimals: 1)) %" }
}
