import Documents

/// A JSON file of one of the programs, told apart by the keys that only it has.
struct ImportedJSON {
    private var stream: JSONStream
    private var trace: TorchTrace?
    private var records: [MeasuredRecord] = []
    private var format: ImportedRuns.Format?

    init(_ path: String) throws(DocumentError) {
        stream = try JSONStream(path)
    }

    consuming func result() throws(DocumentError) -> (ImportedRuns.Format, [MeasuredRecord], [String]) {
        // One value, or one after the other as JSON lines.
        while let first = stream.nextSignificant() {
            if first == UInt8(ascii: "[") {
                try stream.enter("[")
                while try stream.hasElement() {
                    guard let element = try stream.value() else { continue }
                    try take(element.members())
                }
            } else {
                try object()
            }
        }
        if let trace { return (.torchProfiler, trace.records(), trace.notes) }
        guard let format else { throw stream.error("nothing stands in it") }
        return (format, records, [])
    }

    /// An object of the file's top: its members, and the events of a trace as they come.
    private mutating func object() throws(DocumentError) {
        var members: [(key: String, value: Document)] = []
        try stream.enter("{")
        while let key = try stream.nextKey() {
            guard key == "traceEvents" else {
                // Of every request its times and texts: longer than any figure, and summarised by others.
                if let value = try stream.value(), members.count < 1000 { members.append((key, Document(file: stream.path, path: key, json: value.json))) }
                continue
            }
            var trace = self.trace ?? TorchTrace(file: stream.path)
            try stream.enter("[")
            while try stream.hasElement() {
                if let event = try stream.value() { try trace.add(event.json) }
            }
            self.trace = trace
        }
        if trace != nil {
            if let properties = members.first(where: { $0.key == "deviceProperties" }) { trace?.name(devices: properties.value.json) }
        } else {
            try take(members)
        }
    }

    /// One summary of one run.
    private mutating func take(_ members: [(key: String, value: Document)]) throws(DocumentError) {
        let values = Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
        guard records.count < ImportedRuns.mostRecords else { throw stream.error("holds more than \(ImportedRuns.mostRecords) figures") }
        if values["model_filename"] != nil, values["avg_ns"] != nil {
            try set(.llamaBench)
            records += LlamaBench.records { name in values[name].flatMap { Self.text($0.json) } }
        } else if values["request_throughput"] != nil, values["completed"] != nil {
            try set(.vllmServing)
            records += ServingResult(values.mapValues(\.json)).records
        } else {
            let keys = members.prefix(6).map { "\"\($0.key)\"" }
            throw DocumentError(file: stream.path, message: "is JSON, but of none of the programs that are known: its keys are "
                + (keys.isEmpty ? "none" : keys.joined(separator: ", ")) + "; known are " + list(ImportedRuns.Format.allCases.map(\.rawValue)))
        }
    }

    private mutating func set(_ found: ImportedRuns.Format) throws(DocumentError) {
        guard format ?? found == found else { throw stream.error("holds results of different programs") }
        format = found
    }

    static func text(_ json: JSON) -> String? {
        switch json {
        case .number(let text), .string(let text): text
        case .bool(let value): value ? "1" : "0"
        case .null, .array, .object: nil
        }
    }
}
