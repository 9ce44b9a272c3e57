import ArgumentParser
import Orrery
import ReferenceKernels

struct MeasureCPUCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cpu",
        abstract: "Measure the processor of this machine: what it can do, and how long real kernels take on it.",
        discussion: """
            Probes clock, peak arithmetic, bandwidth and latency of every level of memory, thread hand-off and disk, then times \
            the reference kernels over shapes of real models and whole decoders. Let nothing else run meanwhile.

            Examples:
              orrery measure cpu --output host.csv
              orrery measure cpu --output host.csv --device-output HardwareSpecs/devices/host.json
              orrery measure cpu --device-output host.json --probe-only
            """)

    @Option(help: ArgumentHelp("The file for the measured runs.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("The file for this machine as a device; what stands there prints it.", valueName: "file"))
    var deviceOutput: String?

    @Option(help: ArgumentHelp("The file for the disk as a storage device.", valueName: "file"))
    var storageOutput: String?

    @Flag(help: "Probe the machine and time no kernels.")
    var probeOnly = false

    @Option(help: ArgumentHelp("Operators to time: gemm, attn_prefill, attn_decode, moe_gemm, elementwise, copy, offload.", valueName: "names"))
    var families: String?

    @Option(help: ArgumentHelp("Seconds of repeats of one kernel in a round.", valueName: "seconds"))
    var repeatSeconds = 0.02

    @Option(help: ArgumentHelp("Times that everything is measured, each time in another order.", valueName: "rounds"))
    var rounds = 5

    @Option(help: ArgumentHelp("The folder for the files that the disk is measured with.", valueName: "dir"))
    var diskFolder = "/tmp"

    func validate() throws {
        guard (0.001...60).contains(repeatSeconds) else { throw ValidationError("--repeat-seconds \(repeatSeconds): take 0.001 to 60") }
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds \(rounds): take 1 to 1000") }
        _ = try chosen()
        if output == nil, !probeOnly { throw ValidationError("say where the measured runs go with --output, or ask for --probe-only") }
        if output != nil, probeOnly { throw ValidationError("--probe-only times nothing that could go to --output") }
    }

    private func chosen() throws -> Set<MeasuredKernel.Family> {
        guard let families else { return Set(MeasuredKernel.Family.allCases) }
        let known = MeasuredKernel.Family.allCases.map(\.rawValue)
        return Set(try families.split(separator: ",").map { word in
            guard let family = MeasuredKernel.Family(rawValue: String(word)) else {
                throw ValidationError("--families: \"\(word)\" is none of them; use \(list(known))")
            }
            return family
        })
    }

    func run() throws {
        let progress = Progress()
        defer { progress.end() }
        do {
            var plan = HostMeasurement.Plan()
            plan.families = probeOnly ? [] : try chosen()
            plan.decoders = !probeOnly && families == nil
            (plan.repeatSeconds, plan.rounds, plan.diskFolder) = (repeatSeconds, rounds, diskFolder)
            let measured = try HostMeasurement(plan) { progress.show($0, part: $1) }
            progress.end()
            let probe = measured.probe, specification = probe.deviceSpecification()
            if let note = probe.diskNote { Terminal.warn("note: \(note)") }
            if let deviceOutput { try write(specification, to: deviceOutput) }
            if let storageOutput {
                guard let storage = probe.storageSpecification() else { throw KernelError("\(diskFolder): the disk could not be measured") }
                try write(storage, to: storageOutput)
            }
            guard let output else {
                if deviceOutput == nil { try Terminal.print(specification) }
                return
            }
            let records = measured.kernelRecords + measured.decoderRecords
            try write(records.file(prefix: "c"), to: output)
            Terminal.warn("\(output): \(records.count) rows")
        } catch let error as KernelError {
            throw DocumentError(file: "this machine", message: error.description)
        }
    }

    private func write(_ text: String, to path: String) throws {
        var file = try OutputFile(path)
        try file.write(text)
        try file.close()
    }
}
