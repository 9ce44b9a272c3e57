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

    @Option(help: ArgumentHelp("Seconds of repeats of one kernel.", valueName: "seconds"))
    var repeatSeconds = 0.15

    @Option(help: ArgumentHelp("The folder for the files that the disk is measured with.", valueName: "dir"))
    var diskFolder = "/tmp"

    func validate() throws {
        guard (0.001...60).contains(repeatSeconds) else { throw ValidationError("--repeat-seconds \(repeatSeconds): take 0.001 to 60") }
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
        do {
            let probe = try HostProbe.run(HostProbe.Plan(diskFolder: diskFolder)) { Terminal.warn("probe: \($0)") }
            if let note = probe.diskNote { Terminal.warn("note: \(note)") }
            let specification = probe.deviceSpecification()
            if let deviceOutput { try write(specification, to: deviceOutput) }
            if let storageOutput {
                guard let storage = probe.storageSpecification() else { throw KernelError("\(diskFolder): the disk could not be measured") }
                try write(storage, to: storageOutput)
            }
            guard let output else {
                if deviceOutput == nil { try Terminal.print(specification) }
                return
            }
            var text = MeasuredRecord.header, count = 0
            func add(_ record: MeasuredRecord) {
                count += 1
                text += record.line(id: "c\(count)")
            }
            let sweep = KernelSweep(families: try chosen(), plan: TimingPlan(budget: repeatSeconds), diskFolder: diskFolder)
            for kernel in try sweep.run(progress: { number, all, label in
                if number % 20 == 0 { Terminal.warn("kernels: \(number) of \(all), \(label)") }
            }) { add(MeasuredRecord(kernel, date: probe.date)) }
            if families == nil {
                for sweep in Self.decoders(streamingFolder: diskFolder) {
                    Terminal.warn("decoder: \(sweep.shape.layers) layers of \(sweep.shape.hidden), \(sweep.shape.weights)"
                        + (sweep.streamingFolder == nil ? "" : ", weights from disk"))
                    for record in MeasuredRecord.records(try sweep.run(), date: probe.date) { add(record) }
                }
            }
            try write(text, to: output)
            Terminal.warn("\(output): \(count) rows")
        } catch let error as KernelError {
            throw DocumentError(file: "this machine", message: error.description)
        }
    }

    /// Decoders that take a few seconds each: dense and mixture, fp32 and int4, one whose weights come from disk.
    private static func decoders(streamingFolder: String) -> [DecoderSweep] {
        let dense = DecoderShape(layers: 6, hidden: 1024, heads: 16, kvHeads: 4, intermediate: 2816, vocabulary: 8192)
        var narrow = dense, mixture = dense
        narrow.weights = .int4(group: 128)
        (mixture.experts, mixture.expertsPerToken, mixture.intermediate, mixture.layers) = (8, 2, 1408, 4)
        return [DecoderSweep(dense, prompt: 128, steps: 32), DecoderSweep(dense, batch: 4, prompt: 64, steps: 16), DecoderSweep(narrow, prompt: 128, steps: 32),
                DecoderSweep(mixture, prompt: 128, steps: 32), DecoderSweep(dense, prompt: 128, steps: 8, streamingFolder: streamingFolder)]
    }

    private func write(_ text: String, to path: String) throws {
        var file = try OutputFile(path)
        try file.write(text)
        try file.close()
    }
}
