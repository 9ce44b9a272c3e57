/// What is wrong in a file that a person wrote: where, what, and what would be right.
///
///     HardwareSpecs/devices/a100.json: memory[2].bandwidth: "2 TBs" is not a bandwidth; did you mean "2 TB/s"?
public struct DocumentError: Error, Equatable, CustomStringConvertible {
    /// The file as the person named it.
    public let file: String
    /// The place inside the file, empty for the whole of it.
    public let path: String
    public let message: String

    public init(file: String, path: String = "", message: String) {
        self.file = file
        self.path = path
        self.message = message
    }

    public var description: String {
        path.isEmpty ? "\(file): \(message)" : "\(file): \(path): \(message)"
    }
}
