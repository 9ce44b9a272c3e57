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

    /// SKIP (arXiv 2504.11750) reports 1.9 over an H100 PCIe and 2.7 over an A100; its abstract, all that was at hand, does not say how
    /// attention ran: with it in elementary kernels, as transformers call eager, predictions come within 5 %; in one kernel, within 10 %.
    @Test("A GH200 is about 1.9 times faster than an H100 PCIe and 2.7 times faster than an A100 at a large batch", arguments: [
        ("h100-pcie", 1.9), ("a100-sxm-80gb", 2.7), ("a100-pcie-80gb", 2.7),
    ], [("transformers-eager", 0.05), ("pytorch-eager", 0.1)])
    func largeBatch(_ other: (device: String, published: Double), _ runtime: (id: String, tolerance: Double)) throws {
        func time(_ device: String) throws -> Double { try seconds(try report("llama-3.2-1b-prefill-batch-128", device: device, runtime.id)) }
        let ratio = try time(other.device) / time("gh200-96gb")
        print("Llama-3.2-1B prefill, batch 128, \(runtime.id): GH200 is \(ratio) times faster than \(other.device)")
        #expect(abs(ratio / other.published - 1) < runtime.tolerance)
    }

    /// With F to fetch and X to compute, on-demand takes F + X and pre-gated at least max(F, X): with the same copies no machine
    /// makes the first more than twice the second.
    @Test("Fetching experts on demand is slower than pre-gated, at most twice; fetching all of them is slower by far")
    func expertFetch() throws {
        func time(_ fetch: String, _ runtime: String? = nil) throws -> Double {
            let job = try library.job("switch-base-128-\(fetch)")
            let answer = try report(job, on: try library.system(try #require(job.system)), try runtime ?? #require(job.runtime))
            return try #require(answer.timing?.tpot?.value)
        }
        let onDemand = try time("on-demand"), preGated = try time("pre-gated"), all = try time("prefetch-all"), resident = try time("device")
        print("Switch-Base-128 token: on demand \(onDemand), pre-gated \(preGated), all \(all), resident \(resident) s")
        #expect(onDemand > 1.1 * preGated && onDemand <= 2.001 * preGated)
        #expect(preGated > resident && all > 20 * preGated)
        // From pageable memory, behind a host that launches every elementary kernel: how a library that only moves weights does it.
        let accelerate = try time("on-demand", "hf-accelerate")
        print("The same on demand under Accelerate: \(accelerate / preGated) times pre-gated")
        #expect(accelerate > 2.5 * preGated)
    }

    /// Pre-gated MoE (ISCA 2024) reports 1.7 on average over Switch models, its summary on sciencestack.ai 1.9 at most. Both are taken
    /// to copy from pinned memory, the host waiting for the router's choice; a block is all from router to sum.
    @Test("An expert block of a token takes 1.7 times as long on demand as pre-gated, on average over Switch-Base with 8, 64 and 128 experts")
    func expertBlocks() throws {
        let system = try library.system("a100-host"), runtime = try library.runtime("faster-transformer")
        var ratios: [Double] = []
        for experts in [8, 64, 128] {
            func block(_ fetch: String) throws -> Double {
                let model = try library.model("switch-base-\(experts)")
                let job = try #require(try library.job("switch-base-128-\(fetch)").changed { $0.model = model })
                let plan = try Plan(lowering: job, onto: system, under: runtime)
                let step = try #require(try JobRun(plan, on: system, under: runtime, with: Cycle()).timelines.last)
                func times(_ name: String, _ time: (Timeline.Record) -> SimulationTime) -> [Double] {
                    step.graph.nodes.indices.filter { step.graph.uses[Int(step.graph.nodes[$0].use)].name == name }.map { time(step.records[$0]).seconds }
                }
                let begins = times("experts.router", \.start), ends = times("experts.sum", \.end)
                try #require(begins.count == 6 && ends.count == 6)
                return (ends.reduce(0, +) - begins.reduce(0, +)) / 6
            }
            ratios.append(try block("on-demand") / block("pre-gated"))
        }
        print("Expert block of Switch-Base-8, 64 and 128, on demand over pre-gated: \(ratios)")
        let average = ratios.reduce(0, +) / 3
        #expect((0.85 * 1.7...1.15 * 1.7).contains(average))
        #expect(ratios.allSatisfy { $0 > 1.3 && $0 <= 2 })
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
