import Documents

/// Measured figures out of a file that another program wrote.
///
///     let runs = try ImportedRuns("openai-infqps-concurrency8.json", as: ImportLabels(device: "h100-sxm"))
///     for (index, record) in runs.records.enumerated() { print(record.line(id: "\(index)"), terminator: "") }
public struct ImportedRuns: Sendable {
    /// The programs whose files are read.
    public enum Format: String, CaseIterable, Sendable {
        case vllmServing = "vLLM serving benchmark (JSON)"
        case llamaBench = "llama-bench (JSON, JSON lines or CSV)"
        case torchProfiler = "PyTorch profiler trace (JSON)"
        case nsightSystems = "Nsight Systems export (SQLite)"
        case mlperf = "MLPerf summary log"
    }

    /// More figures than this are no summary of runs; the file was named by mistake, or made to exhaust memory.
    static let mostRecords = 1_000_000

    public let format: Format
    public private(set) var records: [MeasuredRecord]
    /// What the file does not say, or what of it could not be read.
    public private(set) var notes: [String] = []

    /// Recognises the format by what stands in the file, not by its name. Text may be gzipped.
    ///
    /// - Throws: `DocumentError` where the file cannot be read, is of no known format or damaged.
    public init(_ path: String, as labels: ImportLabels = ImportLabels()) throws(DocumentError) {
        switch try Self.kind(of: path) {
        case .sqlite:
            format = .nsightSystems
            (records, notes) = try NsightExport.records(path)
        case .json:
            (format, records, notes) = try ImportedJSON(path).result()
        case .csv:
            format = .llamaBench
            (records, notes) = try LlamaBench.table(path)
        case .mlperf:
            format = .mlperf
            records = try MLPerfSummary(path).records
        }
        guard !records.isEmpty else { throw DocumentError(file: path, message: "is a \(format.rawValue) without a single figure in it") }
        for index in records.indices { labels.complete(&records[index], file: path, format: format) }
        if records.contains(where: { $0.device.isEmpty && $0.family != "range" }) { notes.append("\(path): does not say on which device it was measured; name it with --device") }
    }

    private enum Kind {
        case sqlite, json, csv, mlperf
    }

    private static func kind(of path: String) throws(DocumentError) -> Kind {
        let source = try ByteSource(path)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var count = 0
        while count < buffer.count {
            let got = buffer.withUnsafeMutableBytes { source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...])) }
            guard got > 0 else { break }
            count += got
        }
        guard count > 0 else { throw DocumentError(file: path, message: source.damage ?? "is empty") }
        let head = buffer[..<count]
        if head.starts(with: Array("SQLite format 3".utf8) + [0]) { return .sqlite }
        if head.starts(with: Array("PAR1".utf8)) {
            throw DocumentError(file: path, message: "is a Parquet table; Scripts/import_aiconfigurator.py turns those of AIConfigurator into measured runs")
        }
        let text = String(decoding: head, as: UTF8.self)
        if let first = text.unicodeScalars.first(where: { $0.value > 0x20 && $0 != "\u{FEFF}" }), first == "{" || first == "[" { return .json }
        if text.contains("MLPerf Results Summary") { return .mlperf }
        let line = text.prefix { !$0.isNewline }
        if line.contains("model_filename"), line.contains("avg_ns") { return .csv }
        throw DocumentError(file: path, message: "is none of the files that can be imported: " + list(Format.allCases.map(\.rawValue)))
    }
}

/// What the person who imports a file knows better than the file.
public struct ImportLabels: Sendable {
    public var device, model, precision, software: String?

    public init(device: String? = nil, model: String? = nil, precision: String? = nil, software: String? = nil) {
        self.device = device
        self.model = model
        self.precision = precision
        self.software = software
    }

    func complete(_ record: inout MeasuredRecord, file: String, format: ImportedRuns.Format) {
        record.source = "imported: \(format.rawValue)"
        record.reference = file.split(separator: "/").last.map(String.init) ?? file
        if let device { record.device = device }
        if let model { record.model = model }
        if let precision { record.precision = precision }
        if let software { record.software = software }
    }
}
