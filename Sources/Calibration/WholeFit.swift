#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import CostModels

/// Fits constants of passes, or of power, to measured runs of whole models: robust least squares on the logarithm of
/// predicted ÷ measured, held towards values known beforehand.
///
/// Every parameter lives on a scale without bounds, an efficiency by its logit, anything else by its logarithm. Each pulls
/// towards its value beforehand as a row that is off by a tenth would, for every factor of e: where few rows speak of it, it
/// stays there.
struct WholeFit {
    typealias Parameter = WholeCalibration.Parameter

    var fitted: [Parameter: WholeCalibration.Fitted]
    var constants: WholeConstants { WholeConstants { fitted[$0]?.value ?? $0.neutral } }

    /// Residuals beyond this (about 10 %) count linearly (soft L1).
    private static let softness = 0.1
    private static let reweightings = 6
    /// Residual of a parameter that is e times its value beforehand.
    private static let pull = 0.1

    /// What the fit left: robust sum of squares, the pull included.
    private var cost = 0.0

    /// The best of several searches.
    ///
    /// - Parameters:
    ///   - before: the value of every parameter to be fitted before any row is seen.
    ///   - figure: what constants predict for a row.
    init?(_ samples: [WholeSample], _ before: [Parameter: Double], figure: (WholeSample, WholeConstants) -> Double) {
        var best: WholeFit?
        for other in Self.starts {
            // Where the first search ends depends on what bounds most rows at its start.
            let start = before.merging(other.filter { before[$0.key] != nil }) { $1 }
            if !other.isEmpty, start == before { continue }
            if let fit = WholeFit(samples, before, start: start, figure: figure), best.map({ fit.cost < $0.cost }) ?? true { best = fit }
        }
        guard let best else { return nil }
        self = best
    }

    /// Where searches begin: at the values beforehand, and with software whose products are far from the device's rates.
    private static let starts: [[Parameter: Double]] = [[:], [.productEfficiency: 0.06, .memoryEfficiency: 0.9, .engineEfficiency: 0.5]]

    private init?(_ samples: [WholeSample], _ before: [Parameter: Double], start: [Parameter: Double], figure: (WholeSample, WholeConstants) -> Double) {
        let active = Parameter.allCases.filter { before[$0] != nil }, rows = samples.count
        guard rows > 0, !active.isEmpty else { return nil }
        let towards = active.map { Self.coordinate(before[$0] ?? 1, of: $0) }
        var position = active.map { Self.coordinate(start[$0] ?? 1, of: $0) }, weights = [Double](repeating: 1, count: rows + active.count), last: LeastSquares.Solution?
        for _ in 0..<Self.reweightings {
            let solution = withoutActuallyEscaping(figure) { figure in
                LeastSquares.solve(from: position, weights: weights) { x, residuals in
                    var values: [Parameter: Double] = [:]
                    for (place, parameter) in active.enumerated() { values[parameter] = Self.value(x[place], of: parameter) }
                    let constants = WholeConstants { values[$0] ?? $0.neutral }
                    for place in 0..<rows {
                        let ratio = log(figure(samples[place], constants) / samples[place].measured)
                        residuals[place] = ratio.isFinite ? ratio : 50
                    }
                    for place in active.indices { residuals[rows + place] = Self.pull * (x[place] - towards[place]) }
                }
            }
            guard let solution else { break }
            for place in 0..<rows {
                let size = solution.residuals[place] / Self.softness
                weights[place] = 1 / (1 + size * size).squareRoot()
            }
            position = solution.parameters
            last = solution
        }
        guard let last else { return nil }
        let scale = Self.softness * Self.softness
        cost = last.residuals.enumerated().reduce(0) { sum, residual in
            let square = residual.element * residual.element
            return sum + (residual.offset < rows ? 2 * scale * ((1 + square / scale).squareRoot() - 1) : square)
        }
        let total = (0..<rows).reduce(0) { $0 + weights[$1] * last.residuals[$1] * last.residuals[$1] }
        let variance = max(total / Double(max(1, rows - active.count)), 1e-12)
        fitted = [:]
        for (place, parameter) in active.enumerated() {
            let value = Self.value(last.parameters[place], of: parameter)
            let error = last.variances.map { ($0[place] * variance).squareRoot() } ?? 1
            fitted[parameter] = .init(value: value, error: min(error, 10) * value * (parameter.isEfficiency ? 1 - value : 1))
        }
    }

    private static func value(_ coordinate: Double, of parameter: Parameter) -> Double {
        parameter.isEfficiency ? max(1e-6, 1 / (1 + exp(-coordinate))) : exp(min(max(coordinate, -60), 60))
    }

    private static func coordinate(_ value: Double, of parameter: Parameter) -> Double {
        parameter.isEfficiency ? log(min(max(value, 1e-4), 0.99) / (1 - min(max(value, 1e-4), 0.99))) : log(max(value, 1e-9))
    }
}
