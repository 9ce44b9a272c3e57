import Documents

/// What the columns of a measured file mean.
public enum MeasuredLayout: String, Sendable {
    /// One figure of any kind a row: `metric`, `value`, `unit`.
    case runs
    /// One kernel or collective a row: `op`, its shape, `latency_ms` or `latency_us`.
    case operators
}

/// The first line of a file: names of columns and where they stand.
public final class MeasuredHeader: Sendable {
    public let names: [String]
    public let layout: MeasuredLayout
    private let places: [String: Int]
    /// Columns that say what was measured, not under which circumstances.
    let figures: Set<Int>

    /// Recognises the layout by the columns that only it has.
    ///
    /// - Throws: `DocumentError` where the columns are of no known layout, a name is missing or stands there twice.
    public init(_ names: [String], file: String) throws(DocumentError) {
        var names = names
        // A byte order mark, as spreadsheets write it.
        if let first = names.first, first.unicodeScalars.first == "\u{FEFF}" { names[0] = String(first.unicodeScalars.dropFirst()) }
        self.names = names
        var places: [String: Int] = [:]
        for (place, name) in names.enumerated() {
            guard places.updateValue(place, forKey: name) == nil else {
                throw DocumentError(file: file, path: "line 1", message: "the column \"\(name)\" stands there twice")
            }
        }
        self.places = places
        figures = Set(["row_id", "value", "latency_ms", "latency_us", "power"].compactMap { places[$0] })
        func missing(_ wanted: [String]) -> [String] { wanted.filter { places[$0] == nil } }
        let runs = missing(["device", "phase_family", "metric", "value", "unit"])
        let operators = missing(["op", "device"]) + (places["latency_ms"] ?? places["latency_us"] == nil ? ["latency_ms"] : [])
        if runs.isEmpty {
            layout = .runs
        } else if operators.isEmpty {
            layout = .operators
        } else {
            let (kind, columns) = runs.count < operators.count || operators.count > 1
                ? ("runs", runs) : ("an operator table", operators)
            throw DocumentError(file: file, path: "line 1", message: "is no header of measured runs: for \(kind) there is no column "
                + list(columns.map { "\"\($0)\"" }) + "; Documentation/MeasuredRuns.md states both formats")
        }
    }

    public func place(of name: String) -> Int? { places[name] }
}

/// One measured figure and the circumstances under which it was measured, as they stand in the file.
public struct MeasuredRow: Sendable {
    public let header: MeasuredHeader
    public let fields: [String]
    /// Number of the row in its file from 1, the header not counted.
    public let index: Int
    /// The measured figure in `unit`.
    public let value: Double
    public let unit: String

    /// - Throws: `RowError` where the fields do not fit the header or the figure is no number.
    public init(_ fields: [String], under header: MeasuredHeader, index: Int) throws(RowError) {
        guard fields.count == header.names.count else {
            throw RowError("has \(fields.count) fields, the header \(header.names.count)")
        }
        self.header = header
        self.fields = fields
        self.index = index
        let column: String
        switch header.layout {
        case .runs:
            column = "value"
            unit = header.place(of: "unit").map { fields[$0] } ?? ""
        case .operators:
            let milliseconds = header.place(of: "latency_ms").map { !fields[$0].isEmpty } ?? false
            column = milliseconds ? "latency_ms" : "latency_us"
            unit = milliseconds ? "ms" : "us"
        }
        let text = header.place(of: column).map { fields[$0] } ?? ""
        guard let value = Double(text), value.isFinite else { throw RowError("\"\(brief(text))\" in column \"\(column)\" is no number") }
        self.value = value
    }

    /// The text of a column, nil where the file has no such column or the field is empty.
    public subscript(column: String) -> String? {
        guard let place = header.place(of: column), !fields[place].isEmpty else { return nil }
        return fields[place]
    }

    /// What names the row in its file: `row_id` where it has one.
    public var id: String { self["row_id"] ?? String(index) }
    public var device: String { self["device"] ?? "" }
    /// What kind of work it was: `gemm`, `attn_prefill`, `decode`, `energy` …
    public var phase: String { (header.layout == .runs ? self["phase_family"] : self["op"]) ?? "" }
    public var metric: String {
        if let stated = self["metric"], header.layout == .runs { return stated }
        return switch phase {
        case "comm": "coll_latency"
        case "moe_all2all": "a2a_latency"
        default: "kernel_latency"
        }
    }
    public var software: String? { self["software"] ?? self["framework"] }
    /// How numbers were represented.
    public var precision: String? { self["precision"] ?? self["dtype"] ?? self["attn_dtype"] ?? self["comm_dtype"] }
}

/// A text out of a file in a message: a megabyte of it helps nobody.
func brief(_ text: String) -> String { text.utf8.count <= 200 ? text : String(text.prefix(100)) + "…" }

/// Why one row cannot be read or predicted.
public struct RowError: Error, Equatable, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) { self.description = description }
}
