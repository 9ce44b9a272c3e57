import Quantities

/// Times the kernels over shapes of real models: what predictions for this machine are fitted to and held against.
public struct KernelSweep: Sendable {
    public var families: Set<MeasuredKernel.Family>
    public var plan: TimingPlan
    /// Folder for the file of the disk reads; nil leaves them out.
    public var diskFolder: String?
    /// Largest weight matrix or cache in bytes; larger shapes are left out.
    public var largest: Int

    public init(families: Set<MeasuredKernel.Family> = Set(MeasuredKernel.Family.allCases), plan: TimingPlan = TimingPlan(),
                diskFolder: String? = "/tmp", largest: Int = 256 << 20) {
        self.families = families
        self.plan = plan
        self.diskFolder = diskFolder
        self.largest = largest
    }

    /// Runs all shapes of the families, one after the other.
    ///
    /// Weights and caches are met cold, as in a model that does not fit the caches: executions take turns among copies
    /// that together are four times the last-level cache. Activations are met warm.
    ///
    /// - Parameter progress: called with the number of the case, their number and the case.
    /// - Throws: `KernelError` when there is no memory, or the folder cannot be written to.
    public func run(progress: (Int, Int, String) -> Void = { _, _, _ in }) throws(KernelError) -> [MeasuredKernel] {
        let cold = ColdSet()
        var cases = matmulCases(cold) + groupedCases(cold) + attentionCases(cold) + elementwiseCases() + copyCases()
        if families.contains(.offload), let diskFolder { cases += try offloadCases(diskFolder) }
        cases.removeAll { !families.contains($0.family) }
        var measured: [MeasuredKernel] = []
        for (number, one) in cases.enumerated() {
            progress(number, cases.count, one.label)
            let timing = try plan.time(try one.prepare())
            measured.append(MeasuredKernel(family: one.family, kernel: one.kernel, shape: one.shape, format: one.format, implementation: one.implementation(),
                                           threads: Kernels.threads, timing: timing, flops: Flops(one.flops), bytes: Bytes(one.bytes)))
        }
        return measured
    }

    // MARK: Matrix products

    private func matmulCases(_ cold: ColdSet) -> [SweepCase] {
        // n × k of attention and feed-forward matrices from 0.1 to 7 billion parameters.
        let matrices = [(768, 768), (3072, 768), (1024, 2048), (2048, 2048), (8192, 2048), (2048, 8192), (4096, 4096), (11_008, 4096), (4096, 11_008)]
        var cases: [SweepCase] = []
        for (n, k) in matrices {
            for format in [WeightFormat.fp32, .int8(group: 128), .int4(group: 128)] {
                for m in [1, 4, 16, 64, 256] { cases.append(matmul(m: m, n: n, k: k, format, cold)) }
            }
            cases.append(matmul(m: 1, n: n, k: k, .sparse24, cold))
            cases.append(matmul(m: 512, n: n, k: k, .fp32, cold))
        }
        return cases.filter { $0.bytes <= Double(largest) && $0.flops <= 3e10 }
    }

    func matmul(m: Int, n: Int, k: Int, _ format: WeightFormat, _ cold: ColdSet) -> SweepCase {
        let tensor = format.tensorFormat, stored = tensor.bytes(elements: Double(n) * Double(k)).value
        return SweepCase(family: .gemm, kernel: "matmul", shape: ["m": m, "n": n, "k": k], format: tensor,
                         implementation: { Kernels.backend(m: m, format: format) == .openBLAS ? BLAS.name ?? "OpenBLAS" : Kernels.instructionSet },
                         flops: 2 * Double(m) * Double(n) * Double(k), bytes: stored + 4 * Double(m) * Double(n + k)) { () throws(KernelError) in
            var weights: [WeightMatrix] = []
            for i in 0..<cold.copies(of: Int(stored)) { weights.append(try WeightMatrix(random: n, k, format: format, seed: UInt64(i))) }
            let matrices = weights, x = try FloatBuffer.random(m * k, seed: 1), y = try FloatBuffer(count: m * n)
            return { (i) throws(KernelError) in try Kernels.matmul(y, x, matrices[i % matrices.count], m: m) }
        }
    }

    private func groupedCases(_ cold: ColdSet) -> [SweepCase] {
        var cases: [SweepCase] = []
        for (experts, chosen, n, k) in [(8, 2, 1408, 1024), (32, 4, 512, 1024)] {
            for format in [WeightFormat.fp32, .int4(group: 128)] {
                for tokens in [1, 8, 64, 256] { cases.append(grouped(tokens: tokens, experts: experts, chosen: chosen, n: n, k: k, format, cold)) }
            }
        }
        return cases
    }

    /// Balanced routing: tokens · chosen rows spread evenly over the experts they reach.
    private func grouped(tokens: Int, experts: Int, chosen: Int, n: Int, k: Int, _ format: WeightFormat, _ cold: ColdSet) -> SweepCase {
        let rows = tokens * chosen, active = min(rows, experts)
        let stored = format.tensorFormat.bytes(elements: Double(active) * Double(n) * Double(k)).value
        return SweepCase(family: .grouped, kernel: "grouped_matmul", shape: ["tokens": tokens, "experts": experts, "top_k": chosen, "n": n, "k": k],
                         format: format.tensorFormat, flops: 2 * Double(rows) * Double(n) * Double(k),
                         bytes: stored + 4 * Double(rows) * Double(n + k)) { () throws(KernelError) in
            var sets: [[WeightMatrix]] = []
            for i in 0..<cold.copies(of: Int(stored)) {
                var set: [WeightMatrix] = []
                for e in 0..<experts { set.append(try WeightMatrix(random: n, k, format: format, seed: UInt64(i * experts + e))) }
                sets.append(set)
            }
            let weights = sets, x = try FloatBuffer.random(rows * k, seed: 1), y = try FloatBuffer(count: rows * n)
            let offsets = try AlignedBuffer<Int>((0...experts).map { rows * $0 / experts })
            return { (i) throws(KernelError) in try Kernels.groupedMatmul(y, x, weights[i % weights.count], offsets: offsets) }
        }
    }

    // MARK: Attention

    private func attentionCases(_ cold: ColdSet) -> [SweepCase] {
        var cases: [SweepCase] = []
        for (heads, kvHeads, d) in [(12, 12, 64), (32, 8, 128), (16, 16, 128), (32, 4, 64)] {
            for tokens in [64, 256, 512, 1024] { cases.append(attention(batch: 1, queries: tokens, context: tokens, heads: heads, kvHeads: kvHeads, d: d, cold)) }
            for (batch, context) in [(1, 256), (1, 1024), (1, 4096), (1, 8192), (4, 512), (4, 2048), (16, 512)] {
                cases.append(attention(batch: batch, queries: 1, context: context, heads: heads, kvHeads: kvHeads, d: d, cold))
            }
        }
        return cases.filter { $0.bytes <= Double(largest) }
    }

    func attention(batch: Int, queries: Int, context: Int, heads: Int, kvHeads: Int, d: Int, _ cold: ColdSet) -> SweepCase {
        let first = context - queries + 1
        let pairs = Double(batch) * Double(queries) * Double(first + context) / 2
        let cache = 2 * batch * kvHeads * context * d * 4, decodes = queries == 1
        return SweepCase(family: decodes ? .attentionDecode : .attentionPrefill, kernel: "attention",
                         shape: ["batch": batch, "queries": queries, "context": context, "heads": heads, "kv_heads": kvHeads, "head_dim": d],
                         flops: 4 * pairs * Double(heads) * Double(d),
                         bytes: Double(cache) + 8 * Double(batch * queries * heads * d)) { () throws(KernelError) in
            var filled: [KeyValueCache] = []
            for i in 0..<(decodes ? cold.copies(of: cache) : 1) {
                let one = try KeyValueCache(batch: batch, kvHeads: kvHeads, capacity: context, dimension: d)
                one.fill(seed: UInt64(i))
                filled.append(one)
            }
            let caches = filled, count = batch * queries * heads * d
            let q = try FloatBuffer.random(count, seed: 1), out = try FloatBuffer(count: count)
            let contexts = try IndexBuffer([Int32](repeating: Int32(context), count: batch))
            return { (i) throws(KernelError) in try Kernels.attention(out, q, caches[i % caches.count], queries: queries, heads: heads, context: contexts) }
        }
    }
}

/// How many copies of an operand are out of every cache by the time they come round again.
struct ColdSet {
    /// Bytes that together are out of the caches.
    let bytes: Int

    init() {
        let cache = SystemFacts.caches().last.map { $0.bytes * $0.instances } ?? 32 << 20
        bytes = min(4 * cache, SystemFacts.memory().available / 8)
    }

    func copies(of size: Int) -> Int { min(max(1, (bytes + size - 1) / max(size, 1)), 256) }
}
