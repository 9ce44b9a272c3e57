#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension Document {
    /// A declaration written by hand is a few kilobytes; whatever is larger than this was named by mistake.
    public static let largestFile = 16 << 20

    /// Reads a JSON file.
    ///
    /// - Throws: `DocumentError` where the file is missing, a folder, unreadable, larger than 16 MiB or not JSON.
    public init(contentsOf path: String) throws(DocumentError) {
        self = try Document(file: path, text: Self.bytes(of: path))
    }

    /// The bytes of a file.
    ///
    /// - Throws: `DocumentError` where it is missing, a folder, unreadable or larger than `most` bytes.
    public static func bytes(of path: String, most: Int = largestFile) throws(DocumentError) -> [UInt8] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw DocumentError(file: path, message: reason("cannot be read")) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw DocumentError(file: path, message: "is a folder; name a file in it") }
        guard let file = fopen(path, "rb") else { throw DocumentError(file: path, message: reason("cannot be read")) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= most else { throw DocumentError(file: path, message: "is larger than \(most >> 20) MiB; no declaration is") }
        }
        guard ferror(file) == 0 else { throw DocumentError(file: path, message: reason("cannot be read")) }
        return bytes
    }

    private static func reason(_ what: String) -> String { "\(what): \(String(cString: strerror(errno)).lowercased())" }
}

/// Names inside a folder, sorted, without hidden ones; nil where there is no such folder.
public func names(inFolder path: String) -> [String]? {
    guard let folder = opendir(path) else { return nil }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}

/// Makes a folder and those above it; what is there stays.
public func makeFolder(_ path: String) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
        made += (made.isEmpty || made == "/" ? "" : "/") + part
        mkdir(made, 0o777)
    }
}
