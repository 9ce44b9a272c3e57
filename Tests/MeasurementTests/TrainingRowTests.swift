import Testing
import Workloads
@testable import Measurement

private let header = "row_id,source,device,n_devices,parallelism,model,precision,phase_family,batch,input_len,metric,value,unit,software,op_params,note"

@Suite("Rows about the memory of training, and about weights elsewhere")
struct TrainingRowTests {
    private func predict(_ line: String, under header: String = header) throws -> Double {
        var predictor = try predictor()
        return try predictor.predict(row(line, under: header)).value
    }

    private func torchtitan(_ parallelism: String, devices: Int, batch: Int = 2, tokens: Int = 8192, model: String = "Llama-3.1-8B", note: String = "selective AC", kind: String = "") throws -> Double {
        let parameters = kind.isEmpty ? "" : "\"{\"\"kind\"\":\"\"\(kind)\"\"}\""
        return try predict("m1,torchtitan,H100-SXM-96GB-HBM2e,\(devices),\(parallelism),\(model),bf16 compile,memory,\(batch),\(tokens),peak_mem,1,GiB,torchtitan,\(parameters),\(note)")
    }

    @Test("Sixteen times the devices take away fifteen sixteenths of sharded weights and moments, in 32 bits each")
    func shards() throws {
        let few = try torchtitan("fsdp8", devices: 8), many = try torchtitan("fsdp128", devices: 128)
        let parameters = 8_030_261_248.0
        let less = (few - many) * 1_073_741_824, expected = 12 * parameters * (1.0 / 8 - 1.0 / 128)
        #expect(abs(less - expected) < 1e6)
    }

    @Test("What the allocator has reserved is more than what stands in tensors, and as much as was measured, give or take a tenth",
          arguments: [("fsdp8", 8, 2, 8192, "Llama-3.1-8B", "selective AC", 77.0), ("fsdp4_cp2", 8, 1, 65536, "Llama-3.1-8B", "full AC", 84.2),
                      ("fsdp8_tp8_pp8_1f1b", 512, 32, 8192, "Llama-3.1-405B", "full AC", 82.5)])
    func reserved(_ parallelism: String, _ devices: Int, _ batch: Int, _ tokens: Int, _ model: String, _ note: String, _ measured: Double) throws {
        let allocated = try torchtitan(parallelism, devices: devices, batch: batch, tokens: tokens, model: model, note: note)
        let reserved = try torchtitan(parallelism, devices: devices, batch: batch, tokens: tokens, model: model, note: note, kind: "train peak reserved")
        #expect(abs(allocated / reserved - 0.85) < 1e-9)
        #expect(abs(reserved / measured - 1) < 0.1)
    }

    @Test("What a row does not say is not guessed: an unknown way to share out, no word on recomputation", arguments: [
        ("zero9", "selective AC", "parallelism"), ("fsdp8", "", "computed again"),
    ])
    func refused(_ parallelism: String, _ note: String, _ reason: String) throws {
        let error = #expect(throws: RowError.self) { try torchtitan(parallelism, devices: 8, note: note) }
        #expect(error?.description.contains(reason) == true)
    }

    @Test("Experts that the processor keeps are not in the memory of the accelerator")
    func experts() throws {
        func peak(_ software: String) throws -> Double {
            try predict("m1,KTransformers,RTX4090-24GB + Xeon Platinum 8488C,1,,DeepSeek-V2-Lite-14B,bf16 LoRA,memory,,512,peak_mem,1,GB,\(software),,")
        }
        #expect(try peak("KTransformers") < peak("HF") / 3)
        #expect(throws: RowError.self) { try peak("Unsloth") }
    }

    @Test("Fine-tuning that is too much for one device is that of four where it ran; what ran out of memory is not")
    func litgpt() throws {
        func full(_ metric: String, _ unit: String, devices: Int) throws -> Double {
            try predict("m1,litgpt-finetune,A10G-24GB,\(devices),dp\(devices),llama-3.2-3b,bf16 full,memory,4,512,\(metric),1,\(unit),litgpt,,")
        }
        #expect(try full("peak_mem", "GB", devices: 1) < 24)
        #expect(try full("oom", "bool", devices: 1) == 1)
    }

    @Test("Copies out of pageable memory take longer than those of pinned memory, matrix tiles go no faster than their authors say, dot products no faster for more rows")
    func offload() throws {
        let header = "row_id,source,device,n_devices,parallelism,model,precision,phase_family,batch,input_len,output_len,metric,value,unit,software"
        func rate(_ software: String) throws -> Double {
            try predict("m1,test,T4-16GB+208GB DRAM+1.5TB SSD,1,offload:cpu,OPT-30B,fp16,offload,4,512,32,e2e_output_tps,1e-6,tok/s,\(software)", under: header)
        }
        #expect(try rate("HF-Accelerate") < rate("HF baseline"))
        func experts(_ precision: String) throws -> Double {
            try predict("m1,test,RTX4090D-24GB + 2x Xeon Gold 6454S(AMX),1,offload:cpu-experts,DeepSeek-R1/V3-671B,\(precision),offload,1,2048,,prefill_tps,1e-6,tok/s,8exp", under: header)
        }
        // Three matrices of eight experts in 58 layers at 35 tera-operations a second; a prompt cannot pass faster.
        let operations = 58.0 * 8 * 3 * 2 * 7168 * 2048, most = 35e12 / operations
        #expect(try experts("int8 experts") < most)
        // Where weights are unpacked anew for every row of activations a longer prompt is no faster a token.
        func alone(_ tokens: Int) throws -> Double {
            try predict("m1,test,CPU:2x Xeon Gold 6454S DDR5-4800,1,cpu,DeepSeek-R1/V3-671B,q4_k_m,offload,1,\(tokens),,prefill_tps,1e-6,tok/s,llama.cpp", under: header)
        }
        #expect(abs(try alone(2000) / alone(1000) - 1) < 0.1)
        #expect(try alone(1000) < experts("q4_k_m"))
    }
}
