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
        return try Job(reading: document, id: identifier(of: document.file)) { (place) throws(DocumentError) in
            let found = try modelDocument(namedAt: place)
            return try Model(reading: found, id: identifier(of: found.file))
        }
    }

    /// The document of the model that a job names, or that stands in it.
    public func modelDocument(namedAt place: Document) throws(DocumentError) -> Document {
        guard case .string = place.json else { return place }
        let name = try place.string()
        if Self.isPath(name) {
            let folder = place.file.lastIndex(of: "/").map { String(place.file[...$0]) } ?? ""
            return try document(name.hasPrefix("/") ? name : folder + name, on: .models)
        }
        guard let found = try find(name, on: .models) else { throw place.error("\"\(name)\" \(unknown(name, on: [.models]).message)") }
        return found
    }
}
