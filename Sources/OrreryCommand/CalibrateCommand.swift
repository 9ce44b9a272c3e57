import ArgumentParser
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Orrery

struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Learn from measured runs what datasheets leave out.",
        discussion: """
            Fits the few physical constants of every kernel in the rows (what a call costs beside its work, which part of a \
            bandwidth or rate it reaches) by robust least squares, scores them on shapes held back (5-fold cross-validation), \
            and writes one file for each device and runtime into HardwareSpecs/calibrations of the library, where simulate, \
            explain and compare find them. A parameter that the rows do not support is left out.

            Examples:
              orrery calibrate --measured train.gemm.csv.gz train.comm.csv.gz --device h100-sxm
              orrery calibrate --measured mine.csv --device l40s --runtime vllm --out l40s.vllm.json
              orrery calibrate --few twenty-kernels.csv --device arc-pro-b60

            With --few, 10 to 20 measured kernels of a device adapt the learned model to it: a smooth correction in the \
            model's own features, whose interval shrinks as measurements arrive. "orrery measure suggest" says which to take.
            """)

    @Option(name: .customLong("measured"), parsing: .upToNextOption, help: ArgumentHelp("Files of measured runs.", valueName: "file"))
    var files: [String] = []

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Files with a few measured kernels of one --device, which adapt the learned model to it.", valueName: "file"))
    var few: [String] = []

    @Flag(help: "Fit what passes of whole models take and what boards draw, instead of kernels; kernels of a calibration are kept.")
    var models = false

    @Option(help: ArgumentHelp("Only rows of this device, by its name or file; all devices in the files unless given.", valueName: "id"))
    var device: String?

    @Option(help: ArgumentHelp("Only rows of this runtime, and those that name none; all unless given.", valueName: "id"))
    var runtime: String?

    @Option(help: ArgumentHelp("Where to write: a file for one device and runtime; without it, the library.", valueName: "file"))
    var out: String?

    @Flag(help: "Print one JSON object instead of text, and write no calibration unless --out is given.")
    var json = false

    @Option(help: ArgumentHelp("Write errors by device and family on unseen shapes as CSV.", valueName: "file"))
    var scores: String?

    @Option(help: ArgumentHelp("Write the same as a table in Markdown.", valueName: "file"))
    var report: String?

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        if few.isEmpty == files.isEmpty { throw ValidationError("name files either in --measured or in --few") }
        if !few.isEmpty, device == nil { throw ValidationError("--few takes the --device that was measured") }
        if !few.isEmpty, runtime != nil || scores != nil || report != nil { throw ValidationError("--few goes without --runtime, --scores and --report") }
        if few.isEmpty, out != nil, device == nil || runtime == nil { throw ValidationError("--out takes the calibration of one --device and one --runtime") }
    }

    func run() throws {
        var library = try library.open()
        if !few.isEmpty { return try adapt(library) }
        try library.takeIn(device)
        if !few.isEmpty { return try adapt(library) }
        if models { return try fitModels(in: library) }
        let device = device.map { Library.isPath($0) ? identifier(of: $0) : $0 }
        var run = try CalibrationRun(of: files, in: library, device: device, runtime: runtime, version: orreryVersion, date: Self.today) { Terminal.warn($0) }
        run.fit { Terminal.warn($0) }
        for refusal in run.refusals {
            Terminal.warn("\(refusal.device) \(refusal.runtime) \(refusal.family.rawValue) \(refusal.kernel): no calibration: \(refusal.reason)")
        }
        guard !run.calibrations.isEmpty else {
            throw DocumentError(file: files.first ?? "", message: "has no rows that support a calibration" + (device.map { " of \"\($0)\"" } ?? ""))
        }
        if let out {
            for calibration in run.calibrations { try Self.write(calibration.json.text() + "\n", to: out) }
        } else if !json {
            for calibration in run.calibrations { try Self.write(calibration, into: library) }
        }
        if let scores { try Self.write(run.csv, to: scores) }
        if let report { try Self.write(Self.heading + run.markdown, to: report) }
        guard !json else { return try Terminal.print(run.json.text() + "\n") }
        let tables = device == nil ? [] : run.calibrations.map { CalibrationText.kernels(of: $0, style: Terminal.style) }
        try Terminal.print((tables + [run.text]).joined(separator: "\n"))
    }

    /// Corrects the learned model by the few rows.
    private func adapt(_ library: Library) throws {
        let fit = try FewShotFit(of: few, for: device ?? "", in: library, model: try library.learnedModel(), version: orreryVersion, date: Self.today)
        let folder = library.path(Library.fewShotFolder)
        if out == nil { makeFolder(folder) }
        try Self.write(fit.correction.json.text() + "\n", to: out ?? "\(folder)/\(fit.correction.device).json")
        try Terminal.print(json ? FewShotText.json(of: fit).text() + "\n" : FewShotText.text(of: fit))
    }

    private func fitModels(in library: Library) throws {
        var run = try WholeRun(of: files, in: library, device: device, runtime: runtime) { Terminal.warn($0) }
        run.fit { Terminal.warn($0) }
        guard !run.results.isEmpty else { throw DocumentError(file: files.first ?? "", message: "has no rows of whole models that support a calibration") }
        for result in run.results where !json || out != nil {
            // A run of one device is no ground for constants of any.
            if result.device == Calibration.anyDevice, device != nil { continue }
            let calibration = Calibration(device: result.device, runtime: result.runtime, version: orreryVersion, date: Self.today,
                                          sources: result.sources, kernels: [], steps: result.steps, power: result.power)
            try Self.write(calibration, into: library, or: out)
        }
        if let scores { try Self.write(run.csv, to: scores) }
        if let report { try Self.write(Self.modelsHeading + run.markdown, to: report) }
        try Terminal.print(run.text)
    }

    private static let modelsHeading = """
        # Accuracy on whole models

        Errors on models and splits that no fit had seen: 5-fold cross-validation by configuration (by batch and length where a device was
        measured on fewer than five), by `orrery calibrate --models`. Device unseen: times by constants fitted to the other devices of the runtime,
        energies by what the device's file says of its power. The absolute percentage error is |predicted − measured| ÷ measured; the bias is the
        geometric mean of predicted ÷ measured, less 1.


        """

    private static let heading = """
        # Accuracy of the calibrated cycle model

        Errors on shapes that no fit had seen: 5-fold cross-validation by shape (weights of a product, heads of attention, size of a
        message), by `Scripts/accuracy.sh DATA/operators`, which runs `orrery calibrate` on the operator tables of each device.
        The absolute percentage error is |predicted − measured| ÷ measured; the bias is the geometric mean of predicted ÷ measured, less 1.
        Uncalibrated: datasheets and the model alone.


        """

    /// What the library knew and the rows say nothing of stays.
    private static func write(_ calibration: Calibration, into library: Library, or out: String? = nil) throws {
        let whole = library.ids(.calibrations).contains(calibration.id) ? calibration.keeping(try library.calibration(calibration.id)) : calibration
        try write(whole.json.text() + "\n", to: out ?? "\(library.folder(of: .calibrations))/\(calibration.id).json")
    }

    private static func write(_ text: String, to path: String) throws {
        var file = try OutputFile(path)
        try file.write(text)
        try file.close()
    }

    /// Year, month and day in UTC.
    static var today: String {
        var now = time(nil), parts = tm()
        gmtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }
}
