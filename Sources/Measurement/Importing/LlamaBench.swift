import Documents

/// What llama-bench prints with `-o json`, `-o jsonl` or `-o csv` (ggml-org/llama.cpp, tools/llama-bench): a test a record.
enum LlamaBench {
    /// The figures of one test: tokens a second of a prompt or of generation, or the time of both.
    ///
    /// - Parameter field: the text of a field of the program.
    static func records(_ field: (String) -> String?) -> [MeasuredRecord] {
        func count(_ name: String) -> Int { field(name).flatMap { Int($0) } ?? 0 }
        func number(_ name: String) -> Double? { field(name).flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil } }
        let prompt = count("n_prompt"), generated = count("n_gen"), depth = count("n_depth")
        guard let rate = number("avg_ts"), let nanoseconds = number("avg_ns"), prompt >= 0, generated >= 0, depth >= 0, prompt + generated > 0 else { return [] }

        var record: MeasuredRecord
        switch (prompt > 0, generated > 0) {
        case (true, false) where depth == 0:
            record = MeasuredRecord(family: "prefill", phase: "prefill", metric: "prefill_tps", value: rate, unit: "tok/s")
        case (true, false):
            // Not what a prefill is elsewhere: so many tokens are in the cache before.
            record = MeasuredRecord(family: "prefill_at_depth", phase: "prefill_at_depth", metric: "prefill_tps", value: rate, unit: "tok/s")
        case (false, true):
            record = MeasuredRecord(family: "decode", phase: "decode", metric: "decode_tps", value: rate, unit: "tok/s")
        default:
            record = MeasuredRecord(family: "e2e_batch", phase: "prompt_and_generation", metric: "e2e_latency", value: nanoseconds / 1e9, unit: "s")
        }
        record.batch = 1
        record.inputLength = prompt > 0 ? prompt : depth
        record.outputLength = generated > 0 ? generated : nil
        let (model, format) = label(field("model_filename") ?? "", field("model_type") ?? "")
        record.model = model
        record.precision = format
        let boards = (field("gpu_info") ?? "").split(separator: ",").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }
        if let board = boards.first, field("backends") != "CPU", count("n_gpu_layers") != 0 {
            record.device = String(board)
            record.devices = boards.count
            if boards.count > 1 { record.parallelism = field("split_mode") == "row" ? "tp\(boards.count)" : "pp\(boards.count)" }
        } else {
            record.device = field("cpu_info") ?? ""
        }
        record.software = "llama.cpp" + (field("build_number").map { " b\($0)" } ?? "")
        if let spread = number("stddev_ts"), rate > 0 { record.add("relative_stddev", JSON(spread / rate)) }
        for name in ["model_type", "model_size", "n_depth", "n_batch", "n_ubatch", "n_threads", "n_gpu_layers", "type_k", "type_v", "flash_attn", "backends", "test_time"] {
            record.add(name, field(name).map { Double($0) == nil ? .string($0) : .number($0) } ?? .null)
        }
        return [record]
    }

    /// Model and number format out of `Qwen2.5-7B-Instruct-Q4_K_M.gguf` and `qwen2 7B Q4_K - Medium`.
    static func label(_ file: String, _ type: String) -> (model: String, format: String) {
        var name = file.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        if name.lowercased().hasSuffix(".gguf") { name.removeLast(5) }
        func isFormat(_ word: Substring) -> Bool {
            let word = word.lowercased()
            if ["f16", "bf16", "f32", "fp16", "mxfp4"].contains(word) { return true }
            let rest = word.hasPrefix("iq") ? word.dropFirst(2) : word.hasPrefix("q") || word.hasPrefix("tq") ? word.drop { "tq".contains($0) } : ""
            return rest.first?.isNumber ?? false
        }
        var format = ""
        if let mark = name.lastIndex(where: { $0 == "-" || $0 == "." }), isFormat(name[name.index(after: mark)...]) {
            format = String(name[name.index(after: mark)...])
            name = String(name[..<mark])
        }
        if format.isEmpty, let word = type.split(separator: " ").last(where: isFormat) { format = String(word) }
        let known = ["f16": "fp16", "f32": "fp32"]
        return (name, known[format.lowercased()] ?? format.lowercased())
    }

    /// The same as comma-separated text.
    static func table(_ path: String) throws(DocumentError) -> (records: [MeasuredRecord], notes: [String]) {
        var reader = try CSVReader(path)
        guard case .fields(let names)? = reader.nextLine() else { throw DocumentError(file: path, path: "line 1", message: "is no header") }
        let places = Dictionary(names.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        var records: [MeasuredRecord] = [], notes: [String] = [], bad = 0
        while let line = reader.nextLine() {
            guard records.count < ImportedRuns.mostRecords else { throw DocumentError(file: path, message: "holds more than \(ImportedRuns.mostRecords) figures") }
            guard case .fields(let fields) = line, fields.count == names.count else {
                bad += 1
                if notes.count < 5 { notes.append("\(path): line \(reader.lineNumber): cannot be read as a test") }
                continue
            }
            let found = Self.records { name in places[name].map { fields[$0] }.flatMap { $0.isEmpty ? nil : $0 } }
            if found.isEmpty { bad += 1 }
            records += found
        }
        if let damage = reader.damage { notes.append("\(path): \(damage)") }
        if bad > 0 { notes.append("\(path): \(bad) lines without figures") }
        return (records, notes)
    }
}
