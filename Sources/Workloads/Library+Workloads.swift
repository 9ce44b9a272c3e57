import Documents
import Hardware

extension Library {
    /// A model by path, id or alias.
    public func model(_ name: String) throws(DocumentError) -> Model {
        let document = try document(name, on: .models)
        return try Model(reading: document, id: identifier(of: document.file))
    }

    /// A job by path or id. The model that it names is one of the library, or a file found from the folder of the job's own.
    public func job(_ name: String) throws(DocumentError) -> Job {
        let document = try document(name, on: .jobs)
        let id = identifier(of: document.file)
        return try Job(reading: document, id: id) { (place) throws(DocumentError) in
            guard case .string = place.json else { return try Model(reading: place, id: id) }
            let name = try place.string()
            if Self.isPath(name) {
                let folder = document.file.lastIndex(of: "/").map { String(document.file[...$0]) } ?? ""
                return try model(name.hasPrefix("/") ? name : folder + name)
            }
            guard let found = try find(name, on: .models) else { throw place.error("\"\(name)\" \(unknown(name, on: [.models]).message)") }
            return try Model(reading: found, id: identifier(of: found.file))
        }
    }
}
