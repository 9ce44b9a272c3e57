import Documents

/// A file of measured figures, read row by row in constant memory.
///
///     var file = try MeasuredFile("runs.csv.gz")
///     while let row = file.next() { … }
///     print(file.rows, file.malformed, file.damage ?? "")
public struct MeasuredFile {
    public let path: String
    public let header: MeasuredHeader
    private var reader: CSVReader
    /// Rows met so far, malformed ones included.
    public private(set) var rows = 0
    /// Rows that could not be read.
    public private(set) var malformed = 0
    /// The first rows that could not be read, with their line: enough to see what is wrong with the file.
    public private(set) var complaints: [String] = []

    private static let mostComplaints = 5

    /// - Throws: `DocumentError` where the file cannot be read, is empty or has no header of a known layout.
    public init(_ path: String) throws(DocumentError) {
        self.path = path
        reader = try CSVReader(path)
        switch reader.nextLine() {
        case .fields(let names): header = try MeasuredHeader(names, file: path)
        case .malformed(let why): throw DocumentError(file: path, path: "line \(reader.lineNumber)", message: why)
        case nil: throw DocumentError(file: path, message: reader.damage ?? "is empty")
        }
    }

    /// Why the end of the file is missing, nil when it was read to its end.
    public var damage: String? { reader.damage }

    /// How much of it was read, from 0 to 1; nil where nobody knows how long it is.
    public var part: Double? { reader.part }

    /// The next row that can be read; those that cannot are counted.
    public mutating func next() -> MeasuredRow? {
        while let line = reader.nextLine() {
            rows += 1
            switch line {
            case .malformed(let why): complain(why)
            case .fields(let fields):
                do { return try MeasuredRow(fields, under: header, index: rows) } catch { complain(error.description) }
            }
        }
        return nil
    }

    private mutating func complain(_ why: String) {
        malformed += 1
        if complaints.count < Self.mostComplaints { complaints.append("\(path): line \(reader.lineNumber): \(why)") }
    }
}
