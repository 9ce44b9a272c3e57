import Documents

/// What vLLM's serving benchmark saves (`--save-result`; vllm-project/vllm, benchmarks/benchmark_serving.py, later `vllm bench serve`).
struct ServingResult {
    let records: [MeasuredRecord]

    init(_ values: [String: JSON]) {
        func number(_ key: String) -> Double? {
            guard case .number(let text)? = values[key], let value = Double(text), value.isFinite else { return nil }
            return value
        }
        func text(_ key: String) -> String? { values[key].flatMap(ImportedJSON.text) }

        let completed = number("completed") ?? 0
        func mean(_ key: String) -> Int? {
            guard completed > 0, let total = number(key), total >= 0, total / completed < 1e9 else { return nil }
            return Int((total / completed).rounded())
        }
        var common = MeasuredRecord(family: "serving", phase: "serving_online", metric: "", value: 0, unit: "")
        common.model = text("model_id") ?? ""
        common.software = "vLLM" + (text("backend").flatMap { $0 == "vllm" ? nil : " (client backend \($0))" } ?? "")
        common.batch = number("max_concurrency").flatMap { Int(exactly: $0) }
        common.inputLength = mean("total_input_tokens")
        common.outputLength = mean("total_output_tokens")
        common.note = "batch is the clients' concurrency; lengths are means over the completed requests"
        for key in ["date", "request_rate", "burstiness", "num_prompts", "completed", "duration", "tokenizer_id"] {
            common.add(key, values[key] ?? .null)
        }
        // Whatever else the person noted with --metadata.
        if let parallel = text("tensor_parallel_size"), let devices = Int(parallel), (1...65536).contains(devices) {
            common.devices = devices
            common.parallelism = "tp\(devices)"
        }

        var records: [MeasuredRecord] = []
        func add(_ metric: String, _ value: Double?, _ unit: String) {
            guard let value else { return }
            var record = common
            (record.metric, record.value, record.unit) = (metric, value, unit)
            records.append(record)
        }
        add("requests_per_s", number("request_throughput"), "requests/s")
        add("goodput", number("request_goodput") ?? number("request_goodput:"), "requests/s")
        add("output_tps", number("output_throughput"), "tok/s")
        add("total_tps", number("total_token_throughput"), "tok/s")
        for (key, metric) in [("ttft", "ttft"), ("tpot", "tpot"), ("itl", "itl"), ("e2el", "e2e_latency")] {
            add("\(metric)_mean", number("mean_\(key)_ms"), "ms")
            add("\(metric)_p50", number("median_\(key)_ms"), "ms")
            for percentile in ["90", "95", "99"] { add("\(metric)_p\(percentile)", number("p\(percentile)_\(key)_ms"), "ms") }
        }
        self.records = records
    }
}
