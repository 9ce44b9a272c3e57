import ReferenceKernels

/// A kernel that reads an operand too large for every cache once.
struct StreamingKernel {
    var name: String
    /// Bytes that one execution reads.
    var bytes: Double
    /// Least ratio to plain reads.
    var bar: Double
    var run: () throws(KernelError) -> Void

    /// Bandwidths over turns of one execution of the kernel and one pass of reads.
    func comparedWithReads() throws -> (kernel: HostProbe.Rate, read: HostProbe.Rate) {
        let reads = try ReadStream()
        var own: [Double] = [], plain: [Double] = []
        for turn in 0..<62 {
            let (kernel, read) = (try seconds(run), reads.seconds())
            guard turn > 1 else { continue }
            own.append(kernel)
            plain.append(read)
        }
        func rate(_ bytes: Double, _ samples: [Double]) -> HostProbe.Rate {
            let sorted = samples.sorted()
            return HostProbe.Rate(best: bytes / sorted[0], median: bytes / sorted[sorted.count / 2])
        }
        return (rate(bytes, own), rate(reads.bytes, plain))
    }

    private func seconds(_ body: () throws(KernelError) -> Void) throws(KernelError) -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        try body()
        return Double((clock.now - start) / Duration.nanoseconds(1)) * 1e-9
    }

    static func all() throws -> [StreamingKernel] {
        var kernels: [StreamingKernel] = []
        for (format, n, bar) in [(WeightFormat.fp32, 8192, 0.8), (.int8(group: 128), 32_768, 0.6), (.int4(group: 128), 65_536, 0.6), (.int4(group: 32), 65_536, 0.6), (.sparse24, 16_384, 0.6)] {
            let k = 8192, w = try WeightMatrix(random: n, k, format: format, seed: 1)
            let x = try FloatBuffer.random(k, seed: 2), y = try FloatBuffer(count: n)
            kernels.append(StreamingKernel(name: "gemv \(format) \(n) × \(k)", bytes: Double(w.storedBytes), bar: bar) { () throws(KernelError) in
                try Kernels.matmul(y, x, w, m: 1)
            })
        }
        for (heads, kvHeads, batch, context) in [(32, 32, 1, 8192), (32, 8, 1, 32_768), (32, 8, 8, 4096), (32, 4, 1, 65_536)] {
            let d = 128, cache = try KeyValueCache(batch: batch, kvHeads: kvHeads, capacity: context, dimension: d)
            let q = try FloatBuffer.random(batch * heads * d, seed: 3), out = try FloatBuffer(count: batch * heads * d)
            let contexts = try IndexBuffer([Int32](repeating: Int32(context), count: batch))
            let name = "attention \(heads)/\(kvHeads) heads, \(batch) × \(context)"
            kernels.append(StreamingKernel(name: name, bytes: Double(8 * batch * kvHeads * context * d), bar: 0.8) { () throws(KernelError) in
                try Kernels.attention(out, q, cache, queries: 1, heads: heads, context: contexts)
            })
        }
        return kernels
    }
}
