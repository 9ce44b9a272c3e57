import Documents
import Foundation
@testable import Measurement
import Testing

@Suite("Files of other programs")
struct ImportTests {
    private func runs(_ text: String, _ labels: ImportLabels = ImportLabels()) throws -> ImportedRuns {
        let file = try TemporaryFile(text)
        return try ImportedRuns(file.path, as: labels)
    }

    private func mistake(_ bytes: [UInt8]) throws -> String {
        let file = try TemporaryFile(bytes)
        return message { _ = try ImportedRuns(file.path) }
    }

    /// The rows as the reader of measured runs sees them.
    private func readBack(_ runs: ImportedRuns) throws -> [MeasuredRow] {
        let text = MeasuredRecord.header + runs.records.enumerated().map { $1.line(id: "i\($0)") }.joined()
        let (read, file) = try rows(of: text)
        #expect(file.malformed == 0)
        return read
    }

    private static let vllm = """
        {"date": "20250301-101010", "backend": "openai", "model_id": "meta-llama/Llama-3.1-8B", "tokenizer_id": "t", "num_prompts": 4,
         "request_rate": "inf", "burstiness": 1.0, "max_concurrency": 8, "duration": 2.0, "completed": 4, "total_input_tokens": 4096,
         "total_output_tokens": 512, "request_throughput": 2.0, "request_goodput:": null, "output_throughput": 256.0,
         "total_token_throughput": 2304.0, "itls": [[0.1, 0.2], []], "errors": ["", "\\"quoted\\""],
         "mean_ttft_ms": 30.5, "median_ttft_ms": 29.0, "std_ttft_ms": 1.0, "p99_ttft_ms": 40.0, "mean_tpot_ms": 8.0, "median_tpot_ms": 7.5, "p99_tpot_ms": 9.0}
        """

    @Test("A result of vLLM's serving benchmark gives throughput and latency with concurrency and mean lengths")
    func serving() throws {
        let runs = try runs(Self.vllm, ImportLabels(device: "h100-sxm"))
        #expect(runs.format == .vllmServing && runs.notes.isEmpty)
        let read = try readBack(runs)
        let metrics = Dictionary(uniqueKeysWithValues: read.map { ($0.metric, $0.value) })
        #expect(metrics["requests_per_s"] == 2 && metrics["output_tps"] == 256 && metrics["ttft_mean"] == 30.5 && metrics["tpot_p99"] == 9 && metrics["ttft_p50"] == 29)
        #expect(metrics["goodput"] == nil)
        #expect(read.allSatisfy { $0["batch"] == "8" && $0["input_len"] == "1024" && $0["output_len"] == "128" && $0.device == "h100-sxm" })
    }

    private static let llama = """
        [
          {"build_commit": "abc", "build_number": 5163, "cpu_info": "AMD Ryzen 7 7800X3D", "gpu_info": "NVIDIA GeForce RTX 4090", "backends": "CUDA",
           "model_filename": "models/Llama-3.1-8B-Q8_0.gguf", "model_type": "llama 8B Q8_0", "model_size": 8522735616, "n_gpu_layers": 99, "n_prompt": 512,
           "n_gen": 0, "n_depth": 0, "avg_ns": 50000000, "stddev_ns": 100, "avg_ts": 10240.0, "stddev_ts": 102.4, "samples_ns": [1, 2]},
          {"build_commit": "abc", "build_number": 5163, "cpu_info": "AMD Ryzen 7 7800X3D", "gpu_info": "NVIDIA GeForce RTX 4090", "backends": "CUDA",
           "model_filename": "models/Llama-3.1-8B-Q8_0.gguf", "model_type": "llama 8B Q8_0", "n_gpu_layers": 0, "n_prompt": 0,
           "n_gen": 128, "n_depth": 256, "avg_ns": 1, "stddev_ns": 0, "avg_ts": 20.5, "stddev_ts": 0.1}
        ]
        """

    @Test("llama-bench as JSON gives prefill and decode rates on the board, or on the processor where no layer is on it")
    func llamaBench() throws {
        let runs = try runs(Self.llama)
        #expect(runs.format == .llamaBench)
        let first = try #require(runs.records.first), last = try #require(runs.records.last)
        #expect((first.family, first.metric, first.value, first.inputLength) == ("prefill", "prefill_tps", 10240, 512))
        #expect((first.device, first.model, first.precision, first.software) == ("NVIDIA GeForce RTX 4090", "Llama-3.1-8B", "q8_0", "llama.cpp b5163"))
        #expect((last.family, last.value, last.inputLength, last.outputLength, last.device) == ("decode", 20.5, 256, 128, "AMD Ryzen 7 7800X3D"))
    }

    @Test("llama-bench as JSON lines and as CSV gives the same figures as its JSON")
    func llamaForms() throws {
        let records = try runs(Self.llama).records
        let lines = Self.llama.split(separator: "\n").map(String.init).dropFirst().dropLast().joined().replacingOccurrences(of: "},", with: "}\n")
        #expect(try runs(lines).records.map(\.value) == records.map(\.value))
        let csv = """
            build_commit,build_number,cpu_info,gpu_info,backends,model_filename,model_type,n_gpu_layers,n_prompt,n_gen,n_depth,avg_ns,stddev_ns,avg_ts,stddev_ts
            "abc","5163","AMD Ryzen 7 7800X3D","NVIDIA GeForce RTX 4090","CUDA","models/Llama-3.1-8B-Q8_0.gguf","llama 8B Q8_0","99","512","0","0","50000000","100","10240.000000","102.4"
            "abc","5163"

            """
        let table = try runs(csv)
        #expect(table.records.map(\.value) == [10240] && table.records.first?.device == records.first?.device)
        #expect(table.notes.count == 2)
    }

    @Test("Model and number format are read out of a file's name, else out of the type", arguments: [
        ("Qwen2.5-7B-Instruct-Q4_K_M.gguf", "qwen2 7B Q4_K - Medium", "Qwen2.5-7B-Instruct", "q4_k_m"),
        ("a/b/ggml-model-f16.gguf", "llama 7B F16", "ggml-model", "fp16"),
        ("m.IQ4_XS.gguf", "x", "m", "iq4_xs"), ("Llama-3.1-8B.gguf", "llama 8B BF16", "Llama-3.1-8B", "bf16"),
    ])
    func labels(file: String, type: String, model: String, format: String) {
        #expect(LlamaBench.label(file, type) == (model, format))
    }

    private static let gpuTrace = """
        {"schemaVersion": 1, "deviceProperties": [{"id": 0, "name": "NVIDIA H200", "totalGlobalMem": 1}], "traceEvents": [
        {"ph": "M", "name": "process_name", "pid": 1, "tid": 0, "args": {"name": "python"}},
        {"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 1, "tid": 1, "ts": 0.5, "dur": 9, "args": {"External id": 7,
          "Concrete Inputs": ["", ""], "Input type": ["c10::BFloat16", "c10::BFloat16"], "Input Dims": [[8, 32], [32, 48]]}},
        {"ph": "X", "cat": "kernel", "name": "nvjet_tst_64x8", "pid": 0, "tid": 7, "ts": 2, "dur": 3.5, "args": {"External id": 7, "device": 0, "stream": 7}},
        {"ph": "X", "cat": "kernel", "name": "void cublasLt::splitKreduce_kernel<32>(int)", "pid": 0, "tid": 7, "ts": 6, "dur": 1, "args": {"External id": 7, "device": 0}},
        {"ph": "X", "cat": "kernel", "name": "void replayed<int>(int)", "pid": 0, "tid": 7, "ts": 9, "dur": 2, "args": {"External id": 0, "device": 0}},
        {"ph": "X", "cat": "gpu_memcpy", "name": "Memcpy HtoD (Pinned -> Device)", "pid": 0, "tid": 7, "ts": 12, "dur": 4, "args": {"External id": 9, "device": 0, "bytes": 4096}}
        ], "traceName": "t"}
        """

    @Test("A kernel in a trace has the operator that started it with its shapes; second passes, replayed kernels and copies stand for themselves")
    func deviceTrace() throws {
        let runs = try runs(Self.gpuTrace)
        #expect(runs.format == .torchProfiler && runs.notes.isEmpty)
        #expect(Set(runs.records.map { "\($0.family)/\($0.phase)/\($0.value)" })
            == ["gemm/gemm/0.0035", "kernel/aten::mm/0.001", "kernel/replayed/0.002", "copy/h2d/0.004"])
        let gemm = try #require(runs.records.first { $0.family == "gemm" })
        #expect(gemm.device == "NVIDIA H200" && gemm.precision == "bfloat16")
        var predictor = try predictor()
        let row = try #require(try readBack(runs).first { $0.phase == "gemm" })
        #expect(try predictor.predict(row).value > 0)
    }

    /// Written by torch.profiler of PyTorch 2.15 on a processor, three rounds of five operators.
    private var cpuTrace: String { get throws {
        try #require(Bundle.module.path(forResource: "torch-profiler-cpu.json", ofType: "gz", inDirectory: "Fixtures"))
    } }

    @Test("A trace of the real profiler without a device gives every operator its own time, that of the operators inside it taken off")
    func processorTrace() throws {
        let runs = try ImportedRuns(try cpuTrace, as: ImportLabels(device: "host"))
        let products = runs.records.filter { $0.family == "gemm" }.map { $0.parameters.prefix(3).map { $0.value.compact }.joined(separator: "×") }
        #expect(Set(products) == ["8×48×32", "4×16×32"])
        #expect(runs.records.filter { $0.family == "attn_prefill" }.count == 1)
        // aten::matmul does nothing itself: nearly all its time is that of aten::mm.
        func total(_ phase: (MeasuredRecord) -> Bool) -> Double {
            runs.records.filter(phase).reduce(0) { $0 + ($1.parameters.first { $0.key == "total_ms" }.flatMap { Double($0.value.compact) } ?? 0) }
        }
        #expect(total { $0.phase == "aten::matmul" } < total { $0.family == "gemm" })
    }

    @Test("An Nsight Systems export gives the median of each kernel, copies by size, and ranges")
    func nsight() throws {
        let path = try #require(Bundle.module.path(forResource: "nsight.sqlite", ofType: nil, inDirectory: "Fixtures"))
        let runs = try ImportedRuns(path)
        #expect(runs.format == .nsightSystems && runs.notes.isEmpty)
        #expect(runs.records.map { "\($0.family)/\($0.phase)/\($0.value)/\($0.device)" }
            == ["kernel/gemm_kernel/0.003/NVIDIA H200", "copy/h2d/0.0005/NVIDIA H200", "range/decode step/0.02/"])
    }

    private static let mlperf = """
        ================================================
        MLPerf Results Summary
        ================================================
        SUT name : PySUT
        Scenario : Server
        Mode     : PerformanceOnly
        Completed samples per second    : 75.5
        Completed tokens per second: 22020.92
        Result is : VALID
        ================================================
        Additional Stats
        ================================================
        Mean latency (ns)               : 4000000000
        99.00 percentile latency (ns)   : 9000000000
        Mean First Token latency (ns)               : 200849949
        99.00 percentile first token latency (ns)   : 674674289
        Mean Time per Output Token (ns)               : 61403731

        """

    @Test("An MLPerf summary gives rates and latencies under the scenario's name")
    func mlperf() throws {
        let runs = try runs(Self.mlperf, ImportLabels(device: "h200-sxm", model: "llama2-70b-99.9"))
        let metrics = Dictionary(uniqueKeysWithValues: runs.records.map { ($0.metric, $0.value) })
        #expect(runs.records.allSatisfy { $0.phase == "serving_server" && $0.model == "llama2-70b-99.9" })
        #expect(metrics["server_samples_per_s"] == 75.5 && metrics["server_output_tps"] == 22020.92)
        #expect(abs((metrics["ttft_p99"] ?? 0) - 674.674289) < 1e-9 && metrics["latency_p99"] == 9 && abs((metrics["tpot_mean"] ?? 0) - 61.403731) < 1e-9)
    }

    @Test("A text with control characters stays one record on one line")
    func oneLine() {
        var record = MeasuredRecord(family: "kernel", phase: "a\nb", metric: "kernel_latency", value: 1, unit: "ms")
        record.note = "with, comma and \"quotes\""
        let line = record.line(id: "1")
        #expect(line.filter { $0 == "\n" }.count == 1 && line.contains("a b") && line.contains("\"with, comma and \"\"quotes\"\"\""))
    }

    @Test("What cannot be imported says why", arguments: [
        ("", "is empty"), ("hello\n", "none of the files that can be imported"), ("{\"a\": 1}", "its keys are \"a\""),
        ("PAR1....", "import_aiconfigurator.py"), ("{\"traceEvents\": [{\"ph\": \"X\"", "ends inside a value"), ("{\"traceEvents\": []}", "without a single figure"),
        ("[{\"model_filename\": 1, \"avg_ns\": 2}, {\"x\": 1}]", "of none of the programs"), ("{\"traceEvents\": 3}", "here \"[\" should stand"),
        ("MLPerf Results Summary\nSUT name : x\n", "names no scenario"), ("{} {", "its keys are none"), ("SQLite format 3\0abc", "cannot be read"),
        ("{\"traceEvents\": [{]}", "double quotes"), ("[1, 2]", "write an object"),
    ])
    func mistakes(text: String, words: String) throws {
        let found = try mistake(Array(text.utf8))
        #expect(found.contains(words), "\(found)")
    }

    @Test("A trace cut off at any place is an error or gives what came before, and never more")
    func cuts() throws {
        let whole = Array(Self.gpuTrace.utf8)
        for count in stride(from: 1, to: whole.count, by: 37) {
            let file = try TemporaryFile(Array(whole[..<count]))
            if let runs = try? ImportedRuns(file.path) { #expect(runs.records.count <= 4) }
        }
    }

    @Test("A gzipped file is read as the same text")
    func packed() throws {
        let file = try TemporaryFile(gzipped(Self.vllm), ending: ".json.gz")
        #expect(try ImportedRuns(file.path).records.map(\.value) == runs(Self.vllm).records.map(\.value))
    }
}
