import Quantities

// Building a document from values, members in the order in which they are written:
//
//     let answer: JSON = ["fits": true, "latencySeconds": JSON(latency), "notes": JSON(notes)]

extension JSON {
    /// The shortest text that reads back as the same number; null for what JSON cannot say (not a number, infinite, nil).
    public init(_ number: Double?) {
        guard let number, number.isFinite else {
            self = .null
            return
        }
        let text = number.description
        self = .number(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }

    public init(_ number: Int?) { self = number.map { .number(String($0)) } ?? .null }
    public init(_ text: String?) { self = text.map { .string($0) } ?? .null }
    public init(_ texts: [String]) { self = .array(texts.map { .string($0) }) }
    /// The value in the base unit of its dimension; the key says which: `latencySeconds`.
    public init<D>(_ quantity: Quantity<D>?) { self.init(quantity?.value) }

    /// The document on one line.
    public var compact: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text): text
        case .string: text(width: .max)
        case .array(let values): "[" + values.map(\.compact).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { JSON.string($0.key).compact + ":" + $0.value.compact }.joined(separator: ",") + "}"
        }
    }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .number(String(value)) }
    public init(stringLiteral value: String) { self = .string(value) }
}

extension JSON: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member(key: $0.0, value: $0.1) })
    }
}
