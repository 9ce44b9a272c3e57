import Orrery
import Testing

/// What is known of real hardware, asked of the shipped files without any calibration.
@Suite("Directions known from hardware")
struct DirectionTests {
    private let library: Library

    init() throws { library = try Catalogue.shared.get().library }

    private func report(_ job: Job, on system: System, _ runtime: String) throws -> Report {
        try simulate(job, on: system, under: try library.runtime(runtime), with: Cycle())
    }

    private func report(_ job: String, device: String, _ runtime: String, _ change: (inout ModelJob) -> Void = { _ in }) throws -> Report {
        let job = try #require(try library.job(job).changed(change))
        return try report(job, on: try library.system(ofDevice: device), runtime)
    }

    private func seconds(_ report: Report) throws -> Double { try #require(report.timing).latency.value }

    private func product(_ n: Int, device: String) throws -> Report.OperatorRow {
        let text = "{ \"operator\": { \"kind\": \"gemm\", \"m\": \(n), \"n\": \(n), \"k\": \(n) } }"
        let job = try Job(reading: try Document(file: "gemm", text: text.utf8), id: "gemm") { (place) throws(DocumentError) in throw place.error("is not asked for") }
        return try #require(try report(job, on: try library.system(ofDevice: device), "cuda-graph").operators.first)
    }

    @Test("An H100 sustains 75 to 85 % of its bf16 peak on a large product, because of power", arguments: [8192, 16384])
    func powerLimited(_ n: Int) throws {
        let row = try product(n, device: "h100-sxm")
        let peak = try #require(library.device("h100-sxm").engine(.tensor)?.peak(.bf16))
        let part = row.flops / row.deviceTime / peak
        print("H100 SXM, bf16 product of \(n): \(part) of peak")
        #expect((0.75...0.85).contains(part) && row.boundBy == .power)
    }

    @Test("An A100 loses less to its limit than an H100 does: it sustains 82 to 92 % of its bf16 peak")
    func a100() throws {
        let row = try product(8192, device: "a100-sxm-80gb")
        let part = row.flops / row.deviceTime / (try #require(library.device("a100-sxm-80gb").engine(.tensor)?.peak(.bf16)))
        #expect((0.82...0.92).contains(part))
    }

    @Test("Decode of an 8B model at batch 1 on an A100 80 GB runs at 0.6 to 0.85 of its bandwidth in a CUDA graph, held back by memory")
    func decodeInGraph() throws {
        let answer = try report("llama-3.1-8b-decode", device: "a100-sxm-80gb", "cuda-graph")
        let bytes = answer.operators.filter { $0.device == "gpu" }.reduce(0) { $0 + $1.bytes.value }
        let part = bytes / (try seconds(answer)) / 2.039e12
        print("Llama-3.1-8B decode on A100 80 GB, CUDA graph: \(part) of bandwidth")
        #expect((0.6...0.85).contains(part))
        #expect(answer.blame.first?.bound == .memory)
    }

    @Test("The same under eager PyTorch is bound by launches: a faster host helps, more bandwidth does not")
    func decodeEager() throws {
        let answer = try report("llama-3.1-8b-decode", device: "a100-sxm-80gb", "pytorch-eager")
        let graph = try report("llama-3.1-8b-decode", device: "a100-sxm-80gb", "cuda-graph")
        print("The same, eager: \(try seconds(answer) / seconds(graph)) times as long")
        let worst = try #require(answer.blame.first)
        let whole = try seconds(answer)
        #expect(worst.bound == .launch && worst.seconds.value > 0.8 * whole)
        func gain(_ resource: String) -> Double { answer.sensitivities.first { $0.resource == resource }?.gain ?? 0 }
        #expect(answer.sensitivities.first.map { $0.gain > 0.06 } == true)
        #expect(gain("memoryBandwidth") < 0.02)
        #expect(whole > 1.4 * (try seconds(graph)))
    }

    @Test("A GH200 is slower than an H100 PCIe at batch 1 under eager: the host core sets the pace")
    func slowerHost() throws {
        for job in ["llama-3.2-1b-decode", "llama-3.2-1b-prefill"] {
            func time(_ device: String) throws -> Double { try seconds(try report(job, device: device, "pytorch-eager") { $0.prompt = 512 }) }
            let ratio = try time("gh200-96gb") / time("h100-pcie")
            print("\(job), batch 1, eager: GH200 takes \(ratio) times as long as H100 PCIe")
            #expect((1.05...1.3).contains(ratio))
        }
    }

    /// SKIP (2025) reports 1.9 to 2.7 times over its two loosely coupled systems; predictions within 15 % of that count.
    @Test("A GH200 is about 1.9 times faster than an H100 PCIe and 2.7 times faster than an A100 at a large batch", arguments: [
        ("h100-pcie", 1.9), ("a100-sxm-80gb", 2.7), ("a100-pcie-80gb", 2.7),
    ])
    func largeBatch(_ device: String, _ published: Double) throws {
        func time(_ device: String) throws -> Double { try seconds(try report("llama-3.2-1b-prefill-batch-128", device: device, "pytorch-eager")) }
        let ratio = try time(device) / time("gh200-96gb")
        print("Llama-3.2-1B prefill, batch 128, eager: GH200 is \(ratio) times faster than \(device)")
        #expect((0.85 * published...1.2 * published).contains(ratio))
    }

    /// With F to fetch and X to compute, on-demand takes F + X and pre-gated at least max(F, X): no machine makes the first
    /// more than twice the second. Pre-gated MoE (ISCA 2024) reports 1.7 on average.
    @Test("Fetching experts on demand is slower than pre-gated, at most twice; fetching all of them is slower by far")
    func expertFetch() throws {
        func time(_ fetch: String) throws -> Double {
            let job = try library.job("switch-base-128-\(fetch)")
            let answer = try report(job, on: try library.system(try #require(job.system)), try #require(job.runtime))
            return try #require(answer.timing?.tpot?.value)
        }
        let onDemand = try time("on-demand"), preGated = try time("pre-gated"), all = try time("prefetch-all"), resident = try time("device")
        print("Switch-Base-128 token: on demand \(onDemand), pre-gated \(preGated), all \(all), resident \(resident) s")
        #expect(onDemand > 1.1 * preGated && onDemand <= 2.001 * preGated)
        #expect(preGated > resident && all > 20 * preGated)
    }

    @Test("The share of expert dispatch and combine grows with the number of nodes")
    func expertParallelShare() throws {
        let job = try library.job("deepseek-v3-ep16").shortened
        var shares: [Double] = []
        for nodes in [1, 2, 4] {
            var system = try library.system("2x-hgx-h100-infiniband")
            system.nodes = nodes
            let spread = try #require(job.changed {
                $0.batch = 256 * nodes
                $0.parallelism = Parallelism(expert: 8 * nodes, data: 8 * nodes)
            })
            let answer = try report(spread, on: system, "vllm")
            let exchange = answer.operators.filter { $0.kind == "all-to-all" }.reduce(0) { $0 + $1.latency.value }
            shares.append(exchange / (try seconds(answer)))
        }
        print("DeepSeek-V3 decode, share of all-to-all on 1, 2 and 4 nodes: \(shares)")
        #expect(shares[0] > 0 && shares[1] > 1.5 * shares[0] && shares[2] > shares[1])
    }
}
