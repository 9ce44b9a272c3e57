import ReferenceKernelsC

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A whole decoder and how long its steps took on this machine.
public struct MeasuredDecoder: Sendable {
    public var shape: DecoderShape
    public var batch: Int
    /// Tokens of each prompt.
    public var prompt: Int
    /// Tokens of each sequence in the cache before the first and after the last decode step that was timed.
    public var contexts: ClosedRange<Int>
    /// Whether the layers were read from a file in every step.
    public var streams: Bool
    /// Seconds of one prefill, and of one decode step.
    public var prefill, decode: Timing
    public var implementation: String
    public var threads: Int
}

/// Runs a decoder as a user would: a prompt, then token after token.
public struct DecoderSweep: Sendable {
    public var shape: DecoderShape
    public var batch, prompt, steps: Int
    /// Prefills that are timed; decode follows the last.
    public var prefills: Int
    /// Folder for the file that the layers are read from; nil keeps them in memory.
    public var streamingFolder: String?

    public init(_ shape: DecoderShape, batch: Int = 1, prompt: Int, steps: Int, prefills: Int = 3, streamingFolder: String? = nil) {
        self.shape = shape
        self.batch = batch
        self.prompt = prompt
        self.steps = steps
        self.prefills = prefills
        self.streamingFolder = streamingFolder
    }

    /// - Throws: `KernelError` for an impossible shape, or when memory or the folder do not suffice.
    public func run() throws(KernelError) -> MeasuredDecoder {
        let session = try DecoderSession(self)
        try session.round()
        return session.result
    }
}

/// A decoder that stays in memory between the rounds of a measurement.
public final class DecoderSession {
    public let sweep: DecoderSweep
    private let layers: LayerFile?
    private let decoder: Decoder
    private var prefills: [[Double]] = [], steps: [[Double]] = []
    private var contexts = 0...0

    public init(_ sweep: DecoderSweep) throws(KernelError) {
        guard sweep.prompt >= 1, sweep.steps >= 1, sweep.prefills >= 1, sweep.prompt <= 1 << 20, sweep.steps <= 1 << 20 else {
            throw KernelError("decoder run: \(sweep.prompt) prompt tokens, \(sweep.steps) steps and \(sweep.prefills) prefills are not supported")
        }
        self.sweep = sweep
        layers = try sweep.streamingFolder.map { (folder) throws(KernelError) in try LayerFile(sweep.shape, folder: folder) }
        let capacity = sweep.prompt + sweep.steps + 1
        decoder = if let layers { try Decoder(sweep.shape, batch: sweep.batch, capacity: capacity, seed: 1, streamingFrom: layers.path) }
        else { try Decoder(sweep.shape, batch: sweep.batch, capacity: capacity, seed: 1) }
    }

    /// A prefill that does not count, those that do, and the steps behind the last.
    public func round() throws(KernelError) {
        let ids = (0..<sweep.batch * sweep.prompt).map { Int32($0 &* 7919 % sweep.shape.vocabulary) }
        let next = (0..<sweep.batch).map { Int32($0 % sweep.shape.vocabulary) }
        func timed(_ ids: [Int32], _ tokens: Int) throws(KernelError) -> Double {
            let start = rk_now()
            try decoder.run(ids, tokens: tokens)
            return rk_now() - start
        }
        decoder.reset()
        _ = try timed(ids, sweep.prompt)
        var samples = WatchedSamples()
        while samples.count < sweep.prefills || samples.count < 3 * sweep.prefills && samples.undisturbed.count < sweep.prefills {
            decoder.reset()
            samples.add(try timed(ids, sweep.prompt))
        }
        prefills.append(samples.best(atLeast: sweep.prefills))
        _ = try timed(next, 1)
        let first = decoder.position
        samples = WatchedSamples()
        for _ in 0..<sweep.steps { samples.add(try timed(next, 1)) }
        // Half of the steps is enough of a median; a step that others delayed is none.
        steps.append(samples.best(atLeast: (sweep.steps + 1) / 2))
        contexts = first...decoder.position
    }

    /// What all rounds so far measured; at least one.
    public var result: MeasuredDecoder {
        let shape = sweep.shape
        return MeasuredDecoder(shape: shape, batch: sweep.batch, prompt: sweep.prompt, contexts: contexts, streams: layers != nil,
                               prefill: Timing(rounds: prefills), decode: Timing(rounds: steps),
                               implementation: shape.weights == .fp32 ? BLAS.name ?? Kernels.instructionSet : Kernels.instructionSet, threads: Kernels.threads)
    }
}

/// The layers of a decoder in a file, removed with its last owner.
private final class LayerFile {
    let path: String

    init(_ shape: DecoderShape, folder: String) throws(KernelError) {
        path = "\(folder)/orrery-layers-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try Decoder.writeLayers(shape, seed: 1, to: path)
    }

    deinit { unlink(path) }
}
