import Documents

/// One figure on its way into a file of measured runs (Documentation/MeasuredRuns.md).
public struct MeasuredRecord: Equatable, Sendable {
    public static let columns = ["row_id", "source", "source_ref", "license", "trust", "device", "n_devices", "parallelism", "model", "precision",
                                 "phase_family", "phase", "batch", "input_len", "output_len", "metric", "value", "unit", "software", "op_params", "note"]

    public var source = ""
    /// The file that the figure stands in.
    public var reference = ""
    public var device = ""
    public var devices = 1
    public var parallelism = ""
    public var model = ""
    public var precision = ""
    public var family: String
    public var phase: String
    public var batch: Int?
    public var inputLength: Int?
    public var outputLength: Int?
    public var metric: String
    public var value: Double
    public var unit: String
    public var software = ""
    public var parameters: [JSON.Member] = []
    public var note = ""

    public init(family: String, phase: String, metric: String, value: Double, unit: String) {
        self.family = family
        self.phase = phase
        self.metric = metric
        self.value = value
        self.unit = unit
    }

    public static var header: String { columns.joined(separator: ",") + "\n" }

    /// The row as a line, its line feed included. Control characters become spaces: a record stands on one line.
    ///
    /// - Parameter id: names the row in its file.
    public func line(id: String) -> String {
        let count: (Int?) -> String = { $0.map(String.init) ?? "" }
        let fields = [id, source, reference, "", "", device, String(devices), parallelism, model, precision, family, phase, count(batch),
                      count(inputLength), count(outputLength), metric, "\(value)", unit, software,
                      parameters.isEmpty ? "" : JSON.object(parameters).compact, note]
        return fields.map { RowsFile.quoted(Self.onOneLine($0)) }.joined(separator: ",") + "\n"
    }

    mutating func add(_ key: String, _ value: JSON) {
        if value != .null { parameters.append(JSON.Member(key: key, value: value)) }
    }

    private static func onOneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 }) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
    }
}
