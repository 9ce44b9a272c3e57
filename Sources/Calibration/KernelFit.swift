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

    /// Rows that a parameter takes. A row of a table is a figure of unknown repeats; on a processor it is a median over rounds.
    static func rowsPerParameter(_ samples: [KernelSample]) -> Int { samples.first?.onProcessor == true ? 4 : 8 }

    /// - Returns: nil when there are too few rows for any parameter, or none is supported.
    ///
    /// - Parameter start: values to begin from.
    init?(_ samples: [KernelSample], _ parameters: [Parameter], from start: [Parameter: Double] = [:]) {
        if samples.first?.onProcessor == true {
            guard let chosen = Self.chosen(samples, of: parameters) else { return nil }
            fitted = chosen
            return
        }
        var active = Array(parameters.prefix(samples.count / Self.rowsPerParameter(samples)))
        var atZero: Set<Parameter> = [], start = start.filter { $0.value > 0 }
        let search = Search(samples)
        while !active.isEmpty {
            guard let found = search.solve(active, atZero, from: start) else {
                active.removeLast()
                continue
            }
            start = found.mapValues(\.value)
            // Latencies or a cache time that the rows have no room for.
            if let vanished = active.first(where: { search.vanishes($0, found, atZero) }) {
                atZero.insert(vanished)
                active.removeAll { $0 == vanished }
                continue
            }
            let doubts = active.map { search.doubt($0, found, atZero) }
            if let worst = doubts.max(), worst > 1, let place = doubts.firstIndex(of: worst) {
                active.remove(at: place)
                continue
            }
            fitted = found
            for parameter in atZero { fitted[parameter] = .init(value: 0, error: 0) }
            return
        }
        return nil
    }

    /// The parameters that explain the rows best, one after the other: each time the one with which the criterion of Schwarz
    /// (1978), n·ln(loss ÷ n) + parameters·ln(n), falls most, until none lowers it. Where many parameters nearly stand for each
    /// other, as those of a processor do, dropping from all of them ends wherever it began.
    private static func chosen(_ samples: [KernelSample], of parameters: [Parameter]) -> [Parameter: KernelCalibration.Fitted]? {
        let search = Search(samples), most = samples.count / rowsPerParameter(samples)
        var active: [Parameter] = [], best: [Parameter: KernelCalibration.Fitted]?
        var lowest = search.criterion(of: [:])
        while active.count < most {
            var next: (parameter: Parameter, found: [Parameter: KernelCalibration.Fitted], criterion: Double)?
            for candidate in parameters where !active.contains(candidate) {
                guard let found = search.solve(active + [candidate], [], from: best?.mapValues(\.value) ?? [:]) else { continue }
                guard found.allSatisfy({ search.doubt($0.key, found, []) <= 1 && isPlausible($0.key, $0.value.value) }) else { continue }
                let criterion = search.criterion(of: found)
                if criterion < next?.criterion ?? lowest { next = (candidate, found, criterion) }
            }
            guard let next else { break }
            active.append(next.parameter)
            (best, lowest) = (next.found, next.criterion)
        }
        return best
    }

    /// How far the rows stay from what the parameters can explain at best: to compare models of the same rows.
    static func loss(_ samples: [KernelSample], _ parameters: [Parameter]) -> Double {
        let search = Search(samples), active = Array(parameters.prefix(samples.count / rowsPerParameter(samples)))
        return search.solve(active, [], from: [:], reweightings: 2).map { search.criterion(of: $0) } ?? .infinity
    }

    /// A scale of what the model counts that is off by more than an order of magnitude stands for something else.
    private static func isPlausible(_ parameter: Parameter, _ value: Double) -> Bool {
        parameter.neutral == 0 || (0.05...20).contains(value)
    }

    private struct Search {
        private let samples: [KernelSample]
        private let certainty: [Double]
        private let logarithms: [Double]
        private let scale: Double

        /// Residuals beyond this (about 10 %) count linearly (soft L1), so that a few rows that went wrong do not carry the fit.
        static let softness = 0.1
        static let reweightings = 5
        /// A parameter that changes no prediction by more than this part does nothing.
        private static let noEffect = 1e-3

        init(_ samples: [KernelSample]) {
            self.samples = samples
            certainty = samples.map { 1 / (1 + ($0.spread / Self.softness) * ($0.spread / Self.softness)) }
            logarithms = samples.map { log($0.measured) }
            scale = KernelFit.median(samples.map(\.measured))
        }

        private func constants(_ active: [Parameter], _ atZero: Set<Parameter>, _ value: (Int) -> Double) -> KernelConstants {
            var constants = KernelConstants { atZero.contains($0) ? 0 : $0.neutral }
            for (place, parameter) in active.enumerated() { constants[parameter] = value(place) }
            return constants
        }

        func solve(_ active: [Parameter], _ atZero: Set<Parameter>, from start: [Parameter: Double], reweightings: Int = Self.reweightings) -> [Parameter: KernelCalibration.Fitted]? {
            var position = active.map { KernelFit.coordinate(start[$0] ?? typical($0), of: $0) }
            var weights = certainty
            var last: LeastSquares.Solution?
            for _ in 0..<reweightings {
                guard let solution = LeastSquares.solve(from: position, weights: weights, residuals: { x, residuals in
                    let constants = constants(active, atZero) { KernelFit.value(x[$0], of: active[$0]) }
                    for place in samples.indices {
                        let ratio = log(samples[place].predicted(under: constants)) - logarithms[place]
                        residuals[place] = ratio.isFinite ? ratio : 50
                    }
                }) else { break }
                weights = zip(certainty, solution.residuals).map { $0 / (1 + ($1 / Self.softness) * ($1 / Self.softness)).squareRoot() }
                position = solution.parameters
                last = solution
            }
            guard let last else { return nil }
            let total = zip(weights, last.residuals).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
            let variance = total / Double(max(1, samples.count - active.count))
            var found: [Parameter: KernelCalibration.Fitted] = [:]
            for (place, parameter) in active.enumerated() {
                let value = KernelFit.value(last.parameters[place], of: parameter)
                let error = last.variances.map { ($0[place] * variance).squareRoot() } ?? .infinity
                // d value / d coordinate of the logarithm and of the logit.
                found[parameter] = .init(value: value, error: error * value * (parameter.isEfficiency ? 1 - value : 1))
            }
            return found
        }

        /// Of Schwarz, with the loss that is linear for what lies far off.
        func criterion(of found: [Parameter: KernelCalibration.Fitted]) -> Double {
            let constants = KernelConstants { found[$0]?.value ?? $0.neutral }, count = Double(samples.count)
            let loss = samples.indices.reduce(0.0) { sum, place in
                let ratio = (log(samples[place].predicted(under: constants)) - logarithms[place]) / Self.softness
                return sum + certainty[place] * 2 * Self.softness * Self.softness * ((1 + ratio * ratio).squareRoot() - 1)
            }
            return count * log(max(loss, 1e-12) / count) + Double(found.count) * log(count)
        }

        /// A scale of the model's latencies or cache time that might as well be 0.
        func vanishes(_ parameter: Parameter, _ found: [Parameter: KernelCalibration.Fitted], _ atZero: Set<Parameter>) -> Bool {
            guard parameter.neutral == 1, !parameter.isEfficiency, let value = found[parameter]?.value, value < 1 else { return false }
            return change(parameter, to: 0, found, atZero) < Self.noEffect
        }

        /// The largest change of the logarithm of a prediction.
        private func change(_ parameter: Parameter, to value: Double, _ found: [Parameter: KernelCalibration.Fitted], _ atZero: Set<Parameter>) -> Double {
            let with = KernelConstants { found[$0]?.value ?? (atZero.contains($0) ? 0 : $0.neutral) }
            var without = with
            without[parameter] = value
            return samples.reduce(0.0) { max($0, abs(log($1.predicted(under: with) / $1.predicted(under: without)))) }
        }

        /// Above 1 when the parameter has to go: its standard error over its value; more the less it changes, when it changes
        /// nothing or the parameters cannot be told apart.
        func doubt(_ parameter: Parameter, _ found: [Parameter: KernelCalibration.Fitted], _ atZero: Set<Parameter>) -> Double {
            guard let fit = found[parameter], fit.value.isFinite else { return .infinity }
            if parameter.isEfficiency, fit.value > 0.995 { return .infinity }
            let known = fit.error.isFinite
            if known, fit.error > fit.value { return fit.error / fit.value }
            let change = change(parameter, to: parameter.neutral, found, atZero)
            if change < Self.noEffect { return 1 + Self.noEffect / max(change, 1e-12) }
            return known ? fit.error / fit.value : 1 + Self.noEffect / change
        }

        /// Where to begin: what takes a tenth of the typical time.
        private func typical(_ parameter: Parameter) -> Double {
            if parameter.isEfficiency { return 0.8 }
            // Where it is the longest of the times for some rows: at the full rate of a unit's memory it is so for none.
            if parameter == .feed { return 8 }
            if parameter.neutral > 0 { return parameter.neutral }
            switch parameter {
            case .overhead: return scale / 10
            case .hostFloor, .oneShotOverhead: return samples.map(\.measured).min() ?? scale
            case .rampBytes: return 1e6
            default:
                // Seconds that one unit of the measure adds to the median row.
                let neutral = KernelConstants { $0.neutral }
                var unit = neutral
                unit[parameter] = 1
                let added = KernelFit.median(samples.map { ($0.predicted(under: unit) - $0.predicted(under: neutral)) / $0.measured })
                return added > 0 ? 0.1 / added : scale / 10
            }
        }
    }

    private static func value(_ coordinate: Double, of parameter: Parameter) -> Double {
        parameter.isEfficiency ? 1 / (1 + exp(-coordinate)) : exp(min(coordinate, 200))
    }

    private static func coordinate(_ value: Double, of parameter: Parameter) -> Double {
        parameter.isEfficiency ? log(max(value, 1e-6) / (1 - min(value, 0.999_999))) : log(max(value, 1e-30))
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard let last = sorted.last else { return 0 }
        return sorted.count % 2 == 1 ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + (sorted.count > 1 ? sorted[sorted.count / 2] : last)) / 2
    }
}

extension KernelKey.Family {
    /// What a kernel of this family can be calibrated by, the best supported first.
    ///
    /// - Parameters:
    ///   - ofUnits: the rows state how many units copy.
    ///   - ofEngine: an all-reduce of the serving engine's own, which knows a way for short buffers; NCCL's protocols do not read whole ones.
    func parameters(onProcessor: Bool, ofUnits: Bool = false, ofEngine: Bool = false) -> [KernelCalibration.Parameter] {
        if onProcessor { return parametersOnProcessor }
        return switch self {
        case .gemm: [.overhead, .memoryEfficiency, .engineEfficiency, .latency, .perInput, .perOutput, .perDepth, .cache]
        case .attentionPrefill: [.overhead, .engineEfficiency, .latency, .perOutput, .perDepth, .memoryEfficiency, .cache]
        case .attentionDecode: [.overhead, .memoryEfficiency, .latency, .feed, .combine, .perOutput, .engineEfficiency, .cache, .perDepth]
        case .experts: [.overhead, .memoryEfficiency, .engineEfficiency, .perInput, .latency, .perGroup, .perPlace, .perOutput, .cache]
        case .collective: [.overhead, .linkEfficiency, .perPeer] + (ofEngine ? [.oneShotOverhead, .oneShotEfficiency] : []) + [.rampBytes]
        case .expertExchange: ofUnits ? [.overhead, .perUnitByte, .perUnitMessage, .linkEfficiency] : [.overhead, .perMessage, .linkEfficiency, .rampBytes]
        case .elementwise, .copy: [.overhead, .memoryEfficiency, .engineEfficiency, .cache]
        case .fileRead: [.linkEfficiency, .overhead, .rampBytes]
        }
    }

    /// Cores compute and wait in turn where a packed block or a tile separates loading from multiplying.
    private var parametersOnProcessor: [KernelCalibration.Parameter] {
        switch self {
        case .gemm, .experts: [.engineEfficiency, .memoryEfficiency, .perWeight, .perColumn, .overhead, .overlap, .perInput, .perOutput, .perGroup]
        case .attentionPrefill: [.engineEfficiency, .overhead, .perOutput, .memoryEfficiency, .cache]
        case .attentionDecode: [.memoryEfficiency, .engineEfficiency, .overhead, .overlap, .perOutput, .perDepth]
        case .elementwise: [.cache, .engineEfficiency, .latency, .overhead, .memoryEfficiency, .overlap, .perOutput]
        case .copy: [.memoryEfficiency, .cache, .overhead]
        case .fileRead: [.linkEfficiency, .overhead]
        case .collective, .expertExchange: parameters(onProcessor: false)
        }
    }
}
