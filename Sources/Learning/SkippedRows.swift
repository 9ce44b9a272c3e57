import LearnedModels

/// Rows of measured files that could not be taken, counted by file and reason: nothing is left out in silence.
public struct SkippedRows: Sendable, Equatable {
    /// A file of something else has as many reasons as rows.
    private static let mostReasons = 40
    private static let otherReasons = "another reason"

    private struct Key: Hashable {
        var file: String
        var reason: String
    }

    private var counts: [Key: Int] = [:]

    public init() {}

    mutating func add(_ reason: String, in file: String, rows: Int = 1) {
        guard rows > 0 else { return }
        let key = Key(file: file, reason: reason), isKept = counts[key] != nil || counts.count < Self.mostReasons
        counts[isKept ? key : Key(file: file, reason: Self.otherReasons), default: 0] += rows
    }

    mutating func add(_ other: SkippedRows) {
        for entry in other.entries { add(entry.reason, in: entry.file, rows: entry.rows) }
    }

    public var total: Int { counts.values.reduce(0, +) }

    /// In the order of the files, the most frequent reason first.
    public var entries: [LearnedManifest.Skipped] {
        counts.map { .init(file: $0.key.file, reason: $0.key.reason, rows: $0.value) }.sorted { ($0.file, $1.rows, $0.reason) < ($1.file, $0.rows, $1.reason) }
    }

    /// One line for each file and reason; empty where nothing was left out.
    public var lines: [String] { entries.map { "\($0.file): \($0.rows) rows not taken: \($0.reason)" } }
}
