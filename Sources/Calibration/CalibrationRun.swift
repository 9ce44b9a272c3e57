import CostModels
import Documents
import Hardware
import Measurement
import Quantities

/// Reads measured rows, fits every kernel in them, and says how well it went.
///
///     var run = try CalibrationRun(of: ["gemm.csv.gz"], in: Library(), device: "h100-sxm")
///     run.fit()
///     for calibration in run.calibrations { print(calibration.id, calibration.kernels.count) }
public struct CalibrationRun {
    /// A kernel whose rows do not support a calibration.
    public struct Refusal: Sendable {
        public var device: String
        public var runtime: String
        public var family: KernelKey.Family
        public var kernel: String
        public var reason: String
    }

    /// Errors of one family on one device, over all its kernels.
    public struct Group: Sendable {
        public var device: String
        public var family: KernelKey.Family
        /// Predictions for shapes that the fit had not seen; of kernels without one, those of the model alone.
        public var calibrated = ErrorStatistics()
        public var uncalibrated = ErrorStatistics()

        mutating func add(_ prediction: Double, plain: Double, measured: Double) {
            calibrated.add(predicted: prediction, measured: measured)
            uncalibrated.add(predicted: plain, measured: measured)
        }

        mutating func addUnpredicted(_ count: Int) {
            for _ in 0..<count {
                calibrated.addUnpredicted()
                uncalibrated.addUnpredicted()
            }
        }
    }

    struct Key: Hashable {
        var device: String
        var runtime: String
        var kernel: KernelKey
        var name: String
        /// What the rows say it was, for the scores: a prompt of one token is a decode step to the kernels.
        var phase: KernelKey.Family
    }

    private struct Kernel: Hashable {
        var device: String
        var runtime: String
        var key: KernelKey
        var name: String
    }

    public private(set) var calibrations: [Calibration] = []
    public private(set) var refusals: [Refusal] = []
    public private(set) var groups: [Group] = []
    private(set) var totalsByFamily: [KernelKey.Family: Group] = [:]
    /// Rows that could not be mapped, by the label of the device and family.
    private var unmapped: [String: [KernelKey.Family: Int]] = [:]
    /// Ids of the devices that labels mean.
    private var devices: [String: String] = [:]
    private var samples: [Key: Reservoir<KernelSample>] = [:]
    /// A fit to more rows of one kernel knows no better; a file with more kernels, or labels, has something else in these columns.
    static let mostRows = 1 << 15, mostNames = 4096, longestName = 256
    private var sources: [String: [String: Int]] = [:]
    private let version: String
    private let date: String

    /// - Parameters:
    ///   - device: only rows of this device of the library; nil for all.
    ///   - runtime: only rows of this runtime; rows that name no software belong to it, too. Nil for all.
    ///   - version: of the program, and the day, both of which the files state.
    /// - Throws: `DocumentError` where a file cannot be read, or the device is unknown.
    public init(of files: [String], in library: Library, device: String? = nil, runtime: String? = nil, version: String, date: String,
                progress: (String) -> Void = { _ in }) throws(DocumentError) {
        self.version = version
        self.date = date
        let wanted = if let device { try library.device(device).id } else { String?.none }
        let wantedRuntime = runtime == "nccl" ? runtime : try runtime.map { (name) throws(DocumentError) in try library.runtime(name).id }
        var predictor = Predictor(library, costs: Cycle())
        for path in files {
            var file = try MeasuredFile(path)
            var taken = 0
            while let row = file.next() {
                guard let family = KernelKey.Family(rawValue: row.phase), Self.isPlain(row.device) else { continue }
                let work: KernelWork
                do throws(RowError) { work = try predictor.work(of: row) } catch {
                    leaveOut(row, family)
                    continue
                }
                var software = predictor.runtimeID(of: row, on: work.device)
                if software.isEmpty { software = wantedRuntime ?? "unknown" }
                devices[row.device] = work.device.id
                guard wanted == nil || work.device.id == wanted, wantedRuntime == nil || software == wantedRuntime else { continue }
                let demands = work.demands(under: Cycle())
                let keys = zip(work.operators, demands).compactMap { KernelKey($0, choice: $1.choice) }
                guard let key = keys.first(where: { !$0.isHelper }) ?? keys.first, let sample = KernelSample(work, of: row, demands, key) else {
                    leaveOut(row, family)
                    continue
                }
                let place = Key(device: work.device.id, runtime: software, kernel: KernelKey(key.family, format: key.format), name: row.kernelName, phase: family)
                guard samples[place] != nil || samples.count < Self.mostNames, place.name.utf8.count + software.utf8.count <= Self.longestName else {
                    leaveOut(row, family)
                    continue
                }
                samples[place, default: Reservoir(capacity: Self.mostRows, seed: 1)].offer(sample)
                sources["\(place.device).\(software)", default: [:]][Self.name(of: path), default: 0] += 1
                taken += 1
            }
            progress("\(path): \(taken) of \(file.rows) rows" + (file.damage.map { "; \($0)" } ?? ""))
        }
    }

    private mutating func leaveOut(_ row: MeasuredRow, _ family: KernelKey.Family) {
        guard unmapped[row.device] != nil || unmapped.count < Self.mostNames && row.device.utf8.count <= Self.longestName else { return }
        unmapped[row.device, default: [:]][family, default: 0] += 1
    }

    /// A label with a condition behind it, such as a power cap, is another device than the one in the library.
    private static func isPlain(_ label: String) -> Bool { !label.contains("@") }

    private static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Fits all kernels; the same rows give the same constants.
    public mutating func fit(progress: (String) -> Void = { _ in }) {
        totalsByFamily = [:]
        refusals = []
        var kernels: [String: [KernelCalibration]] = [:]
        var groups: [String: Group] = [:]
        func order(_ kernel: Kernel) -> (String, String, String, String) {
            ("\(kernel.device).\(kernel.runtime)", kernel.key.family.rawValue, kernel.key.format, kernel.name)
        }
        let neutral = KernelConstants { $0.neutral }
        let merged = Dictionary(grouping: samples.keys) { Kernel(device: $0.device, runtime: $0.runtime, key: $0.kernel, name: $0.name) }
        for (kernel, keys) in merged.sorted(by: { order($0.key) < order($1.key) }) {
            let keys = keys.sorted { $0.phase.rawValue < $1.phase.rawValue }
            let rows = keys.flatMap { samples[$0]?.kept ?? [] }, phases = keys.flatMap { key in (samples[key]?.kept ?? []).map { _ in key.phase } }
            let fitting = KernelFitting(rows, key: kernel.key, kernel: kernel.name)
            kernels["\(kernel.device).\(kernel.runtime)", default: []] += fitting.calibrations
            if let reason = fitting.refusal {
                refusals.append(Refusal(device: kernel.device, runtime: kernel.runtime, family: kernel.key.family, kernel: "\(kernel.key.format) \(kernel.name)", reason: reason))
            }
            for place in rows.indices {
                let row = rows[place], phase = phases[place], plain = row.predicted(under: neutral), prediction = fitting.heldOut[place] ?? plain
                groups["\(kernel.device) \(phase.rawValue)", default: Group(device: kernel.device, family: phase)].add(prediction, plain: plain, measured: row.measured)
                totalsByFamily[phase, default: Group(device: "all", family: phase)].add(prediction, plain: plain, measured: row.measured)
            }
            if let whole = fitting.calibrations.first {
                progress("\(kernel.device) \(kernel.runtime) \(kernel.key.family.rawValue) \(kernel.key.format) \(kernel.name): \(rows.count) rows, "
                         + "median error \(percent(whole.validation.medianAPE))")
            }
        }
        for (label, counts) in unmapped {
            guard let device = devices[label] else { continue }
            for (family, count) in counts { groups["\(device) \(family.rawValue)"]?.addUnpredicted(count) }
        }
        self.groups = groups.sorted { $0.key < $1.key }.map(\.value)
        calibrations = kernels.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }.map { id, kernels in
            let dot = id.lastIndex(of: ".") ?? id.endIndex
            return Calibration(device: String(id[..<dot]), runtime: String(id[dot...].dropFirst()), version: version, date: date,
                               sources: (sources[id] ?? [:]).sorted { $0.key < $1.key }.map { .init(file: $0.key, rows: $0.value) }, kernels: kernels)
        }
    }

    private func percent(_ value: Double) -> String { "\(significant(value * 100, digits: 3)) %" }
}
