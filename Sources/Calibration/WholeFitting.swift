import CostModels
import Hardware
import Measurement

/// Measured runs of whole models on one device under one runtime, and what was made of them.
struct WholeFitting {
    typealias Parameter = WholeCalibration.Parameter

    /// By place in the samples: the prediction by a fit that had not seen its configuration.
    private(set) var heldOut: [Double?]
    private(set) var calibration: WholeCalibration?

    /// Parts into which the configurations are divided; each is predicted from the others.
    static let folds = 5
    /// With fewer configurations (models and splits), single shapes (batches and lengths) are held back.
    static let fewestConfigurations = 5
    static let fewestRows = 4

    /// - Parameters:
    ///   - before: the values before any row is seen; only these are fitted.
    ///   - limited: at most so many rows of each group are taken, spread evenly.
    init(_ samples: [WholeSample], from before: [Parameter: Double], figure: (WholeSample, WholeConstants) -> Double) {
        heldOut = [Double?](repeating: nil, count: samples.count)
        guard samples.count >= Self.fewestRows, let whole = WholeFit(samples, before, figure: figure) else { return }
        let configurations = Set(samples.map(\.configuration)).sorted(), shapes = Set(samples.map(\.shape)).sorted()
        var part: (WholeSample) -> Int
        if configurations.count >= Self.fewestConfigurations {
            let order = Dictionary(uniqueKeysWithValues: configurations.enumerated().map { ($0.element, $0.offset % Self.folds) })
            part = { order[$0.configuration] ?? 0 }
        } else {
            let order = Dictionary(uniqueKeysWithValues: shapes.enumerated().map { ($0.element, $0.offset % Self.folds) })
            part = { order[$0.shape] ?? 0 }
        }
        for fold in 0..<Self.folds {
            let rest = samples.filter { part($0) != fold }
            let constants = WholeFit(rest, before, figure: figure)?.constants ?? WholeConstants { before[$0] ?? $0.neutral }
            for (place, sample) in samples.enumerated() where part(sample) == fold { heldOut[place] = figure(sample, constants) }
        }
        let training = KernelFitting.score(samples.map { (figure($0, whole.constants), $0.measured) })
        let validation = KernelFitting.score(zip(heldOut, samples).compactMap { predicted, sample in predicted.map { ($0, sample.measured) } })
        calibration = WholeCalibration(fitted: whole.fitted, rows: samples.count, training: training, validation: validation)
    }

    /// What passes take before any row is seen: host costs of a Python engine, and what kernels usually reach.
    static func before(_ samples: [WholeSample], under runtime: Runtime) -> [Parameter: Double] {
        var values: [Parameter: Double] = [.engineEfficiency: 0.7, .productEfficiency: 0.8, .memoryEfficiency: 0.8, .attentionEfficiency: 0.7, .latency: 1,
                                           .step: 1e-3, .sequence: 2e-5, .token: 1e-6, .job: 1e-3]
        if runtime.launch == .eager {
            values[.kernel] = max(1e-6, runtime.hostPerKernel.value)
        } else {
            values[.layer] = 1e-5
        }
        if samples.contains(where: \.splits) { values[.linkEfficiency] = 0.6 }
        if samples.contains(where: \.streams) { values[.stream] = 2e-4 }
        return values
    }

    /// What boards draw before any row is seen: what their files say.
    static func power(_ samples: [WholeSample], of device: Device) -> [Parameter: Double] {
        let limit = device.power.limit?.value ?? 300
        var values: [Parameter: Double] = [.board: (device.power.active ?? device.power.idle)?.value ?? limit / 5, .compute: 1, .traffic: 1]
        if samples.contains(where: { $0.measure.metric == "decode_energy" }) { values[.sensorLag] = 1 }
        return values
    }
}
