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
        /// What was fitted to measured runs; the room `CostModels` reads them.
        case calibrations
        /// In `Workloads`; the room of that name reads them.
        case models, jobs

        /// What one entry is called.
        public var entry: String { String(rawValue.dropLast()) }
    }

    /// The folder that holds `HardwareSpecs` and `Workloads`; `.` for the current one, so that messages name files as a
    /// person would.
    public let root: String
    /// Entries that lie elsewhere: path by id.
    private var additions: [Shelf: [String: String]] = [:]

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

    public func folder(of shelf: Shelf) -> String {
        switch shelf {
        case .devices, .systems, .runtimes, .architectures, .calibrations: path("HardwareSpecs/\(shelf.rawValue)")
        case .models: path("Workloads/models")
        case .jobs: path("Workloads")
        }
    }

    /// The path of a file or folder of the library.
    public func path(_ name: String) -> String { root == "." ? name : "\(root)/\(name)" }

    /// The ids of all entries of a shelf, sorted; no file is read.
    public func ids(_ shelf: Shelf) -> [String] {
        let own = (names(inFolder: folder(of: shelf)) ?? []).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
        guard let more = additions[shelf]?.keys else { return own.sorted() }
        return (own + more.filter { !own.contains($0) }).sorted()
    }

    /// Takes a file that lies elsewhere for the entry that its name says, before one of the library itself.
    public mutating func add(_ path: String, to shelf: Shelf) { additions[shelf, default: [:]][identifier(of: path)] = path }

    private func file(of id: String, on shelf: Shelf) -> String { additions[shelf]?[id] ?? "\(folder(of: shelf))/\(id).json" }

    /// The file of an entry, as a document.
    ///
    /// - Parameter name: a path (`isPath`), else an id or an alias, in which case, `-`, `_` and spaces do not matter.
    public func document(_ name: String, on shelf: Shelf) throws(DocumentError) -> Document {
        if Self.isPath(name) {
            let document = try Document(contentsOf: name)
            try shelf.expect(document)
            return document
        }
        if let document = try find(name, on: shelf) { return document }
        throw unknown(name, on: [shelf])
    }

    /// Whether an argument names a file rather than an entry: it ends in `.json`, begins with `/` or `.`, or has several
    /// slashes. `meta-llama/Llama-3.1-8B` is a name: that of a repository, under which models are known.
    public static func isPath(_ name: String) -> Bool {
        name.hasSuffix(".json") || name.hasPrefix("/") || name.hasPrefix(".") || name.count { $0 == "/" } > 1
    }

    /// The entry with this id or alias, nil where the shelf has none.
    public func find(_ name: String, on shelf: Shelf) throws(DocumentError) -> Document? {
        let ids = ids(shelf), key = Self.key(name)
        if let id = ids.first(where: { Self.key($0) == key }) { return try Document(contentsOf: file(of: id, on: shelf)) }
        for id in ids {
            // A broken file hides its aliases, not those of the others.
            guard let document = try? Document(contentsOf: file(of: id, on: shelf)) else { continue }
            if Self.aliases(in: document).contains(where: { Self.key($0) == key }) { return document }
        }
        return nil
    }

    /// What to say of a name that none of these shelves has: with the names that were probably meant.
    public func unknown(_ name: String, on shelves: [Shelf]) -> DocumentError {
        var known: [String] = []
        for shelf in shelves {
            known += ids(shelf)
            for id in ids(shelf) {
                if let document = try? Document(contentsOf: file(of: id, on: shelf)) { known += Self.aliases(in: document) }
            }
        }
        let near = Self.nearestNames(to: name, among: known)
        let place = shelves.count == 1 ? "\"orrery list \(shelves[0].rawValue)\" lists them" : "\"orrery list\" lists what there is"
        let hint = near.isEmpty ? place : "did you mean \(list(near.map { "\"\($0)\"" }))?"
        return DocumentError(file: name, message: "is no \(list(shelves.map(\.entry))) of the library; \(hint)")
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
