/// What is wrong in a file that a person wrote: where, what, and what would be right.
///
///     HardwareSpecs/devices/a100.json: memory[2].bandwidth: "2 TBs" is not a bandwidth; did you mean "2 TB/s"?
public struct DocumentError: Error, Equatable, CustomStringConvertible {
    /// The file as the person named it.
    public let file: String
    /// The place inside the file, empty for the whole of it.
    public let path: String
    public let message: String
    /// The value is wrong by itself (not a number, out of range, an unknown key), whatever else stands in the file; otherwise
    /// it contradicts something.
    public let isMalformed: Bool

    public init(file: String, path: String = "", message: String, isMalformed: Bool = false) {
        self.file = visible(file)
        self.path = visible(path)
        self.message = visible(message)
        self.isMalformed = isMalformed
    }

    public var description: String {
        path.isEmpty ? "\(file): \(message)" : "\(file): \(path): \(message)"
    }
}

/// A text with its control characters, and what turns the direction of writing, spelled out: what a file contains must not
/// break the line of a message or the terminal that shows it.
func visible(_ text: String) -> String {
    func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
    guard text.unicodeScalars.contains(where: isHidden) else { return text }
    return text.unicodeScalars.reduce(into: "") { $0 += isHidden($1) ? $1.escaped(asASCII: true) : String($1) }
}
