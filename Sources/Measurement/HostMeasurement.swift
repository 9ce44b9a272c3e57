import Quantities
import ReferenceKernels

/// Everything that is measured of this machine's processor: what it can do, and how long real kernels and decoders take on it.
public struct HostMeasurement: Sendable {
    public struct Plan: Sendable {
        public var families = Set(MeasuredKernel.Family.allCases)
        /// Whole decoders too.
        public var decoders = true
        /// Seconds of repeats of one kernel in a round.
        public var repeatSeconds = 0.02
        /// Times that everything is measured, each time in another order.
        public var rounds = 5
        /// Seconds of repeats of one figure of the probe.
        public var probeSeconds = 0.2
        /// Folder for the files that the drive is measured with.
        public var diskFolder = "/tmp"
        /// Most operations of one execution of a kernel.
        public var mostFlops = 5e9

        public init() {}

        /// A look at whether it works: a fraction of the repeats, figures that nobody should quote.
        public static var quick: Plan {
            var plan = Plan()
            (plan.repeatSeconds, plan.rounds, plan.probeSeconds, plan.mostFlops) = (0.002, 1, 0.03, 5e8)
            return plan
        }
    }

    public var probe: HostProbe
    public var kernels: [MeasuredKernel]
    public var decoders: [MeasuredDecoder]
    /// Part of the processor that other work took meanwhile; nil where the system does not say.
    public var interference: Double?

    /// - Parameter progress: called with what is done next and which part of the whole is done.
    /// - Throws: `KernelError` when there is no memory, or the folder cannot be written to.
    public init(_ plan: Plan = Plan(), progress: (String, Double) -> Void = { _, _ in }) throws(KernelError) {
        let interference = Interference()
        var probe = try HostProbe.run(HostProbe.Plan(budget: plan.probeSeconds, diskFolder: plan.diskFolder)) { progress("probe: \($0)", 0) }
        // Made before the first round, so that every round has them.
        var sessions: [DecoderSession] = []
        if plan.decoders {
            for sweep in Self.decoders(diskFolder: plan.diskFolder) {
                progress("decoder: \(sweep.shape.layers) layers of \(sweep.shape.hidden), \(sweep.shape.weights)", 0)
                sessions.append(try DecoderSession(sweep))
            }
        }
        let sweep = KernelSweep(families: plan.families, plan: TimingPlan(leastRepeats: plan.rounds > 1 ? 3 : 1, budget: plan.repeatSeconds), rounds: plan.rounds,
                                diskFolder: plan.diskFolder, mostFlops: plan.mostFlops)
        kernels = try sweep.run(progress: { number, all, label in
            progress(label, Double(number) / Double(all))
        }, afterRound: { (round) throws(KernelError) in
            try probe.readAgain()
            for session in sessions {
                progress("decoder of \(session.sweep.shape.layers) layers, \(session.sweep.shape.weights)", Double(round + 1) / Double(plan.rounds))
                try session.round()
            }
        })
        // Long reads later on say as much of the drive as those of the probe.
        for long in kernels where long.family == .offload && long.bytes.value >= Double(16 << 20) {
            guard let disk = probe.disk else { break }
            probe.disk?.bandwidth.best = max(disk.bandwidth.best, long.bytes.value / long.timing.fastest)
            probe.disk?.bandwidth.median = max(disk.bandwidth.median, long.bandwidth.value)
        }
        self.probe = probe
        decoders = sessions.map(\.result)
        self.interference = interference.share
    }

    /// How far the rounds lie apart for half of the kernels, and for all but a tenth of them; nil after a single round.
    public var drift: (median: Double, p90: Double)? {
        let drifts = kernels.map(\.timing.drift).sorted()
        guard let most = drifts.last, most > 0 else { return nil }
        return (drifts[drifts.count / 2], drifts[drifts.count * 9 / 10])
    }

    /// Decoders whose weights are together far more than the last-level cache, so that every step reads them from the memory:
    /// dense and mixture, fp32 and int4, one whose layers come from the drive.
    static func decoders(diskFolder: String) -> [DecoderSweep] {
        let cache = Double(ColdMemory.lastCache)
        var dense = DecoderShape(layers: 6, hidden: 1024, heads: 16, kvHeads: 4, intermediate: 2816, vocabulary: 8192)
        func layers(_ shape: DecoderShape, least: Int) -> Int {
            let one = Double(shape.hidden * (2 * (shape.heads + shape.kvHeads) * shape.headDimension + 3 * shape.intermediate))
            let bytes = shape.weights.tensorFormat.bytes(elements: one).value
            return min(64, max(least, Int((2.5 * cache / bytes).rounded(.up))))
        }
        dense.layers = layers(dense, least: 6)
        var narrow = dense, mixture = dense, streamed = dense
        narrow.weights = .int4(group: 128)
        narrow.layers = layers(narrow, least: 6)
        (mixture.experts, mixture.expertsPerToken, mixture.intermediate, mixture.layers) = (8, 2, 1408, 4)
        streamed.layers = 6
        return [DecoderSweep(dense, prompt: 128, steps: 16), DecoderSweep(dense, batch: 4, prompt: 64, steps: 12), DecoderSweep(narrow, prompt: 128, steps: 16),
                DecoderSweep(mixture, prompt: 128, steps: 16), DecoderSweep(streamed, prompt: 128, steps: 4, prefills: 2, streamingFolder: diskFolder)]
    }

    /// The kernels and decoders as rows.
    public var kernelRecords: [MeasuredRecord] { kernels.map { MeasuredRecord($0, date: probe.date) } }
    public var decoderRecords: [MeasuredRecord] { decoders.flatMap { MeasuredRecord.records($0, date: probe.date) } }
}

extension [MeasuredRecord] {
    /// A file of measured runs; rows are named by the prefix and their number.
    public func file(prefix: String) -> String {
        MeasuredRecord.header + enumerated().map { $1.line(id: "\(prefix)\($0 + 1)") }.joined()
    }
}
