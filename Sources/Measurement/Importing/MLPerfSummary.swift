import Documents

/// `mlperf_log_summary.txt` of MLPerf Inference's load generator (mlcommons/inference, loadgen/results.cc).
struct MLPerfSummary {
    private(set) var records: [MeasuredRecord] = []

    private static let longestFile = 1 << 20

    /// - Throws: `DocumentError` where it cannot be read or is too long for a summary.
    init(_ path: String) throws(DocumentError) {
        let source = try ByteSource(path)
        var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = buffer.withUnsafeMutableBytes { source.read(into: $0) }
            guard count > 0 else { break }
            bytes += buffer[..<count]
            guard bytes.count <= Self.longestFile else { throw DocumentError(file: path, message: "is longer than 1 MiB; no summary log is") }
        }
        if let damage = source.damage { throw DocumentError(file: path, message: damage) }
        var values: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard let colon = line.lastIndex(of: ":") else { continue }
            func trimmed(_ text: Substring) -> String {
                let start = text.drop { $0 == " " }
                return String(start[..<(start.lastIndex { $0 != " " }.map { start.index(after: $0) } ?? start.startIndex)])
            }
            let key = trimmed(line[..<colon])
            if values[key] == nil { values[key] = trimmed(line[line.index(after: colon)...]) }
        }
        guard let scenario = values["Scenario"] else { throw DocumentError(file: path, message: "names no scenario; is the log complete?") }
        let isServer = ["Server", "Interactive"].contains(scenario)

        func add(_ metric: String, _ names: [String], _ unit: String, scale: Double = 1) {
            guard let value = names.lazy.compactMap({ values[$0].flatMap { Double($0) } }).first, value.isFinite else { return }
            var record = MeasuredRecord(family: "serving", phase: "serving_\(scenario.lowercased())", metric: metric, value: value * scale, unit: unit)
            record.add("scenario", .string(scenario))
            for (key, name) in [("result", "Result is"), ("mode", "Mode"), ("sut", "SUT name"), ("target_qps", "target_qps")] { record.add(key, JSON(values[name])) }
            records.append(record)
        }
        add(isServer ? "server_samples_per_s" : "samples_per_s", ["Completed samples per second", "Samples per second"], "samples/s")
        // What older logs state as the result of the server scenario.
        add("server_scheduled_samples_per_s", isServer ? ["Scheduled samples per second"] : [], "samples/s")
        add(isServer ? "server_output_tps" : "total_output_tps", ["Completed tokens per second", "Tokens per second"], "tok/s")
        add("latency_mean", ["Mean latency (ns)"], "s", scale: 1e-9)
        for p in ["50", "90", "99"] { add("latency_p\(p)", ["\(p).00 percentile latency (ns)", "\(p)th percentile latency (ns)"], "s", scale: 1e-9) }
        add("ttft_mean", ["Mean First Token latency (ns)"], "ms", scale: 1e-6)
        for p in ["50", "99"] { add("ttft_p\(p)", ["\(p).00 percentile first token latency (ns)"], "ms", scale: 1e-6) }
        add("tpot_mean", ["Mean Time per Output Token (ns)", "Mean Time to Output Token (ns)"], "ms", scale: 1e-6)
        for p in ["50", "99"] { add("tpot_p\(p)", ["\(p).00 percentile time to output token (ns)"], "ms", scale: 1e-6) }
    }
}
