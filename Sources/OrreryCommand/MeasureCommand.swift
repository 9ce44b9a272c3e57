import ArgumentParser
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Orrery

struct MeasureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Measure real hardware: runs to hold predictions against.",
        discussion: """
            Examples:
              orrery measure cpu --output host.csv --device-output HardwareSpecs/devices/host.json
              orrery measure gpu --output h200.csv --sections gemm,decoder
              orrery measure suggest --device l40s -n 10
            """,
        subcommands: [MeasureCPUCommand.self, MeasureGPUCommand.self, MeasureSuggestCommand.self])
}

struct MeasureGPUCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gpu",
        abstract: "Measure an accelerator with PyTorch.",
        discussion: """
            Runs Scripts/measure_gpu.py of the library with all that follows; "orrery measure gpu -- --help" prints its options, \
            Documentation/Measuring.md says what it measures. The Python that has PyTorch is $ORRERY_PYTHON, else python3.

            Examples:
              orrery measure gpu --output h200.csv
              orrery measure gpu --output try.csv --device cpu --tiny
            """)

    @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("What the script is given.", valueName: "options"))
    var arguments: [String] = []

    func run() throws {
        let script = try Library().root + "/Scripts/measure_gpu.py"
        guard access(script, R_OK) == 0 else { throw DocumentError(file: script, message: "is missing; it comes with the library") }
        let python = getenv("ORRERY_PYTHON").map { String(cString: $0) } ?? "python3"
        let words = [python, script] + arguments.filter { $0 != "--" }
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        pointers.append(nil)
        defer { pointers.forEach { free($0) } }
        // On success this process becomes the script, with its output and its exit status.
        execvp(python, pointers)
        throw DocumentError(file: python, message: "cannot be run: \(String(cString: strerror(errno)).lowercased()); "
            + "install Python 3 with PyTorch, or set ORRERY_PYTHON to the Python that has it")
    }
}
