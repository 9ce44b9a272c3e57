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
        guard prompt >= 1, steps >= 1, prefills >= 1, prompt <= 1 << 20, steps <= 1 << 20 else {
            throw KernelError("decoder run: \(prompt) prompt tokens, \(steps) steps and \(prefills) prefills are not supported")
        }
        let layers = try streamingFolder.map { (folder) throws(KernelError) in try LayerFile(shape, folder: folder) }
        let capacity = prompt + steps + 1
        let decoder = if let layers { try Decoder(shape, batch: batch, capacity: capacity, seed: 1, streamingFrom: layers.path) }
        else { try Decoder(shape, batch: batch, capacity: capacity, seed: 1) }
        let ids = (0..<batch * prompt).map { Int32($0 &* 7919 % shape.vocabulary) }, next = (0..<batch).map { Int32($0 % shape.vocabulary) }
        func timed(_ ids: [Int32], _ tokens: Int) throws(KernelError) -> Double {
            let start = rk_now()
            try decoder.run(ids, tokens: tokens)
            return rk_now() - start
        }
        _ = try timed(ids, prompt)
        var prefillSamples: [Double] = [], decodeSamples: [Double] = []
        for _ in 0..<prefills {
            decoder.reset()
            prefillSamples.append(try timed(ids, prompt))
        }
        _ = try timed(next, 1)
        let first = decoder.position
        for _ in 0..<steps { decodeSamples.append(try timed(next, 1)) }
        return MeasuredDecoder(shape: shape, batch: batch, prompt: prompt, contexts: first...decoder.position, streams: layers != nil,
                               prefill: Timing(samples: prefillSamples), decode: Timing(samples: decodeSamples),
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
