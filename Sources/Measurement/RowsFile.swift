import Documents

/// Every row of a comparison with its prediction, as comma-separated text.
public final class RowsFile {
    public static let columns = ["file", "index", "id", "device", "phase", "metric", "measured", "predicted", "unit", "bound", "bound_by", "low50", "high50", "low90", "high90",
                                  "basis", "reason"]

    /// Nil once it is complete.
    private var file: OutputFile?

    /// - Throws: `OutputError` where it cannot be written.
    public init(_ path: String) throws(OutputError) {
        var file = try OutputFile(path)
        try file.write(Self.columns.joined(separator: ",") + "\n")
        self.file = consume file
    }

    public func add(_ row: MeasuredRow, of path: String, _ outcome: Result<Prediction, RowError>) throws(OutputError) {
        var fields = [path, String(row.index), row.id, row.device, row.phase, row.metric, Self.text(row.value)]
        switch outcome {
        case .success(let prediction):
            fields += [Self.text(prediction.value), row.unit, prediction.bound.map(Self.text) ?? "", prediction.boundBy.rawValue]
            let ranges = prediction.intervals.map { [$0.half.lowerBound, $0.half.upperBound, $0.ninety.lowerBound, $0.ninety.upperBound].map(Self.text) }
            fields += (ranges ?? ["", "", "", ""]) + [prediction.basis, ""]
        case .failure(let error):
            fields += ["", row.unit, "", "", "", "", "", "", "", error.description]
        }
        try file?.write(fields.map(Self.quoted).joined(separator: ",") + "\n")
    }

    /// Completes it: until then nothing stands under its name.
    public func close() throws(OutputError) { try file.take()?.close() }

    private static func text(_ number: Double) -> String { "\(number)" }

    /// A field in quotes where it needs them (RFC 4180).
    static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: { [UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains($0) }) else { return field }
        var text = "\""
        for scalar in field.unicodeScalars {
            if scalar == "\"" { text += "\"" }
            text.unicodeScalars.append(scalar)
        }
        return text + "\""
    }
}
