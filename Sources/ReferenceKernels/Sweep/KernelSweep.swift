import Quantities

/// Times the kernels over shapes of real models: what predictions for this machine are fitted to and held against.
///
/// Every case is timed in several rounds, each in another order, so that a machine that slows down for a while slows some
/// repeats of all cases and not all repeats of some.
public struct KernelSweep: Sendable {
    public var families: Set<MeasuredKernel.Family>
    public var plan: TimingPlan
    public var rounds: Int
    /// Folder for the file of the disk reads; nil leaves them out.
    public var diskFolder: String?
    /// Largest weight matrix or cache in bytes; larger shapes are left out.
    public var largest: Int
    /// Most operations of one execution; longer ones are left out.
    public var mostFlops: Double

    public init(families: Set<MeasuredKernel.Family> = Set(MeasuredKernel.Family.allCases), plan: TimingPlan = TimingPlan(budget: 0.02),
                rounds: Int = 3, diskFolder: String? = "/tmp", largest: Int = 256 << 20, mostFlops: Double = 5e9) {
        self.families = families
        self.plan = plan
        self.rounds = max(1, rounds)
        self.diskFolder = diskFolder
        self.largest = largest
        self.mostFlops = mostFlops
    }

    /// Runs all shapes of the families in all rounds.
    ///
    /// - Parameters:
    ///   - progress: called with the number of the execution of a case, their number and the case.
    ///   - afterRound: called at the end of each round with its number from 0.
    /// - Throws: `KernelError` when there is no memory, or the folder cannot be written to.
    public func run(progress: (Int, Int, String) -> Void = { _, _, _ in },
                    afterRound: (Int) throws(KernelError) -> Void = { _ in }) throws(KernelError) -> [MeasuredKernel] {
        var cases = matmulCases() + groupedCases() + attentionCases() + elementwiseCases() + copyCases()
        if families.contains(.offload), let diskFolder { cases += try offloadCases(diskFolder) }
        cases.removeAll { !families.contains($0.family) || $0.bytes > Double(largest) || $0.flops > mostFlops }
        guard !cases.isEmpty else {
            for round in 0..<rounds { try afterRound(round) }
            return []
        }
        let widest = cases.reduce(0) { max($0, $1.activationBytes) }, heaviest = cases.reduce(0) { max($0, Int($1.bytes)) }
        let pool = try ColdPool(largest: heaviest, activationBytes: widest)
        var samples = [[[Double]]](repeating: [], count: cases.count)
        var number = 0
        for round in 0..<rounds {
            for place in Self.order(of: cases.count, round: round) {
                progress(number, cases.count * rounds, cases[place].label)
                number += 1
                pool.startCase()
                samples[place].append(try plan.samples(try cases[place].prepare(pool)))
            }
            try afterRound(round)
        }
        return zip(cases, samples).map { one, rounds in
            MeasuredKernel(family: one.family, kernel: one.kernel, shape: one.shape, format: one.format, implementation: one.implementation(),
                           threads: Kernels.threads, timing: Timing(rounds: rounds), flops: Flops(one.flops), bytes: Bytes(one.bytes))
        }
    }

    /// Every round goes through the cases in another order, the same on every run: a stride that shares no divisor with
    /// their number.
    static func order(of count: Int, round: Int) -> [Int] {
        func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
        var stride = max(1, count * [381, 618, 271, 732][round % 4] / 1000)
        while divisor(stride, count) != 1 { stride += 1 }
        return (0..<count).map { ($0 * stride + round) % count }
    }

    // MARK: Matrix products

    /// n × k of attention and feed-forward matrices from 0.1 to 8 billion parameters: GPT-2, Qwen2 0.5B and 1.5B, Llama 3.2 1B,
    /// Llama 3.1 8B.
    private static let matrices = [
        (768, 768), (3072, 768), (768, 3072), (896, 896), (128, 896), (4864, 896), (896, 4864), (1536, 1536), (256, 1536), (8960, 1536),
        (1536, 8960), (2048, 2048), (512, 2048), (8192, 2048), (2048, 8192), (4096, 4096), (1024, 4096), (14_336, 4096),
    ]

    private func matmulCases() -> [SweepCase] {
        var cases: [SweepCase] = []
        for (place, (n, k)) in Self.matrices.enumerated() {
            let rows = place % 2 == 0 ? [1, 4, 12, 32, 128] : [1, 2, 8, 16, 64, 256]
            for format in [WeightFormat.fp32, .int8(group: 128), .int4(group: 128)] {
                for m in rows { cases.append(matmul(m: m, n: n, k: k, format)) }
            }
            cases.append(matmul(m: 1, n: n, k: k, .sparse24))
        }
        return cases
    }

    func matmul(m: Int, n: Int, k: Int, _ format: WeightFormat) -> SweepCase {
        let tensor = format.tensorFormat, stored = tensor.bytes(elements: Double(n) * Double(k)).value
        return SweepCase(family: .gemm, kernel: "matmul", shape: ["m": m, "n": n, "k": k], format: tensor,
                         implementation: { Kernels.backend(m: m, format: format) == .openBLAS ? BLAS.name ?? "OpenBLAS" : Kernels.instructionSet },
                         flops: 2 * Double(m) * Double(n) * Double(k), bytes: stored + 4 * Double(m) * Double(n + k),
                         activations: [m * k, m * n]) { (pool) throws(KernelError) in
            let matrices = try pool.matrices(n: n, k: k, format: format), x = pool.activation(m * k), y = pool.activation(m * n)
            return { (i) throws(KernelError) in try Kernels.matmul(y, x, matrices[i % matrices.count][0], m: m) }
        }
    }

    private func groupedCases() -> [SweepCase] {
        var cases: [SweepCase] = []
        for (experts, chosen, n, k) in [(8, 2, 1536, 768), (16, 2, 768, 1536), (32, 4, 512, 896), (64, 6, 512, 512), (8, 2, 896, 1792), (16, 4, 640, 1280)] {
            for format in [WeightFormat.fp32, .int4(group: 128)] {
                for tokens in [1, 4, 16, 48, 128, 256] { cases.append(grouped(tokens: tokens, experts: experts, chosen: chosen, n: n, k: k, format)) }
            }
        }
        return cases
    }

    /// Balanced routing: tokens · chosen rows spread evenly over the experts they reach.
    private func grouped(tokens: Int, experts: Int, chosen: Int, n: Int, k: Int, _ format: WeightFormat) -> SweepCase {
        let rows = tokens * chosen, active = min(rows, experts)
        let stored = format.tensorFormat.bytes(elements: Double(active) * Double(n) * Double(k)).value
        return SweepCase(family: .grouped, kernel: "grouped_matmul", shape: ["tokens": tokens, "experts": experts, "top_k": chosen, "n": n, "k": k],
                         format: format.tensorFormat, flops: 2 * Double(rows) * Double(n) * Double(k),
                         bytes: stored + 4 * Double(rows) * Double(n + k), activations: [rows * k, rows * n]) { (pool) throws(KernelError) in
            let sets = try pool.matrices(n: n, k: k, format: format, groups: experts), x = pool.activation(rows * k), y = pool.activation(rows * n)
            let offsets = try AlignedBuffer<Int>((0...experts).map { rows * $0 / experts })
            return { (i) throws(KernelError) in try Kernels.groupedMatmul(y, x, sets[i % sets.count], offsets: offsets) }
        }
    }

    // MARK: Attention

    private func attentionCases() -> [SweepCase] {
        var cases: [SweepCase] = []
        for (heads, kvHeads, d) in [(12, 12, 64), (14, 2, 64), (32, 8, 64), (12, 2, 128), (32, 8, 128), (16, 16, 128)] {
            for tokens in [32, 64, 128, 256, 512, 1024] { cases.append(attention(batch: 1, queries: tokens, context: tokens, heads: heads, kvHeads: kvHeads, d: d)) }
            for (batch, context) in [(1, 64), (1, 128), (1, 256), (1, 512), (1, 1024), (1, 2048), (1, 4096), (1, 8192), (4, 128), (4, 512), (8, 1024), (16, 256)] {
                cases.append(attention(batch: batch, queries: 1, context: context, heads: heads, kvHeads: kvHeads, d: d))
            }
        }
        return cases
    }

    func attention(batch: Int, queries: Int, context: Int, heads: Int, kvHeads: Int, d: Int) -> SweepCase {
        let first = context - queries + 1
        let pairs = Double(batch) * Double(queries) * Double(first + context) / 2
        let cache = 2 * batch * kvHeads * context * d * 4, decodes = queries == 1, count = batch * queries * heads * d
        return SweepCase(family: decodes ? .attentionDecode : .attentionPrefill, kernel: "attention",
                         shape: ["batch": batch, "queries": queries, "context": context, "heads": heads, "kv_heads": kvHeads, "head_dim": d],
                         flops: 4 * pairs * Double(heads) * Double(d), bytes: Double(cache) + 8 * Double(count),
                         activations: [count, count]) { (pool) throws(KernelError) in
            let caches = pool.caches(batch: batch, kvHeads: kvHeads, capacity: context, dimension: d, cold: decodes)
            let q = pool.activation(count), out = pool.activation(count)
            let contexts = try IndexBuffer([Int32](repeating: Int32(context), count: batch))
            return { (i) throws(KernelError) in try Kernels.attention(out, q, caches[i % caches.count], queries: queries, heads: heads, context: contexts) }
        }
    }
}
