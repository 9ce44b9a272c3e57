import CostModels
import Hardware
import Operators
import Quantities
import Testing
@testable import Measurement

private let attentionHeader = "op,device,framework,version,kernel_source,latency_ms,attn_dtype,kv_cache_dtype,batch_size,isl,step,num_heads,num_key_value_heads,head_dim,window_size"
private let expertHeader = "op,device,framework,version,kernel_source,dtype,latency_ms,num_tokens,hidden_size,inter_size,topk,num_experts,moe_tp_size,moe_ep_size,distribution"
private let collectiveHeader = "op,device,framework,version,dtype,latency_ms,collective,num_gpus,message_size"

@Suite struct MappingTests {
    let device: Device

    init() throws { device = try Library().device("h100-sxm") }

    private func operators(_ line: String, _ header: String, _ map: (RowReading) throws -> KernelRun) throws -> [Operator] {
        try map(RowReading(row(line, under: header))).operators
    }

    @Test("A bf16 row is one product; an fp8 row first quantises its bf16 input and writes bf16")
    func gemm() throws {
        let plain = try operators(gemmRow(m: "16", n: "32", k: "64"), gemmHeader) { try .gemm($0, on: device) }
        #expect(plain.count == 1)
        guard case .matmul(let product) = plain[0] else { return #expect(Bool(false), "no product") }
        #expect((product.m, product.n, product.k, product.math) == (16, 32, 64, .bf16))

        let narrow = try operators(gemmRow(dtype: "fp8", m: "16", n: "32", k: "64"), gemmHeader) { try .gemm($0, on: device) }
        guard narrow.count == 2, case .elementwise(let quantise) = narrow[0], case .matmul(let fp8) = narrow[1] else { return #expect(Bool(false), "no fp8 product") }
        #expect(quantise.traffic.memory == Bytes(16 * 64 * 3))
        #expect(fp8.outputBytes == Bytes(16 * 32 * 2))
        #expect(fp8.inputBytes == Bytes(16 * 64))
    }

    @Test("The scales of the quantised formats are counted: nvfp4 has 4.5 bits an element, fp8_block activations 8.25")
    func scales() throws {
        #expect(try KernelFormats("nvfp4").weights.bitsPerElement == 4.5)
        #expect(try KernelFormats("fp8_block").input.bitsPerElement == 8.25)
        #expect(try KernelFormats("int4_wo").weights.bitsPerElement == 4)
        #expect(try KernelFormats("int8_wo").math == .fp16)
        #expect(try !KernelFormats("sq").quantises)
        #expect(throws: RowError.self) { try KernelFormats("fp7") }
    }

    @Test("Decode attention reads isl + step keys; no cached heads stated means one for each head")
    func decode() throws {
        let found = try operators("attn_decode,h100_sxm,VLLM,1,fa3,0.1,bfloat16,fp8,64,1,2047,32,0,128,0", attentionHeader) { try .attention($0, decode: true, on: device) }
        guard found.count == 2, case .attention(let attention) = found[1] else { return #expect(Bool(false), "no attention") }
        #expect((attention.context, attention.queries, attention.kvHeads) == (2048, 1, 32))
        #expect(attention.cacheBytes == Bytes(64 * 2048 * 32 * 256))
    }

    @Test("Keys and values that fit half of a two-part cache are warm in a repeating benchmark, larger ones are not")
    func warm() throws {
        func attention(_ step: Int) throws -> Attention? {
            let found = try operators("attn_decode,h100_sxm,VLLM,1,fa3,0.1,bfloat16,bfloat16,1,1,\(step),8,8,128,0", attentionHeader) { try .attention($0, decode: true, on: device) }
            guard case .attention(let attention)? = found.last else { return nil }
            return attention
        }
        // 4 KiB a key and value pair of 8 heads; the H100 has 50 MiB in two partitions.
        #expect(try attention(6000)?.warm == true)
        #expect(try attention(7000)?.warm == false)
        #expect(try attention(6000)?.traffic.cacheRead == .zero)
        #expect(try attention(7000)?.traffic.cacheRead == Bytes(7001 * 4096))
    }

    @Test("Balanced routing gives every expert its share and adds up to tokens times choices")
    func balanced() {
        for (tokens, topK, experts) in [(1, 8, 128), (7, 8, 256), (640, 8, 128), (4096, 6, 160), (33, 22, 512)] {
            let counts = ExpertLoad.balanced(tokens: tokens, topK: topK, experts: experts)
            #expect(counts.reduce(0, +) == tokens * topK)
            #expect((counts.max() ?? 0) <= tokens)
        }
        #expect(ExpertLoad.balanced(tokens: 128, topK: 8, experts: 128) == [Int](repeating: 8, count: 128))
    }

    @Test("Power-law routing adds up, gives no expert a token twice, and loads the busiest rank more than its share")
    func powerLaw() {
        for (alpha, tokens, ranks) in [(1.01, 1024, 1), (1.2, 1024, 8), (1.2, 3, 1), (1.01, 64, 16)] {
            let counts = ExpertLoad.powerLaw(alpha, tokens: tokens, topK: 8, experts: 128, ranks: ranks)
            #expect(counts.count == 128 / ranks)
            #expect((counts.max() ?? 0) <= tokens)
            let load = counts.reduce(0, +)
            if ranks == 1 { #expect(load == tokens * 8) } else { #expect(load * ranks > tokens * 8) }
            #expect(counts == ExpertLoad.powerLaw(alpha, tokens: tokens, topK: 8, experts: 128, ranks: ranks))
        }
    }

    @Test("Experts without a gate have one up projection, others two in one product")
    func gates() throws {
        func widths(_ kernel: String, _ hidden: Int, _ inter: Int, _ topK: Int) throws -> [Int] {
            let line = "moe_gemm,h100_sxm,TRTLLM,1,\(kernel),bfloat16,0.1,64,\(hidden),\(inter),\(topK),512,1,1,balanced"
            return try operators(line, expertHeader) { try .experts($0, on: device) }.compactMap { if case .grouped(let o) = $0 { o.n } else { nil } }
        }
        #expect(try widths("moe_torch_flow_cutlass", 4096, 1024, 10) == [2048, 4096])
        #expect(try widths("moe_torch_flow_nongated", 4096, 2688, 22) == [2688, 4096])
        #expect(try widths("vllm_fused_moe", 4096, 2688, 22) == [5376, 4096])
    }

    @Test("Choices on other ranks are computed where the collector let them be, and their places counted everywhere")
    func foreignChoices() throws {
        func rows(_ kernel: String, _ version: String, _ format: String = "bfloat16", ranks: Int = 8) throws -> Int {
            let line = "moe_gemm,h100_sxm,SGLang,\(version),\(kernel),\(format),0.1,4096,4096,1024,8,128,1,\(ranks),balanced"
            let products = try operators(line, expertHeader) { try .experts($0, on: device) }.compactMap { if case .grouped(let o) = $0 { o } else { nil } }
            #expect(products.allSatisfy { $0.choices == 4096 * 8 })
            return products[0].rows
        }
        let all = 4096 * 8
        #expect(try rows("sglang_fused_moe_triton", "0.5.14") == all / 8)
        #expect(try rows("sglang_fused_moe_triton", "0.5.10") > all / 2)
        #expect(try rows("sglang_marlin_moe", "0.5.14", "w4a16_mxfp4") == all)
        #expect(try rows("vllm_mxfp4_moe", "0.19.0", "w4a16_mxfp4") == all)
        #expect(try rows("vllm_mxfp4_moe", "0.19.0", "w4a16_mxfp4", ranks: 1) == all)
    }

    @Test("A collective's message is counted in elements, and an all-gather's is what every member ends up with")
    func collectives() throws {
        func collective(_ name: String, _ dtype: String) throws -> Collective? {
            let found = try operators("comm,h100_sxm,,2.27,\(dtype),0.1,\(name),8,3.35544e+07", collectiveHeader) { try .collective($0, on: device, over: Fabric()) }
            guard case .collective(let collective)? = found.first else { return nil }
            return collective
        }
        #expect(try collective("all_reduce", "half")?.bytes == Bytes(67_108_800))
        #expect(try collective("all_gather", "int8")?.bytes == Bytes(33_554_400 / 8))
        #expect(throws: RowError.self) { try collective("all_mix", "half") }
    }

    private func work(_ device: String, _ phase: String, _ devices: Int, batch: String = "", _ parameters: String) throws -> KernelWork {
        var predictor = try predictor()
        return try predictor.work(of: row("m1,\(device),\(phase),kernel_latency,1,ms,\(devices),\(batch),nvfp4,\"{\(parameters)}\"",
                                          under: "row_id,device,phase_family,metric,value,unit,n_devices,batch,precision,op_params"))
    }

    @Test("Devices of two nodes exchange over the network between nodes, two cards on a bridge over that, and four over their bus")
    func reach() throws {
        func rate(_ device: String, _ devices: Int, perNode: Int) throws -> Double {
            let work = try work(device, "comm", devices, #"""collective"":""all_reduce"",""size_raw"":1000000000,""devices_per_node"":\#(perNode)"#)
            let bound = work.bound(of: work.operators[0])
            return bound.linkBytes.value / bound.linkTime.value / 1e9
        }
        #expect(try abs(rate("A100-SXM-80GB DGX", 2, perNode: 2) - 300) < 1e-6)
        // Both networks at once bound it.
        #expect(try rate("A100-SXM-80GB DGX", 2, perNode: 1) < 50)
        #expect(try abs(rate("A100 pairwise NVLink", 2, perNode: 2) - 300) < 1e-6)
        #expect(try abs(rate("A100 pairwise NVLink", 4, perNode: 4) - 32) < 1e-6)
        #expect(throws: RowError.self) { try rate("A40-48GB", 2, perNode: 1) }
    }

    @Test("Over the NVLink of a rack no node is left; preparing sends routes, a narrow combine 4.5 bits an element")
    func rack() throws {
        func exchange(_ stage: String) throws -> Collective? {
            let work = try work("GB200", "moe_all2all", 64, batch: "128", #"""op"":""alltoall_\#(stage)"",""kernel"":""NVLinkTwoSided"",""hidden"":7168,""topk"":8,""experts"":256"#)
            guard case .collective(let collective)? = work.operators.first else { return nil }
            return collective
        }
        let copies = KernelRun.distinctRanks(topK: 8, experts: 256, ranks: 64)
        for (stage, bits) in [("dispatch", 4.5), ("combine", 16), ("combine_low_precision", 4.5)] {
            let found = try #require(try exchange(stage))
            #expect(!found.crossesNodes && found.messages == 128 && abs(found.bytes.value - 128 * copies * 7168 * bits / 8) < 1)
        }
        #expect(try exchange("prepare")?.bytes == Bytes(128 * 8 * 8))
        #expect(throws: RowError.self) { try exchange("shuffle") }
    }

    @Test("A call that its benchmark launched from the host each time is predicted so for rows of that benchmark alone")
    func launched() throws {
        func prediction(_ source: String) throws -> Double {
            var predictor = Predictor(try Library(), costs: Cycle(), calibrations: .shipped)
            let parameters = #"""m"":16,""n"":4096,""k"":4096"#
            return try predictor.predict(row("m1,\(source),H100-SXM-80GB,gemm,kernel_latency,0.1,ms,vllm 0.24.0,fp8_block,\"{\(parameters)}\"",
                                             under: "row_id,source,device,phase_family,metric,value,unit,software,precision,op_params")).value
        }
        #expect(try prediction("aiconfigurator-silicon") > 0.05)
        #expect(try prediction("LLMServingSim-profile") < 0.03)
    }

    @Test("A kernel measured in less than half of its physical bound is not believed")
    func impossible() throws {
        var predictor = try predictor()
        #expect(throws: RowError.self) { try predictor.predict(row(gemmRow(m: "8192", n: "8192", k: "8192", ms: "0.1"))) }
        _ = try predictor.predict(row(gemmRow(m: "8192", n: "8192", k: "8192", ms: "2")))
    }

    @Test("With all experts on one rank a token goes to it once; with as many ranks as experts, to as many as it chooses")
    func distinctRanks() {
        #expect(KernelRun.distinctRanks(topK: 8, experts: 256, ranks: 1) == 1)
        #expect(abs(KernelRun.distinctRanks(topK: 8, experts: 256, ranks: 256) - 8) < 1e-9)
        let eight = KernelRun.distinctRanks(topK: 8, experts: 256, ranks: 8)
        #expect(eight > 5.2 && eight < 5.4)
    }

    @Test("Hostile shapes are refused with the reason", arguments: [
        ("m", "99999999999999999999"), ("m", "1e300"), ("m", "-4"), ("n", "0"), ("k", "many"), ("k", ""), ("m", "3.5e8"),
    ])
    func hostile(_ column: String, _ text: String) throws {
        let line = column == "m" ? gemmRow(m: text) : column == "n" ? gemmRow(n: text) : gemmRow(k: text)
        let hostile = try row(line)
        var predictor = try predictor()
        #expect(throws: RowError.self) { try predictor.predict(hostile) }
    }
}
