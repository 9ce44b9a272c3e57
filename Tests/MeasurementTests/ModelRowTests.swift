import CostModels
import Foundation
import Quantities
import Testing
import Workloads
@testable import Measurement

private let header = "row_id,source,device,n_devices,parallelism,model,precision,phase_family,phase,batch,input_len,output_len,metric,value,unit,software"

@Suite struct ModelRowTests {
    private func line(_ metric: String, _ unit: String, phase: String, device: String = "H100-SXM-80GB", devices: Int = 1, model: String = "meta-llama/Llama-2-7b-hf",
                      precision: String = "fp16", batch: Int = 1, input: String = "1024", output: Int = 128, software: String = "vLLM") -> String {
        // So long that no bound contradicts it; a rate so low.
        let value = unit == "s" || unit == "ms" ? "1e9" : "1e-6"
        return "m1,test,\(device),\(devices),tp\(devices)_pp1,\(model),\(precision),\(phase),\(phase),\(batch),\(input),\(output),\(metric),\(value),\(unit),\(software)"
    }

    private func predict(_ line: String) throws -> Prediction {
        var predictor = try predictor()
        return try predictor.predict(row(line, under: header))
    }

    @Test("A row that was met before in all but its figure is predicted as by a predictor that never met it, and held against its own bound")
    func metBefore() throws {
        let slow = line("tpot", "ms", phase: "decode"), impossible = slow.replacingOccurrences(of: "1e9", with: "1e-6")
        var used = try predictor()
        for text in [slow, line("tpot", "ms", phase: "decode", batch: 64), slow.replacingOccurrences(of: "m1", with: "m2"), line("decode_tps", "tok/s", phase: "decode"), slow] {
            #expect(try used.predict(row(text, under: header)).value == predict(text).value)
        }
        #expect(throws: RowError.self) { try used.predict(row(impossible, under: header)) }
        #expect(throws: RowError.self) { try predict(impossible) }
    }

    @Test("A batch's latency is its prefill and its decode steps: more than the one, about as much as both")
    func parts() throws {
        let whole = try predict(line("e2e_latency", "s", phase: "e2e_batch")).value
        let first = try predict(line("batch_ttft", "ms", phase: "prefill")).value / 1e3
        let step = try predict(line("tpot", "ms", phase: "decode")).value / 1e3
        #expect(abs(whole / (first + 127 * step) - 1) < 0.02)
    }

    @Test("Rates are the batch over the step, and units differ by their factor")
    func rates() throws {
        let step = try predict(line("tpot", "s", phase: "decode", batch: 8)).value
        #expect(abs(try predict(line("tpot", "ms", phase: "decode", batch: 8)).value / step - 1000) < 1e-6)
        #expect(abs(try predict(line("decode_tps", "tok/s", phase: "decode", batch: 8)).value * step - 8) < 1e-9)
        #expect(abs(try predict(line("decode_time", "s", phase: "decode", batch: 8)).value / step - 128) < 1e-9)
    }

    @Test("Mean power of the boards lies between idle and limit, and energy a token is that power over the token rate")
    func energy() throws {
        let watts = try predict(line("avg_gpu_power_total", "W", phase: "energy")).value
        #expect(watts > 60 && watts < 700)
        let seconds = try predict(line("e2e_latency", "s", phase: "energy")).value
        let joules = try predict(line("energy_per_total_token", "J/tok", phase: "energy")).value
        #expect(abs(joules * (1024 + 128) / (watts * seconds) - 1) < 1e-9)
    }

    @Test("Two devices that share a model are faster than one, and only those two are metered")
    func parallel() throws {
        let one = try predict(line("e2e_latency", "s", phase: "e2e_batch")).value
        let two = try predict(line("e2e_latency", "s", phase: "e2e_batch", devices: 2)).value
        #expect(two < one && two > one / 2)
        #expect(try predict(line("avg_gpu_power_total", "W", phase: "energy", devices: 2)).value < 1400)
    }

    @Test("A batch whose cache does not fit runs in groups under an engine that queues, and not at all under one that does not")
    func queueing() throws {
        let few = try predict(line("e2e_latency", "s", phase: "e2e_batch", batch: 32, input: "2048", output: 32)).value
        let many = try predict(line("e2e_latency", "s", phase: "e2e_batch", batch: 320, input: "2048", output: 32)).value
        #expect(many > 9 * few)
        #expect(throws: RowError("does not fit on 1 × \"h100-sxm\"")) {
            try predict(line("e2e_latency", "s", phase: "e2e_batch", batch: 320, input: "2048", output: 32, software: "PyTorch"))
        }
    }

    @Test("What a row leaves open or the library lacks is named", arguments: [
        ("model", "model \"acme/unheard-of\" is not in the library"), ("input", "no input_len"), ("task", "input_len \"task:code\" is no whole number"),
        ("precision", "precision \"5.3bit\" is not known for a whole model"), ("software", "software \"Abacus 2\" is no runtime of the library for a gpu"),
        ("many", "no system of the library joins 512 × \"h100-sxm\""), ("metric", "metric \"goodput\" is not predicted yet"),
    ])
    func reasons(_ what: String, _ reason: String) throws {
        let text = switch what {
        case "model": line("tpot", "ms", phase: "decode", model: "acme/unheard-of")
        case "input": line("tpot", "ms", phase: "decode", input: "")
        case "task": line("tpot", "ms", phase: "decode", input: "task:code")
        case "precision": line("tpot", "ms", phase: "decode", precision: "5.3bit")
        case "software": line("tpot", "ms", phase: "decode", software: "Abacus 2")
        case "many": line("tpot", "ms", phase: "decode", devices: 512)
        default: line("goodput", "1/s", phase: "decode")
        }
        #expect(throws: RowError(reason)) { try predict(text) }
    }

    @Test("The longest name in a software's text is its runtime")
    func runtimes() throws {
        var predictor = try predictor()
        let device = try predictor.device("h100-sxm")
        #expect(try predictor.runtime("PyTorch gpt-fast (compile)", for: device).id == "cuda-graph")
        #expect(try predictor.runtime("vLLM on Jetson", for: device).id == "vllm")
        #expect(try predictor.runtime("TensorRT-LLM 0.6.1 (L40S: 0.5)", for: device).id == "tensorrt-llm")
        #expect(try predictor.runtime("vLLM (Azure DGX)", for: device).id == "vllm-2023")
        #expect(try predictor.runtime("llama.cpp b6918", for: device).id == "llama-cpp-gpu")
        #expect(try predictor.runtime("llama.cpp b6918", for: predictor.device("xeon-8480plus")).id == "llama-cpp-cpu")
    }

    @Test("A time of less than half the physical bound is not believed, and says so")
    func impossible() throws {
        let text = line("e2e_latency", "s", phase: "e2e_batch").replacingOccurrences(of: "1e9", with: "0.01")
        #expect(throws: RowError("measured in less than half of what datasheet peaks allow: something else than the row says was run")) { try predict(text) }
    }

    @Test("vLLM generates no further than the longest context: a prompt that fills it is a prefill")
    func longestContext() throws {
        let whole = try predict(line("e2e_latency", "s", phase: "e2e_batch", model: "EleutherAI/gpt-j-6b", input: "2048", output: 2048)).value
        let prefill = try predict(line("batch_ttft", "s", phase: "prefill", model: "EleutherAI/gpt-j-6b", input: "2048", output: 1)).value
        #expect(abs(whole / prefill - 1) < 1e-9)
    }

    @Test("A sampler that looks once a second, first at an idle board, shows its mean; a slow sensor less than was drawn")
    func sensors() throws {
        let header = "device,model,precision,phase_family,batch,input_len,output_len,metric,value,unit,software,note"
        var predictor = try predictor()
        func measure(_ metric: String, _ unit: String, _ output: Int) throws -> RunMeasure {
            try predictor.modelWork(of: row("Jetson-AGX-Orin-64GB,llama-3.1-8b,fp16,energy,1,512,\(output),\(metric),20,\(unit),vLLM,coarse (1 s sampling)", under: header)).measure
        }
        // 25 W for 2.5 s: one look before at 5.5 W, two meanwhile.
        let mean = try #require(try measure("avg_device_power", "W", 1).figure(Seconds(2.5), Joules(62.5)))
        #expect(abs(mean - (5.5 + 2 * 25) / 3) < 1e-9)
        var slow = try measure("decode_energy", "J", 10)
        #expect(abs(try #require(slow.figure(Seconds(0.1), Joules(2))) - 20) < 1e-9)
        slow.sensorLag = Seconds(1)
        // 20 W for 1 s behind a sensor with a time constant of 1 s: 1 − (1 − 1/e) of the 20 J.
        #expect(abs(try #require(slow.figure(Seconds(0.1), Joules(2))) - 20 * 0.36787944117) < 1e-6)
    }

    @Test("Experts on a processor: two sockets are faster than one, six experts than eight")
    func hostExperts() throws {
        let header = "device,parallelism,model,precision,phase_family,batch,input_len,metric,value,unit,software"
        func rate(_ sockets: String, _ experts: Int) throws -> Double {
            var predictor = try predictor()
            return try predictor.predict(row("RTX4090D-24GB + Xeon Gold 6454S DDR5-4800,offload:cpu-experts,DeepSeek-R1/V3-671B,q4_k_m,offload,1,500,decode_tps,1e-6,tok/s,\(sockets) socket \(experts)exp", under: header)).value
        }
        #expect(try rate("dual", 8) > rate("single", 8))
        #expect(try rate("single", 6) > rate("single", 8))
    }

    @Test("Weights of 141 GB run out of the memory of one A100, those of 13.5 GB do not")
    func outOfMemory() throws {
        let header = "device,model,precision,phase_family,batch,metric,value,unit,software"
        func fails(_ model: String) throws -> Double {
            var predictor = try predictor()
            return try predictor.predict(row("A100-SXM-80GB,\(model),bf16,memory,1,oom,1,bool,gpt-fast", under: header)).value
        }
        #expect(try fails("Llama-2-70B") == 1 && fails("Llama-2-7B") == 0)
    }

    @Test("One layer of a model is the product that its tensor-parallel share makes it")
    func layers() throws {
        let header = "device,parallelism,model,precision,phase_family,metric,value,unit,op_params"
        func product(_ layer: String) throws -> (Int, Int, Int) {
            let line = "h100-sxm,tp2 shard,meta-llama/Llama-3.1-8B,bf16,gemm,kernel_latency,1,ms,\"{\"\"layer\"\":\"\"\(layer)\"\",\"\"tokens\"\":32}\""
            let reading = try RowReading(row(line, under: header))
            var predictor = try predictor()
            let run = try KernelRun.layer(reading, on: predictor.device("h100-sxm")) { (name) throws(RowError) in try predictor.model(name) }
            guard case .matmul(let product)? = run.operators.first else { return (0, 0, 0) }
            return (product.m, product.n, product.k)
        }
        #expect(try product("qkv_proj") == (32, (32 + 8 + 8) * 128 / 2, 4096))
        #expect(try product("o_proj") == (32, 4096, 2048))
        #expect(try product("gate_up_proj") == (32, 14336, 4096))
        #expect(try product("down_proj") == (32, 4096, 7168))
    }
}
