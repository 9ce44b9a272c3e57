#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Documents
import Quantities

/// The declarations that come with Orrery: a folder with `HardwareSpecs` and `Workloads` in it.
///
///     let library = try Library()
///     let device = try library.device("jetson-agx-orin-64gb@30W")
public struct Library: Sendable {
    /// A folder of declarations inside the library.
    public enum Shelf: String, CaseIterable, Sendable {
        case devices, systems, runtimes, architectures

        /// What one entry is called.
        public var entry: String { String(rawValue.dropLast()) }
    }

    /// The folder that holds `HardwareSpecs` and `Workloads`; `.` for the current one, so that messages name files as a
    /// person would.
    public let root: String

    /// Finds the library: the folder given, the one the environment variable `ORRERY_LIBRARY` names, the first folder
    /// that has a `HardwareSpecs` in it from the current one upwards, the same from the executable upwards.
    ///
    /// - Throws: `DocumentError` where a folder that was named has no `HardwareSpecs`, or none was found.
    public init(_ folder: String? = nil) throws(DocumentError) {
        if let named = folder ?? getenv("ORRERY_LIBRARY").map({ String(cString: $0) }) {
            guard Self.isLibrary(named) else {
                throw DocumentError(file: named, message: "is no library: there is no folder \"HardwareSpecs\" in it")
            }
            root = named
        } else if Self.isLibrary(".") {
            root = "."
        } else if let found = Self.upwards(from: Self.currentFolder) ?? Self.upwards(from: Self.executable) {
            root = found
        } else {
            throw DocumentError(file: "HardwareSpecs", message: "no such folder here, above here or above the program; set ORRERY_LIBRARY to the folder that holds it")
        }
    }

    private static func isLibrary(_ folder: String) -> Bool { names(inFolder: folder + "/HardwareSpecs") != nil }

    private static func upwards(from start: String) -> String? {
        var folder = Substring(start)
        while true {
            if isLibrary(String(folder)) { return folder.isEmpty ? "/" : String(folder) }
            guard let slash = folder.lastIndex(of: "/") else { return nil }
            folder = folder[..<slash]
        }
    }

    private static var currentFolder: String { resolved(".") ?? "" }
    private static var executable: String { resolved("/proc/self/exe") ?? CommandLine.arguments.first.flatMap(resolved) ?? "" }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    // MARK: Names and files

    public func folder(of shelf: Shelf) -> String { path("HardwareSpecs/\(shelf.rawValue)") }

    /// The path of a file or folder of the library.
    public func path(_ name: String) -> String { root == "." ? name : "\(root)/\(name)" }

    /// The shelf that a declaration belongs on: the one its `$schema` names, else the folder it lies in; nil for neither.
    public static func shelf(of document: Document) -> Shelf? {
        if case .string(let schema)? = document.json["$schema"] {
            let name = identifier(of: schema)
            if let shelf = Shelf.allCases.first(where: { name == "\($0.entry).schema" }) { return shelf }
        }
        let folders = document.file.split(separator: "/").dropLast()
        return folders.last.flatMap { Shelf(rawValue: String($0)) }
    }

    /// The ids of all entries of a shelf, sorted; no file is read.
    public func ids(_ shelf: Shelf) -> [String] {
        (names(inFolder: folder(of: shelf)) ?? []).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
    }

    /// The file of an entry, as a document.
    ///
    /// - Parameter name: a path, when it has a slash or ends in `.json`; else an id or an alias, in which case, `-`, `_`
    ///   and spaces do not matter.
    public func document(_ name: String, on shelf: Shelf) throws(DocumentError) -> Document {
        if name.contains("/") || name.hasSuffix(".json") { return try Document(contentsOf: name) }
        let ids = ids(shelf), key = Self.key(name)
        if let id = ids.first(where: { Self.key($0) == key }) { return try Document(contentsOf: "\(folder(of: shelf))/\(id).json") }
        var known = ids
        for id in ids {
            let document = try Document(contentsOf: "\(folder(of: shelf))/\(id).json")
            let aliases = Self.aliases(in: document)
            if aliases.contains(where: { Self.key($0) == key }) { return document }
            known += aliases
        }
        let near = Self.nearestNames(to: name, among: known)
        let hint = near.isEmpty ? "\"orrery list \(shelf.rawValue)\" lists them" : "did you mean \(list(near.map { "\"\($0)\"" }))?"
        throw DocumentError(file: name, message: "is no \(shelf.entry) of the library; \(hint)")
    }

    /// Letters and digits of a name, in lower case: what two spellings of one name share.
    static func key(_ name: String) -> String { name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " } }

    static func aliases(in document: Document) -> [String] {
        guard case .array(let items)? = document.json["aliases"] else { return [] }
        return items.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// Up to three names that were probably meant: one letter away, or with the words of the name in them.
    private static func nearestNames(to name: String, among known: [String]) -> [String] {
        let wanted = key(name)
        var near = nearest(to: name.lowercased(), among: known).map { [$0] } ?? []
        for candidate in known where near.count < 3 && !near.contains(candidate) {
            let other = key(candidate)
            if wanted.count >= 3, other.contains(wanted) || (other.count >= 3 && wanted.contains(other)) { near.append(candidate) }
        }
        return near
    }
}
