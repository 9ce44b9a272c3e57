import ArgumentParser
import Orrery

/// Where the library is, for every command.
struct LibraryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder that holds HardwareSpecs and Workloads.",
                               discussion: "Without it: $ORRERY_LIBRARY, else the nearest such folder above the current one, else above the program.",
                               valueName: "dir"))
    var library: String?

    func open() throws -> Library { try Library(library) }
}

extension Library {
    /// Makes a device that is named by its file an entry of the library, so that rows that call it by its name find it.
    mutating func takeIn(_ device: String?) throws {
        guard let device, Self.isPath(device) else { return }
        _ = try self.device(device)
        add(device, to: .devices)
    }
}

/// The folders in which files lie.
enum MeasuredFolders {
    static func of(_ files: [String]) -> [String] {
        files.map { file in file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "." }
    }
}

/// Where a job runs and how closely to look.
struct TargetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("One device with its usual host: a name or a file; a mode follows '@'.", valueName: "spec"))
    var device: String?

    @Option(help: ArgumentHelp("A system of devices and links: a name or a file.", valueName: "spec"))
    var system: String?

    @Option(help: ArgumentHelp("The software that drives it; the job's own unless given.", valueName: "id"))
    var runtime: String?

    @Option(help: ArgumentHelp("roofline, the physical bound; cycle, cycle-approximate; or learned, the cycle model corrected by trees that know measured kernels.", valueName: "roofline|cycle|learned"))
    var costModel: Scenario.Fidelity = .cycle

    @Option(help: ArgumentHelp("What was fitted to measured runs: a name or a file, or none; the library's for device and runtime unless given.",
                               valueName: "name|none"))
    var calibration: String?

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        if device != nil, system != nil { throw ValidationError("--device and --system exclude each other: a system names its devices.") }
    }

    func scenario(of job: String) throws -> Scenario {
        try library.open().scenario(of: job, device: device, system: system, runtime: runtime, fidelity: costModel, calibration: calibration)
    }
}

extension Scenario.Fidelity: ExpressibleByArgument {}
