#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import CostModels

/// Fits the constants of one kernel to measured rows: robust least squares on the logarithm of predicted ÷ measured.
///
/// Every parameter lives on a scale without bounds: an efficiency by its logit, anything else by its logarithm, so that no step
/// leaves what is physical. A parameter whose standard error is as large as itself, or that the fit drives to where it does
/// nothing, is dropped and the others are fitted again.
struct KernelFit {
    typealias Parameter = KernelCalibration.Parameter

    var fitted: [Parameter: KernelCalibration.Fitted]
    var constants: KernelConstants { KernelConstants { fitted[$0]?.value ?? $0.neutral } }

    /// Rows that a parameter takes.
    static let rowsPerParameter = 8
    /// Residuals beyond this (about 10 %) count linearly (soft L1), so that a few rows that went wrong do not carry the fit.
    private static let softness = 0.1
    private static let reweightings = 6

    /// - Returns: nil when there are too few rows for any parameter, or none is supported.
    init?(_ samples: [KernelSample], _ parameters: [Parameter]) {
        var active = Array(parameters.prefix(samples.count / Self.rowsPerParameter))
        let scale = Self.median(samples.map(\.measured))
        var start: [Parameter: Double] = [:]
        fitted = [:]
        while !active.isEmpty {
            guard let solution = Self.solve(samples, active, from: start, scale: scale) else {
                active.removeLast()
                continue
            }
            let weakest = active.max { Self.doubt(solution[$0], $0) < Self.doubt(solution[$1], $1) }
            if let weakest, Self.doubt(solution[weakest], weakest) > 1 {
                active.removeAll { $0 == weakest }
                start = solution.mapValues(\.value)
                continue
            }
            fitted = solution
            return
        }
        return nil
    }

    /// Standard error over the value; infinite where the value does nothing or nothing physical.
    private static func doubt(_ fit: KernelCalibration.Fitted?, _ parameter: Parameter) -> Double {
        guard let fit, fit.value > 0, fit.value.isFinite, fit.error.isFinite else { return .infinity }
        if parameter.isEfficiency, fit.value > 0.995 { return .infinity }
        return fit.error / fit.value
    }

    private static func solve(_ samples: [KernelSample], _ active: [Parameter], from start: [Parameter: Double], scale: Double) -> [Parameter: KernelCalibration.Fitted]? {
        let logarithms = samples.map { log($0.measured) }
        func constants(_ x: UnsafeBufferPointer<Double>) -> KernelConstants {
            var constants = KernelConstants { $0.neutral }
            for (place, parameter) in active.enumerated() { constants[parameter] = value(x[place], of: parameter) }
            return constants
        }
        var position = active.map { coordinate(start[$0] ?? typical($0, samples, scale: scale), of: $0) }
        var weights = [Double](repeating: 1, count: samples.count)
        var last: LeastSquares.Solution?
        for _ in 0..<reweightings {
            guard let solution = LeastSquares.solve(from: position, weights: weights, residuals: { (x, residuals) in
                let constants = constants(x)
                for place in samples.indices {
                    let ratio = log(samples[place].predicted(under: constants)) - logarithms[place]
                    residuals[place] = ratio.isFinite ? ratio : 50
                }
            }) else { break }
            weights = solution.residuals.map { 1 / (1 + ($0 / softness) * ($0 / softness)).squareRoot() }
            position = solution.parameters
            last = solution
        }
        guard let last else { return nil }
        let total = zip(weights, last.residuals).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
        let variance = total / Double(max(1, samples.count - active.count))
        var found: [Parameter: KernelCalibration.Fitted] = [:]
        for (place, parameter) in active.enumerated() {
            let value = value(last.parameters[place], of: parameter)
            let error = (last.covariance[place * active.count + place] * variance).squareRoot()
            // d value / d coordinate of the logarithm and of the logit.
            found[parameter] = .init(value: value, error: error * value * (parameter.isEfficiency ? 1 - value : 1))
        }
        return found
    }

    private static func value(_ coordinate: Double, of parameter: Parameter) -> Double {
        parameter.isEfficiency ? 1 / (1 + exp(-coordinate)) : exp(min(coordinate, 200))
    }

    private static func coordinate(_ value: Double, of parameter: Parameter) -> Double {
        parameter.isEfficiency ? log(value / (1 - min(value, 0.999_999))) : log(value)
    }

    /// Where to begin: what takes a tenth of the typical time.
    private static func typical(_ parameter: Parameter, _ samples: [KernelSample], scale: Double) -> Double {
        if parameter.isEfficiency { return 0.8 }
        if parameter.neutral > 0 { return parameter.neutral }
        var unit = KernelConstants { $0.neutral }
        unit[parameter] = 1
        switch parameter {
        case .overhead: return scale / 10
        case .hostFloor: return samples.map(\.measured).min() ?? scale
        case .rampBytes: return 1e6
        default:
            // Seconds that one unit of the measure adds to the median row.
            let neutral = KernelConstants { $0.neutral }
            let added = median(samples.map { ($0.predicted(under: unit) - $0.predicted(under: neutral)) / $0.measured })
            return added > 0 ? 0.1 / added : scale / 10
        }
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard let last = sorted.last else { return 0 }
        return sorted.count % 2 == 1 ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + (sorted.count > 1 ? sorted[sorted.count / 2] : last)) / 2
    }
}

extension KernelKey.Family {
    /// What a kernel of this family can be calibrated by, the best supported first.
    var parameters: [KernelCalibration.Parameter] {
        switch self {
        case .gemm: [.overhead, .memoryEfficiency, .engineEfficiency, .latency, .perInput, .perOutput, .perDepth, .cache]
        case .attentionPrefill: [.overhead, .engineEfficiency, .latency, .perOutput, .perDepth, .memoryEfficiency, .cache]
        case .attentionDecode: [.overhead, .memoryEfficiency, .latency, .perDepth, .perOutput, .engineEfficiency, .cache]
        case .experts: [.overhead, .memoryEfficiency, .engineEfficiency, .perInput, .latency, .perGroup, .perOutput, .cache]
        case .collective: [.overhead, .linkEfficiency, .perPeer, .rampBytes]
        case .expertExchange: [.overhead, .linkEfficiency, .perMessage, .rampBytes]
        }
    }
}
