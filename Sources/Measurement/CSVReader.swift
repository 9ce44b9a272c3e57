import Documents

/// Comma-separated records (RFC 4180) one after the other, one record a line.
///
/// A field that holds a comma or a quote stands in double quotes, with its quotes doubled. A line break inside quotes is
/// not taken: a file with one unbalanced quote would otherwise swallow all that follows.
public struct CSVReader {
    /// A longer line is no record of any measured run.
    public static let longestLine = 1 << 20

    /// One line of the file.
    public enum Line {
        case fields([String])
        /// Why it cannot be read as a record.
        case malformed(String)
    }

    private let source: ByteSource
    private var buffer: [UInt8]
    private var next = 0
    private var end = 0
    /// The rest of a line that is too long is still to come.
    private var isSkipping = false
    /// Lines given out so far, empty ones included: the number of the last line as an editor counts.
    public private(set) var lineNumber = 0

    public var damage: String? { source.damage }
    /// How much of the file was read, from 0 to 1; nil where nobody knows.
    public var part: Double? { source.part }

    public init(_ path: String) throws(DocumentError) {
        source = try ByteSource(path)
        buffer = [UInt8](repeating: 0, count: 1 << 16)
    }

    /// The next line that is not empty, nil at the end of the file.
    public mutating func nextLine() -> Line? {
        while let (bytes, ending) = nextRange() {
            lineNumber += 1
            var bytes = bytes
            if ending == .overlong { return .malformed("is longer than \(Self.longestLine >> 20) MiB") }
            if ending == .file, source.damage != nil { return .malformed("is cut off") }
            if bytes.last.map({ buffer[$0] == UInt8(ascii: "\r") }) ?? false { bytes = bytes.dropLast() }
            if !bytes.isEmpty { return buffer[bytes].withUnsafeBufferPointer { Self.split($0) } }
        }
        return nil
    }

    private enum Ending {
        case feed, file, overlong
    }

    /// The bytes of the next line without its line feed, and what ended it.
    private mutating func nextRange() -> (Range<Int>, Ending)? {
        if isSkipping { skipLine() }
        var searched = next
        while true {
            if let feed = buffer[searched..<end].firstIndex(of: UInt8(ascii: "\n")) {
                defer { next = feed + 1 }
                return (next..<feed, .feed)
            }
            let kept = end - next
            if kept > Self.longestLine {
                // Who stops here never reads the rest, which may be all of a file without lines.
                isSkipping = true
                return (next..<next, .overlong)
            }
            guard fill() else {
                defer { next = end }
                return kept > 0 ? (next..<end, .file) : nil
            }
            searched = next + kept
        }
    }

    private mutating func skipLine() {
        isSkipping = false
        repeat {
            if let feed = buffer[next..<end].firstIndex(of: UInt8(ascii: "\n")) {
                next = feed + 1
                return
            }
            next = end
        } while fill()
    }

    /// Moves what is left to the front and reads more behind it; false at the end of the file.
    private mutating func fill() -> Bool {
        let kept = end - next
        if next > 0 {
            buffer.withUnsafeMutableBufferPointer { bytes in
                guard kept > 0, let base = bytes.baseAddress else { return }
                base.update(from: base + next, count: kept)
            }
            (next, end) = (0, kept)
        }
        if end == buffer.count { buffer.append(contentsOf: repeatElement(0, count: buffer.count)) }
        let count = buffer.withUnsafeMutableBytes { source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[end...])) }
        end += count
        return count > 0
    }

    static func split(_ line: UnsafeBufferPointer<UInt8>) -> Line {
        var fields: [String] = []
        var at = 0
        while true {
            if at < line.count, line[at] == UInt8(ascii: "\"") {
                var bytes: [UInt8] = []
                at += 1
                while true {
                    guard at < line.count else { return .malformed("has a quote that is not closed") }
                    if line[at] == UInt8(ascii: "\"") {
                        guard at + 1 < line.count, line[at + 1] == UInt8(ascii: "\"") else { break }
                        at += 1
                    }
                    bytes.append(line[at])
                    at += 1
                }
                at += 1
                guard at == line.count || line[at] == UInt8(ascii: ",") else { return .malformed("has text behind a closed quote") }
                fields.append(String(decoding: bytes, as: UTF8.self))
            } else {
                let start = at
                while at < line.count, line[at] != UInt8(ascii: ",") { at += 1 }
                fields.append(String(decoding: UnsafeBufferPointer(rebasing: line[start..<at]), as: UTF8.self))
            }
            guard at < line.count else { return .fields(fields) }
            at += 1
        }
    }
}
