import Documents
import Quantities

extension Library {
    /// A device by path, id or alias, at one of its modes when `@mode` follows: `jetson-agx-orin-64gb@30W`. What its file
    /// leaves open is filled in from the defaults of its architecture and kind.
    public func device(_ name: String) throws(DocumentError) -> Device {
        let (base, mode) = Self.split(name)
        return try device(reading: try document(base, on: .devices), mode: mode)
    }

    /// A device from a document, which need not stand in a file as it is.
    public func device(reading document: Document, mode: String? = nil) throws(DocumentError) -> Device {
        let device = try Device(reading: document)
        if let host = device.host, !host.contains("/"), !ids(.devices).contains(host) {
            let hint = nearest(to: host, among: ids(.devices)).map { "; did you mean \"\($0)\"?" } ?? ""
            throw DocumentError(file: document.file, path: "host", message: "\"\(host)\" is no device of the library\(hint)")
        }
        let resolved = device.resolved(with: try families(of: device))
        return if let mode { try resolved.inMode(mode) } else { resolved }
    }

    /// The defaults that apply to a device: those of its architecture, then those of its kind.
    public func families(of device: Device) throws(DocumentError) -> [Architecture] {
        var families: [Architecture] = []
        for name in [device.architecture, device.kind.rawValue] where ids(.architectures).contains(name) {
            families.append(try Architecture(reading: try Document(contentsOf: "\(folder(of: .architectures))/\(name).json")))
        }
        return families
    }

    /// A system by path, id or alias. A device named by a path in it is found from the folder of the system's file.
    public func system(_ name: String) throws(DocumentError) -> System {
        let document = try document(name, on: .systems)
        return try System(reading: document) { try device(Self.device($0, namedIn: document)) }
    }

    /// What to look a device up by that a system's file names.
    public static func device(_ spec: String, namedIn document: Document) -> String {
        let folder = document.file.lastIndex(of: "/").map { String(document.file[...$0]) } ?? ""
        let isPath = spec.contains("/") || split(spec).base.hasSuffix(".json")
        return isPath && !spec.hasPrefix("/") ? folder + spec : spec
    }

    /// One device as a system, with the host it is usually attached to where its file names one.
    public func system(ofDevice name: String) throws(DocumentError) -> System {
        let device = try device(name)
        let host: Device? = if let host = device.host { try self.device(host) } else { nil }
        return System(single: device, host: host)
    }

    public func runtime(_ name: String) throws(DocumentError) -> Runtime {
        try Runtime(reading: try document(name, on: .runtimes))
    }

    public func architecture(_ name: String) throws(DocumentError) -> Architecture {
        try Architecture(reading: try document(name, on: .architectures))
    }

    /// What is wrong on the shelves of `HardwareSpecs`: every file is read and checked by itself and against the others.
    /// Empty when all is well.
    public func check() -> [DocumentError] {
        check(.devices) { (path) throws(DocumentError) in _ = try device(path) }
            + check(.systems) { (path) throws(DocumentError) in _ = try system(path) }
            + check(.runtimes) { (path) throws(DocumentError) in _ = try runtime(path) }
            + check(.architectures) { (path) throws(DocumentError) in _ = try architecture(path) }
    }

    /// What is wrong on one shelf: files that `read` refuses, and names that stand for two of them.
    public func check(_ shelf: Shelf, reading read: (String) throws(DocumentError) -> Void) -> [DocumentError] {
        var errors: [DocumentError] = []
        var owners: [String: String] = [:]
        for id in ids(shelf) {
            let path = "\(folder(of: shelf))/\(id).json"
            do throws(DocumentError) {
                let document = try Document(contentsOf: path)
                try read(path)
                for (index, name) in ([id] + Self.aliases(in: document)).enumerated() {
                    if let owner = owners.updateValue(id, forKey: Self.key(name)) {
                        throw DocumentError(file: path, path: index == 0 ? "" : "aliases[\(index - 1)]",
                                            message: "\"\(name)\" is also a name of \"\(owner)\"")
                    }
                }
            } catch { errors.append(error) }
        }
        return errors
    }

    /// The device and the mode in a name.
    public static func split(_ name: String) -> (base: String, mode: String?) {
        guard let at = name.lastIndex(of: "@"), at > name.startIndex, !name[at...].contains("/"), !name.hasSuffix(".json") else { return (name, nil) }
        return (String(name[..<at]), String(name[name.index(after: at)...]))
    }
}
