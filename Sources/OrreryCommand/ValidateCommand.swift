import ArgumentParser
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Orrery
import ReferenceKernels

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Hold predictions for this machine against this machine.",
        discussion: """
            Probes the processor, times real kernels and whole decoders on it, calibrates the cycle model on one half of the \
            shapes, predicts the other half and the decoders, none of which a fit has seen, and prints how far off it was. \
            Takes less than five minutes; let nothing else run meanwhile.

            Examples:
              orrery validate
              orrery validate --output here     # keeps the device, the measured runs and the calibration
              orrery compare --measured here/decoders.csv --device here/host.json --calibration here/host.reference-kernels.json
            """)

    @Option(help: ArgumentHelp("Keep the device, the measured runs and the calibration in this folder.", valueName: "dir"))
    var output: String?

    @Option(help: ArgumentHelp("Times that everything is measured, each time in another order.", valueName: "rounds"))
    var rounds: Int?

    @Flag(help: "A fraction of the repeats: to see whether it works, not how well.")
    var quick = false

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Option(help: ArgumentHelp("The folder for the files that the drive is measured with.", valueName: "dir"))
    var diskFolder = "/tmp"

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        if let rounds, !(1...1000).contains(rounds) { throw ValidationError("--rounds \(rounds): take 1 to 1000") }
    }

    func run() throws {
        var plan = quick ? HostMeasurement.Plan.quick : HostMeasurement.Plan()
        if let rounds { plan.rounds = rounds }
        plan.diskFolder = diskFolder
        let folder = try output ?? Self.temporaryFolder()
        defer { if output == nil { Self.remove(folder) } }
        if output != nil, mkdir(folder, 0o755) != 0, errno != EEXIST {
            throw OutputError(path: folder, message: "cannot be made: \(String(cString: strerror(errno)).lowercased())")
        }
        let progress = Progress()
        defer { progress.end() }
        do {
            let validation = try Validation(plan, in: try library.open(), folder: folder, version: orreryVersion, date: CalibrateCommand.today) {
                progress.show($0, part: $1)
            }
            progress.end()
            if json { return try Terminal.print(validation.json.text() + "\n") }
            let kept = output.map { "  Kept in \($0): host.json, training.csv, held-out.csv, decoders.csv, host.reference-kernels.json.\n" } ?? ""
            try Terminal.print(validation.text + kept + (quick ? "  Quick: too few repeats to judge by.\n" : ""))
        } catch let error as KernelError {
            throw DocumentError(file: "this machine", message: error.description)
        }
    }

    private static func temporaryFolder() throws -> String {
        var template = Array("/tmp/orrery-validate-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw OutputError(path: "/tmp", message: "no folder can be made in it") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func remove(_ folder: String) {
        guard let entries = opendir(folder) else { return }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if name != ".", name != ".." { unlink("\(folder)/\(name)") }
        }
        closedir(entries)
        rmdir(folder)
    }
}
