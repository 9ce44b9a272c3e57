import Documents

/// Kernels, copies and NVTX ranges of an Nsight Systems report (`nsys export --type sqlite`), summed by name, size and device.
///
/// Tables and columns as in "SQLite Export Schema Reference" of its documentation; tables are there only when something was
/// recorded for them, and columns differ between versions.
enum NsightExport {
    static func records(_ path: String) throws(DocumentError) -> (records: [MeasuredRecord], notes: [String]) {
        let reader = try SQLiteReader(path)
        let devices = try deviceNames(reader)
        var records: [MeasuredRecord] = []
        records += try kernels(reader, devices)
        records += try copies(reader, devices)
        records += try ranges(reader)
        guard !records.isEmpty else {
            throw DocumentError(file: path, message: "has no CUDA kernels, copies or NVTX ranges; is it an export of Nsight Systems, recorded with --trace=cuda,nvtx?")
        }
        return (records, [])
    }

    /// Names of the devices by their number in CUDA.
    private static func deviceNames(_ reader: SQLiteReader) throws(DocumentError) -> [Int: String] {
        var names: [Int: String] = [:]
        guard try reader.columns(of: "TARGET_INFO_GPU").isSuperset(of: ["id", "name"]) else { return names }
        // Where CUDA numbers the devices otherwise than the driver, a table says so.
        let mapped = try reader.columns(of: "TARGET_INFO_CUDA_DEVICE").isSuperset(of: ["gpuId", "cudaId"])
        let sql = mapped ? "SELECT d.cudaId, g.name FROM TARGET_INFO_CUDA_DEVICE d JOIN TARGET_INFO_GPU g ON g.id = d.gpuId" : "SELECT id, name FROM TARGET_INFO_GPU"
        try reader.query(sql) { (row) throws(DocumentError) in names[row.integer(0)] = row.text(1) ?? "" }
        return names
    }

    private static func kernels(_ reader: SQLiteReader, _ devices: [Int: String]) throws(DocumentError) -> [MeasuredRecord] {
        let columns = try reader.columns(of: "CUPTI_ACTIVITY_KIND_KERNEL")
        guard columns.isSuperset(of: ["start", "end"]) else { return [] }
        let name = columns.contains("demangledName") ? "k.demangledName" : columns.contains("shortName") ? "k.shortName" : nil
        let device = columns.contains("deviceId") ? "k.deviceId" : "0"
        let sql = "SELECT \(device), \(name.map { "COALESCE((SELECT value FROM StringIds WHERE id = \($0)), CAST(\($0) AS TEXT))" } ?? "'kernel'"), k.end - k.start "
            + "FROM CUPTI_ACTIVITY_KIND_KERNEL k ORDER BY 1, 2, 3"
        return try grouped(reader, sql, devices) { kernel in
            var record = MeasuredRecord(family: "kernel", phase: OperatorLabel.short(kernel), metric: "kernel_latency", value: 0, unit: "ms")
            record.add("kernel", .string(String(kernel.prefix(240))))
            return record
        }
    }

    private static func copies(_ reader: SQLiteReader, _ devices: [Int: String]) throws(DocumentError) -> [MeasuredRecord] {
        let columns = try reader.columns(of: "CUPTI_ACTIVITY_KIND_MEMCPY")
        guard columns.isSuperset(of: ["start", "end", "bytes", "copyKind"]) else { return [] }
        let device = columns.contains("deviceId") ? "deviceId" : "0"
        let sql = "SELECT \(device), copyKind || ' ' || bytes, end - start FROM CUPTI_ACTIVITY_KIND_MEMCPY ORDER BY 1, copyKind, bytes, 3"
        // cupti_activity.h, CUpti_ActivityMemcpyKind.
        let kinds = ["1": "h2d", "2": "d2h", "8": "d2d", "9": "h2h", "10": "p2p"]
        return try grouped(reader, sql, devices) { key in
            let words = key.split(separator: " ").map(String.init)
            let kind = words.first ?? ""
            var record = MeasuredRecord(family: "copy", phase: kinds[kind] ?? "kind \(kind)", metric: "kernel_latency", value: 0, unit: "ms")
            record.add("bytes", JSON(words.last.flatMap { Int($0) }))
            return record
        }
    }

    private static func ranges(_ reader: SQLiteReader) throws(DocumentError) -> [MeasuredRecord] {
        let columns = try reader.columns(of: "NVTX_EVENTS")
        guard columns.isSuperset(of: ["start", "end"]), columns.contains("text") || columns.contains("textId") else { return [] }
        let stored = columns.contains("textId") ? "(SELECT value FROM StringIds WHERE id = textId)" : "NULL"
        let text = columns.contains("text") ? "COALESCE(text, \(stored))" : stored
        // Marks have no end.
        let sql = "SELECT -1, \(text), end - start FROM NVTX_EVENTS WHERE end > start AND \(text) IS NOT NULL ORDER BY 2, 3"
        return try grouped(reader, sql, [:]) { range in
            MeasuredRecord(family: "range", phase: String(range.prefix(240)), metric: "range_time", value: 0, unit: "ms")
        }
    }

    /// Rows of (device, name, nanoseconds), sorted, as one record each of device and name with the median.
    private static func grouped(_ reader: SQLiteReader, _ sql: String, _ devices: [Int: String],
                                _ make: (String) -> MeasuredRecord) throws(DocumentError) -> [MeasuredRecord] {
        var records: [MeasuredRecord] = [], times: [Double] = []
        var key: (device: Int, name: String)?
        func finish() {
            guard let key, !times.isEmpty else { return }
            var record = make(key.name)
            record.value = median(of: times) / 1e6
            record.device = devices[key.device] ?? ""
            record.software = "Nsight Systems"
            record.add("calls", JSON(times.count))
            record.add("total_ms", JSON(times.reduce(0, +) / 1e6))
            record.add("min_ms", JSON((times.first ?? 0) / 1e6))
            record.add("max_ms", JSON((times.last ?? 0) / 1e6))
            record.note = "median of the calls"
            if record.value > 0 { records.append(record) }
            times.removeAll(keepingCapacity: true)
        }
        try reader.query(sql) { (row) throws(DocumentError) in
            let next = (device: row.integer(0), name: row.text(1) ?? "")
            if let current = key, current != next { finish() }
            key = next
            times.append(Double(row.integer(2)))
            guard records.count < ImportedRuns.mostRecords else { throw DocumentError(file: "Nsight Systems export", message: "holds more than \(ImportedRuns.mostRecords) names") }
        }
        finish()
        return records.sorted { total($0) > total($1) }
    }

    private static func total(_ record: MeasuredRecord) -> Double {
        guard case .number(let text)? = record.parameters.first(where: { $0.key == "total_ms" })?.value else { return 0 }
        return Double(text) ?? 0
    }
}
