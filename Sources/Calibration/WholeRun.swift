import CostModels
import Documents
import Hardware
import Measurement
import Quantities

/// Reads measured runs of whole models, fits what their passes take and what boards draw, and says how well it went.
///
///     var run = try WholeRun(of: ["runs.csv.gz"], in: Library())
///     run.fit()
///     for result in run.results { print(result.id, result.steps?.validation.medianAPE ?? 0) }
public struct WholeRun {
    /// What was fitted to the rows of one device under one runtime; under `any` to those of all devices.
    public struct Result: Sendable {
        public var device: String
        public var runtime: String
        public var steps: WholeCalibration?
        public var power: WholeCalibration?
        public var sources: [Calibration.Source]
        public var id: String { "\(device).\(runtime)" }
    }

    /// Errors of one family of rows on one device.
    public struct Group: Sendable {
        public var family: String
        public var device: String
        /// By fits that had not seen the configuration.
        public var heldOut = ErrorStatistics()
        /// By the runtime's constants for any device, which had seen neither the device's rows nor its power.
        public var unseen = ErrorStatistics()
    }

    private struct Key: Hashable {
        var device: String
        var runtime: String
    }

    public private(set) var results: [Result] = []
    public private(set) var groups: [Group] = []
    public private(set) var reasons: [String: Int] = [:]
    private var samples: [Key: Reservoir<WholeSample>] = [:]
    private var devices: [String: Device] = [:]
    private var runtimes: [String: Runtime] = [:]
    private var sources: [Key: [String: Int]] = [:]
    private var unpredicted: [String: Int] = [:]

    static let families: Set<String> = ["prefill", "decode", "e2e_batch", "energy", "offload"]

    /// - Parameters:
    ///   - device: only rows of this device of the library; nil for all.
    ///   - runtime: only rows of this runtime; nil for all.
    /// - Throws: `DocumentError` where a file cannot be read, or the device or runtime is unknown.
    public init(of files: [String], in library: Library, device: String? = nil, runtime: String? = nil, progress: (String) -> Void = { _ in }) throws(DocumentError) {
        let wanted = if let device { try library.device(device).id } else { String?.none }
        let wantedRuntime = if let runtime { try library.runtime(runtime).id } else { String?.none }
        var predictor = Predictor(library, costs: Cycle(), calibrations: .kernels)
        for path in files {
            var file = try MeasuredFile(path), taken = 0
            while let row = file.next() {
                guard Self.families.contains(row.phase) || row.metric == "itl_mean" else { continue }
                let work: ModelWork
                do throws(RowError) { work = try predictor.modelWork(of: row) } catch {
                    let reason = reasons[error.description] != nil || reasons.count < CalibrationRun.mostNames && error.description.utf8.count <= 1000 ? error.description : "another reason"
                    reasons[reason, default: 0] += 1
                    unpredicted[row.phase, default: 0] += 1
                    continue
                }
                guard wanted == nil || work.device.id == wanted, wantedRuntime == nil || work.runtime.id == wantedRuntime else { continue }
                let sample = WholeSample(work), key = Key(device: work.device.id, runtime: work.runtime.id)
                guard sample.isFinite else { continue }
                samples[key, default: Reservoir(capacity: CalibrationRun.mostRows, seed: 1)].offer(sample)
                devices[key.device] = work.device
                runtimes[key.runtime] = work.runtime
                sources[key, default: [:]][path.split(separator: "/").last.map(String.init) ?? path, default: 0] += 1
                taken += 1
                if taken % 500 == 0 { progress("\(path): \(taken) rows") }
            }
            progress("\(path): \(taken) of \(file.rows) rows" + (file.damage.map { "; \($0)" } ?? ""))
        }
    }

    /// Fits every runtime over all its devices, then each device from there; the same rows give the same constants.
    public mutating func fit(progress: (String) -> Void = { _ in }) {
        var statistics: [String: Group] = [:]
        for (id, runtime) in runtimes.sorted(by: { $0.key < $1.key }) {
            let keys = samples.keys.filter { $0.runtime == id }.sorted { $0.device < $1.device }
            let timed = keys.map { key in (key: key, rows: (samples[key]?.kept ?? []).filter { $0.seconds != nil }) }.filter { !$0.rows.isEmpty }
            // Devices with many rows speak for themselves, and for the others.
            let before = WholeFitting.before(timed.flatMap(\.rows), under: runtime)
            var fittings: [Key: WholeFitting] = [:]
            for (key, rows) in timed where rows.count >= Self.manyRows || timed.count == 1 { fittings[key] = WholeFitting(rows, from: before) { $0.figure(under: $1) } }
            for (key, rows) in timed where fittings[key] == nil {
                fittings[key] = WholeFitting(rows, from: Self.typical(fittings.filter { $0.key.device != key.device }, before)) { $0.figure(under: $1) }
            }
            if timed.count > 1 {
                let calibration = general(fittings, before, timed)
                results.append(Result(device: Calibration.anyDevice, runtime: id, steps: calibration, power: nil, sources: sources(of: keys)))
                progress("\(Calibration.anyDevice).\(id): \(Self.text(calibration))")
            }
            for key in keys {
                let own = samples[key]?.kept ?? []
                let times = own.filter { $0.seconds != nil }, energies = own.filter { $0.seconds == nil }
                let others = Self.typical(fittings.filter { $0.key.device != key.device }, before), unseen = WholeConstants { others[$0] ?? $0.neutral }
                var fitting = fittings[key]
                // A few rows have to do better than what other devices say.
                if times.count < Self.manyRows, timed.count > 1, let own = fitting?.calibration {
                    let score = KernelFitting.score(times.map { ($0.figure(under: unseen), $0.measured) })
                    if own.validation.mape >= score.mape { fitting = nil }
                }
                for (place, sample) in times.enumerated() {
                    let prediction = fitting?.heldOut[place] ?? sample.figure(under: unseen)
                    Self.add(sample, prediction, sample.figure(under: unseen), of: key.device, to: &statistics)
                }
                let steps = fitting?.calibration, constants = steps?.constants ?? unseen
                var result = Result(device: key.device, runtime: id, steps: steps, power: nil, sources: sources(of: [key]))
                if !energies.isEmpty, let device = devices[key.device] {
                    let beforePower = WholeFitting.power(energies, of: device), plain = WholeConstants { beforePower[$0] ?? $0.neutral }
                    let power = WholeFitting(energies, from: beforePower) { $0.figure(under: constants, drawing: $1) }
                    let unfitted = energies.map { $0.figure(under: constants, drawing: plain) }
                    // What fits rows it has seen and misses others more than the device's file does is refused.
                    let score = KernelFitting.score(zip(unfitted, energies).map { ($0, $1.measured) })
                    let helps = power.calibration.map { $0.validation.mape < score.mape } ?? false
                    for (place, sample) in energies.enumerated() {
                        Self.add(sample, (helps ? power.heldOut[place] : nil) ?? unfitted[place], unfitted[place], of: key.device, to: &statistics)
                    }
                    result.power = helps ? power.calibration : nil
                }
                if result.steps != nil || result.power != nil { results.append(result) }
                progress("\(result.id): \(result.steps.map(Self.text) ?? "\(times.count) rows are too few")" + (result.power.map { "; power \(Self.text($0))" } ?? ""))
            }
        }
        groups = statistics.sorted { $0.key < $1.key }.map(\.value)
        results.sort { $0.id < $1.id }
    }

    /// So many rows, and a device needs no other to lean on.
    private static let manyRows = 30

    /// The median over devices of what was fitted to each; the values beforehand where nothing was.
    private static func typical(_ fittings: [Key: WholeFitting], _ before: [WholeCalibration.Parameter: Double]) -> [WholeCalibration.Parameter: Double] {
        let fitted = fittings.values.compactMap(\.calibration?.fitted)
        var values = before
        for parameter in before.keys {
            let all = fitted.compactMap { $0[parameter]?.value }
            if !all.isEmpty { values[parameter] = KernelFit.median(all) }
        }
        return values
    }

    /// That median as a calibration: its error is half the span of the middle half of the devices, its validation is of every
    /// device by the median of the others.
    private func general(_ fittings: [Key: WholeFitting], _ before: [WholeCalibration.Parameter: Double], _ timed: [(key: Key, rows: [WholeSample])]) -> WholeCalibration {
        let values = Self.typical(fittings, before), constants = WholeConstants { values[$0] ?? $0.neutral }
        var fitted: [WholeCalibration.Parameter: WholeCalibration.Fitted] = [:]
        for (parameter, value) in values {
            let all = fittings.values.compactMap { $0.calibration?.fitted[parameter]?.value }.sorted()
            let spread = all.isEmpty ? 0 : (all[all.count * 3 / 4] - all[all.count / 4]) / 2
            fitted[parameter] = .init(value: value, error: spread)
        }
        var seen: [(Double, Double)] = [], unseen: [(Double, Double)] = []
        for (key, rows) in timed {
            let others = Self.typical(fittings.filter { $0.key.device != key.device }, before), without = WholeConstants { others[$0] ?? $0.neutral }
            for row in rows {
                seen.append((row.figure(under: constants), row.measured))
                unseen.append((row.figure(under: without), row.measured))
            }
        }
        return WholeCalibration(fitted: fitted, rows: seen.count, training: KernelFitting.score(seen), validation: KernelFitting.score(unseen))
    }

    private static func add(_ sample: WholeSample, _ prediction: Double, _ unseen: Double, of device: String, to groups: inout [String: Group]) {
        guard families.contains(sample.family) else { return }
        for name in [device, "all"] {
            var group = groups["\(sample.family) \(name)"] ?? Group(family: sample.family, device: name)
            group.heldOut.add(predicted: prediction, measured: sample.measured)
            group.unseen.add(predicted: unseen, measured: sample.measured)
            groups["\(sample.family) \(name)"] = group
        }
    }

    private func sources(of keys: [Key]) -> [Calibration.Source] {
        var rows: [String: Int] = [:]
        for key in keys { for (file, count) in sources[key] ?? [:] { rows[file, default: 0] += count } }
        return rows.sorted { $0.key < $1.key }.map { .init(file: $0.key, rows: $0.value) }
    }

    private static func text(_ calibration: WholeCalibration) -> String {
        func percent(_ value: Double) -> String { "\(significant(value * 100, digits: 3)) %" }
        return "\(calibration.rows) rows, median error \(percent(calibration.validation.medianAPE)), MAPE \(percent(calibration.validation.mape))"
    }
}
