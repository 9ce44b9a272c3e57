import Documents
import ResultsStore

/// What the figures of a sweep rest on, gathered over all its points.
struct SweepBasis {
    /// Words with the number of bases that say them.
    private var calibrations: [String] = []
    private var uncalibrated: [String] = []
    private var inherited: [String] = []
    private var recalled: [String] = []
    private var notes: [String] = []

    init(_ sweep: SweepResults) {
        func texts(_ json: JSON?) -> [String] {
            guard case .array(let values)? = json else { return [] }
            return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
        func add(_ text: String, to list: inout [String]) { if !list.contains(text) { list.append(text) } }
        for basis in sweep.bases {
            guard let json = (try? Document(file: "basis", text: basis.utf8))?.json else { continue }
            let system = if case .string(let name)? = json["system"] { name } else { "" }
            if case .string(let name)? = json["calibration"] { add(name, to: &calibrations) } else { add(system, to: &uncalibrated) }
            for text in texts(json["inherited"]) { add("\(system) \(text)", to: &inherited) }
            for text in texts(json["recalled"]) { add("\(system) \(text)", to: &recalled) }
            for text in texts(json["notes"]) { add(text, to: &notes) }
        }
    }

    var html: String {
        func list(_ opening: String, _ items: [String]) -> String {
            guard !items.isEmpty else { return "" }
            let shown = items.prefix(12).map { "<code>\(escaped($0))</code>" }.joined(separator: ", ")
            return "<p>\(opening) \(shown)\(items.count > 12 ? " and \(items.count - 12) more" : "").</p>"
        }
        return list("Calibrations, fitted to measured runs:", calibrations) + list("Without a calibration, from datasheets and the model alone:", uncalibrated.filter { !$0.isEmpty })
            + list("Defaults of the architecture stand in for", inherited) + list("Recalled, not checked against a document:", recalled)
            + (notes.isEmpty ? "" : "<ul>" + notes.prefix(12).map { "<li>\(escaped($0))</li>" }.joined() + (notes.count > 12 ? "<li>and \(notes.count - 12) more</li>" : "") + "</ul>")
    }
}
