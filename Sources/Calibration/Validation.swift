import CostModels
import Documents
import Hardware
import Measurement
import Quantities
import ReferenceKernels

/// How well this machine is predicted: measured, calibrated on one half of the shapes, predicted on the other and on whole
/// decoders, which no fit has seen.
///
/// Everything that it rests on stays in a folder: `host.json` and `host-drive.json` (what the machine is), `training.csv`,
/// `held-out.csv` and `decoders.csv` (what was measured), `host.reference-kernels.json` (what was fitted). The same figures
/// come out of `orrery compare --measured held-out.csv` there.
public struct Validation: Sendable {
    /// Errors of one kind of row, and how large they may be.
    public struct Group: Sendable {
        public var title: String
        public var errors = ErrorStatistics()
        /// Largest median and mean error that count as met; nil where the group is a part of another.
        public var bar: (median: Double, mean: Double)?

        public var isMet: Bool? {
            guard let bar else { return nil }
            guard let median = errors.medianAPE, let mean = errors.mape else { return false }
            return median <= bar.median && mean <= bar.mean && errors.predicted == errors.given
        }
    }

    public static let device = "host"
    public static let drive = "host-drive"
    public static let runtime = "reference-kernels"
    /// File names in the folder.
    static let training = "training.csv", heldOut = "held-out.csv", decoders = "decoders.csv"

    public private(set) var probe: HostProbe
    public private(set) var folder: String
    public private(set) var groups: [Group] = []
    public private(set) var interference: Double?
    public private(set) var drift: (median: Double, p90: Double)?
    /// Rows that support no calibration, or no prediction, and why.
    public private(set) var complaints: [String] = []

    public var isMet: Bool { groups.allSatisfy { $0.isMet ?? true } }

    /// - Parameters:
    ///   - folder: an existing folder for the files.
    ///   - version: of the program, and the day, both of which the calibration states.
    /// - Throws: `KernelError` where the machine cannot be measured, `DocumentError` and `OutputError` for the files.
    public init(_ plan: HostMeasurement.Plan, in library: Library, folder: String, version: String, date: String,
                progress: (String, Double) -> Void = { _, _ in }) throws {
        let measured = try HostMeasurement(plan, progress: progress)
        self.init(measured.probe, folder: folder)
        (interference, drift) = (measured.interference, measured.drift)
        try write(measured.probe.deviceSpecification(), to: Self.device + ".json")
        if let drive = measured.probe.storageSpecification() { try write(drive, to: Self.drive + ".json") }
        let (training, heldOut) = Self.halves(measured.kernelRecords)
        try write(training.file(prefix: "t"), to: Self.training)
        try write(heldOut.file(prefix: "h"), to: Self.heldOut)
        try write(measured.decoderRecords.file(prefix: "d"), to: Self.decoders)
        progress("calibration", 1)
        try judge(in: library, version: version, date: date)
    }

    /// Judges what lies in a folder already.
    public init(judging folder: String, _ probe: HostProbe, in library: Library, version: String, date: String) throws {
        self.init(probe, folder: folder)
        try judge(in: library, version: version, date: date)
    }

    private init(_ probe: HostProbe, folder: String) { (self.probe, self.folder) = (probe, folder) }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    private func write(_ text: String, to name: String) throws(OutputError) {
        var file = try OutputFile(path(name))
        try file.write(text)
        try file.close()
    }

    /// Every other shape of each kernel and precision, in the order of the sweep.
    static func halves(_ records: [MeasuredRecord]) -> (training: [MeasuredRecord], heldOut: [MeasuredRecord]) {
        var seen: [String: Int] = [:], training: [MeasuredRecord] = [], heldOut: [MeasuredRecord] = []
        for record in records {
            let kernel = "\(record.family) \(record.phase) \(record.precision)"
            defer { seen[kernel, default: 0] += 1 }
            if seen[kernel, default: 0] % 2 == 0 { training.append(record) } else { heldOut.append(record) }
        }
        return (training, heldOut)
    }

    private mutating func judge(in library: Library, version: String, date: String) throws {
        var library = library
        library.add(path(Self.device + ".json"), to: .devices)
        library.add(path(Self.drive + ".json"), to: .devices)
        var run = try CalibrationRun(of: [path(Self.training)], in: library, device: Self.device, runtime: Self.runtime, version: version, date: date)
        run.fit()
        complaints += run.refusals.map { "no calibration of \($0.family.rawValue) \($0.kernel): \($0.reason)" }
        guard let calibration = run.calibrations.first else {
            throw DocumentError(file: path(Self.training), message: "has no rows that support a calibration; \(list(complaints))")
        }
        try write(calibration.json.text() + "\n", to: "\(calibration.id).json")
        var predictor = Predictor(library, costs: Cycle(), calibrations: .only(calibration))
        try compareOperators(&predictor)
        try compareDecoders(&predictor)
    }

    private mutating func compareOperators(_ predictor: inout Predictor) throws {
        let comparison = try Comparison(of: [path(Self.heldOut)], with: &predictor, by: ["phase", "precision"], worst: 0)
        note(comparison)
        for group in comparison.groups { groups.append(Group(title: Self.title(group.keys[0], group.keys[1]), errors: group.errors)) }
        groups.append(Group(title: "all operators", errors: comparison.total, bar: (0.10, 0.15)))
    }

    private mutating func compareDecoders(_ predictor: inout Predictor) throws {
        var kinds: [(title: String, bar: Double, Group)] = [("decoder, prefill", 0.10, Group(title: "")), ("decoder, decode step", 0.10, Group(title: "")),
                                                            ("decoder, weights from the drive", 0.15, Group(title: ""))]
        let comparison = try Comparison(of: [path(Self.decoders)], with: &predictor, by: ["phase", "metric"], worst: 0) { _, row, outcome in
            let place = row.phase == "offload" ? 2 : row.phase == "decode" ? 1 : 0
            switch outcome {
            case .success(let prediction): kinds[place].2.errors.add(predicted: prediction.value, measured: row.value)
            case .failure: kinds[place].2.errors.addUnpredicted()
            }
        }
        note(comparison)
        for kind in kinds where kind.2.errors.given > 0 { groups.append(Group(title: kind.title, errors: kind.2.errors, bar: (kind.bar, kind.bar))) }
    }

    private mutating func note(_ comparison: Comparison) {
        complaints += comparison.sortedReasons.map { "\($0.rows) rows not predicted: \($0.reason)" }
    }

    private static func title(_ phase: String, _ precision: String) -> String {
        switch phase {
        case "gemm": "products, \(precision)"
        case "moe_gemm": "experts, \(precision)"
        case "attn_prefill": "attention, prefill"
        case "attn_decode": "attention, decode"
        case "elementwise": "rows and elements"
        case "copy": "copies"
        case "offload": "reads of files"
        default: "\(phase), \(precision)"
        }
    }
}
