import Documents
import Quantities

/// Which places of a grid count:
///
///     { "if": { "model": "llama-3.1-70b" }, "then": { "job.parallelism.tensor": ">= 4" } }
///     { "not": { "device": ["l4", "t4"], "job.batch": "> 64" } }
struct GridFilter: Sendable {
    /// For the condition and the consequence: by axis and choice, whether it holds there.
    private let condition: [Part]
    private let consequence: [Part]?

    private struct Part: Sendable {
        var axis: Int
        /// By choice.
        var holds: [Bool]
    }

    init(reading document: Document, axes: [GridAxis]) throws(DocumentError) {
        var reader = try document.object()
        let not = reader.optional("not"), when = reader.optional("if"), then = reader.optional("then")
        try reader.finish()
        if let not {
            guard when == nil, then == nil else { throw document.malformed("has \"not\" beside \"if\" and \"then\"; make two filters of it") }
            condition = try Self.parts(not, axes)
            consequence = nil
        } else {
            guard let then else { throw document.malformed("is no filter; write { \"if\": { axis: value }, \"then\": { axis: value } } or { \"not\": { axis: value } }") }
            condition = try when.map { part throws(DocumentError) in try Self.parts(part, axes) } ?? []
            consequence = try Self.parts(then, axes)
        }
    }

    func keeps(_ choices: [Int]) -> Bool {
        guard condition.allSatisfy({ $0.holds[choices[$0.axis]] }) else { return true }
        return consequence?.allSatisfy { $0.holds[choices[$0.axis]] } ?? false
    }

    private static func parts(_ document: Document, _ axes: [GridAxis]) throws(DocumentError) -> [Part] {
        var parts: [Part] = []
        for (key, value) in try document.members() {
            guard let (axis, column) = place(of: key, in: axes) else {
                let known = axes.flatMap(\.targets).map(\.text)
                let hint = nearest(to: key, among: known).map { "did you mean \"\($0)\"?" } ?? "the axes are \(list(known))"
                throw value.malformed("\"\(key)\" is no axis of this grid; \(hint)")
            }
            let test = try Test(reading: value)
            let holds = axes[axis].choices.map { test.holds($0[column]) }
            guard holds.contains(true) else { throw value.malformed("no value of \"\(key)\" is meant by it") }
            parts.append(Part(axis: axis, holds: holds))
        }
        guard !parts.isEmpty else { throw document.malformed("is empty; name an axis and its values") }
        return parts
    }

    private static func place(of key: String, in axes: [GridAxis]) -> (axis: Int, column: Int)? {
        for (axis, own) in axes.enumerated() {
            if let column = own.targets.firstIndex(where: { $0.text == key }) { return (axis, column) }
        }
        return nil
    }

    /// A value, a list of values, or a comparison: `"<= 4"`.
    private enum Test {
        case among([AxisValue])
        case compared(String, Double)

        init(reading document: Document) throws(DocumentError) {
            if case .array = document.json {
                var values: [AxisValue] = []
                for item in try document.array() { values.append(try AxisValue(reading: item)) }
                self = .among(values)
                return
            }
            let value = try AxisValue(reading: document)
            guard case .value(let text, false) = value, let relation = ["<=", ">=", "<", ">", "!="].first(where: text.hasPrefix) else {
                self = .among([value])
                return
            }
            let rest = String(text.dropFirst(relation.count).drop { $0 == " " })
            guard let number = Double(rest) ?? Measure(rest)?.inBaseUnit else {
                throw document.malformed("\"\(text)\" compares with something that is no number")
            }
            self = .compared(relation, number)
        }

        func holds(_ value: AxisValue) -> Bool {
            switch self {
            case .among(let values): return values.contains { $0 == value || $0.label == value.label }
            case .compared(let relation, let bound):
                guard let number = value.number else { return false }
                return switch relation {
                case "<=": number <= bound
                case ">=": number >= bound
                case "<": number < bound
                case ">": number > bound
                default: number != bound
                }
            }
        }
    }
}
