import Documents
import Hardware

extension Library {
    /// A model by path, id or alias.
    public func model(_ name: String) throws(DocumentError) -> Model {
        let document = try document(name, on: .models)
        return try Model(reading: document, id: identifier(of: document.file))
    }
}
