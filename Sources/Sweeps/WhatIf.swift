import Documents
import Quantities

/// Hardware that does not exist: a file with some values changed, and with them what cannot stay as it was.
///
/// More bandwidth means faster pins, and what large transfers reach grows with the peak; a larger systolic array multiplies
/// more a cycle. What a datasheet quotes is left out: no datasheet describes the changed device.
struct WhatIf {
    private(set) var document: Document

    init(_ document: Document) { self.document = document }

    /// - Throws: `DocumentError` where nothing stands at the path, or what stands there has no factor.
    mutating func apply(_ value: AxisValue, at path: JSONPath, of subject: AxisTarget.Subject) throws(DocumentError) {
        let old = document.json.value(at: path)
        let new: JSON
        if case .factor(let factor) = value {
            guard let old else { throw missing(path, "there is nothing there to multiply; write a value instead of \(value.label)") }
            guard let scaled = old.scaled(by: factor) else { throw missing(path, "what stands there is no number to multiply by \(factor)") }
            new = scaled
        } else {
            new = value.json
        }
        guard let changed = document.json.setting(new, at: path) else { throw missing(path, "there is no such place in it") }
        document = Document(file: document.file, path: document.path, json: changed)
        // What was published of a model is true of the model as it was published.
        if subject == .model, case .object(let members) = document.json {
            document = Document(file: document.file, path: document.path, json: .object(members.filter { $0.key != "published" }))
        }
        guard [.device, .host, .system].contains(subject) else { return }
        if subject != .system { forgetDatasheet() }
        document = Document(file: document.file, path: document.path, json: Self.sourced(document.json))
        if let before = old?.amount, let after = new.amount, before > 0 {
            for follower in followers(of: path, in: document.json) { scale(follower, by: after / before) }
        }
    }

    private func missing(_ path: JSONPath, _ message: String) -> DocumentError {
        DocumentError(file: document.file, path: path.description, message: message, isMalformed: true)
    }

    private mutating func scale(_ path: JSONPath, by factor: Double) {
        guard let scaled = document.json.value(at: path)?.scaled(by: factor), let changed = document.json.setting(scaled, at: path) else { return }
        document = Document(file: document.file, path: document.path, json: changed)
    }

    /// What has to change in the same ratio.
    private func followers(of path: JSONPath, in json: JSON) -> [JSONPath] {
        let steps = path.steps
        func beside(_ keys: String...) -> [JSONPath] { keys.compactMap { JSONPath(parsing: $0) }.map { JSONPath(steps.dropLast() + $0.steps) } }
        func achieved(_ section: String, _ keys: [String]) -> [JSONPath] { keys.map { JSONPath([.key("achieved"), .key(section), .key($0)]) } }
        func formats(of engine: JSON?) -> [String] { if case .object(let rates)? = engine?["rates"] { rates.map(\.key) } else { [] } }
        let level: [String] = steps.count > 1 ? [json.value(at: JSONPath(Array(steps.prefix(2))))?["level"]].compactMap { if case .string(let name)? = $0 { name } else { nil } } : []
        let engine = steps.count > 1 ? json.value(at: JSONPath(Array(steps.prefix(2)))) : nil
        switch (steps.first, steps.last) {
        case (.key("memory"), .key("bandwidth")): return beside("rate", "writeBandwidth", "organisation.channelBandwidth") + achieved("bandwidth", level)
        case (.key("memory"), .key("rate")), (.key("memory"), .key("bus")): return beside("bandwidth", "writeBandwidth") + achieved("bandwidth", level)
        case (.key("engines"), .key("rows")), (.key("engines"), .key("columns")):
            return formats(of: engine).map { JSONPath(steps.dropLast() + [.key("rates"), .key($0)]) } + achieved("compute", formats(of: engine))
        case (.key("engines"), .key("clock")), (.key("engines"), .key("count")): return achieved("compute", formats(of: engine))
        case (.key("engines"), .key(let format)) where steps.contains(.key("rates")): return achieved("compute", [format])
        case (.key("units"), _): return achieved("compute", keys(of: json["achieved"]?["compute"]))
        case (.key("clock"), .key("boost")): return beside("base") + achieved("compute", keys(of: json["achieved"]?["compute"]))
        case (.key("ports"), .key("bandwidth")), (.key("links"), .key("bandwidth")): return beside("achieved")
        default: return []
        }
    }

    private func keys(of json: JSON?) -> [String] { if case .object(let members)? = json { members.map(\.key) } else { [] } }

    /// Quoted figures, and modes, which are set below the full figures of the real device.
    private mutating func forgetDatasheet() {
        guard case .object(let members) = document.json else { return }
        let gone = ["quoted", "modes"]
        func isGone(_ path: String) -> Bool { gone.contains { path == $0 || path.hasPrefix($0 + ".") } }
        let kept = members.filter { !gone.contains($0.key) }.map { member -> JSON.Member in
            switch (member.key, member.value) {
            case ("sources", .object(let sources)): return .init(key: "sources", value: .object(sources.filter { !isGone($0.key) }))
            case ("recalled", .array(let paths)):
                return .init(key: "recalled", value: .array(paths.filter { if case .string(let path) = $0 { !isGone(path) } else { true } }))
            default: return member
            }
        }
        document = Document(file: document.file, path: document.path, json: .object(kept))
    }

    /// A value that the file did not have comes from the grid.
    private static func sourced(_ json: JSON) -> JSON {
        guard json["sources"]?[""] == nil, let path = JSONPath(parsing: "sources") else { return json }
        var sources: [JSON.Member] = if case .object(let members)? = json["sources"] { members } else { [] }
        sources.append(.init(key: "", value: "varied by a sweep"))
        return json.setting(.object(sources), at: path) ?? json
    }
}

extension JSON {
    /// A number, or one with a unit, in the base unit.
    var amount: Double? {
        switch self {
        case .number(let text): Double(text)
        case .string(let text): Measure(text)?.inBaseUnit
        default: nil
        }
    }

    func scaled(by factor: Double) -> JSON? {
        switch self {
        case .number(let text): Double(text).map { JSON($0 * factor) }
        case .string(let text): Measure(text).map { .string("\(significant($0.number * factor, digits: 12)) \($0.unit)") }
        default: nil
        }
    }
}
