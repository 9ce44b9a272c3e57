import Quantities

/// A place inside a document, as messages and grids write it: `memory[dram].bandwidth`, `links[1].latency`.
///
/// In brackets stands a number, or the `name` or `level` of an element of a list.
public struct JSONPath: Hashable, Sendable, CustomStringConvertible {
    public enum Step: Hashable, Sendable {
        case key(String)
        case element(String)
    }

    public let steps: [Step]

    public init(_ steps: [Step]) { self.steps = steps }

    /// - Returns: nil where the text is no path: empty keys, brackets that do not close.
    public init?(parsing text: String) {
        var steps: [Step] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
            guard let key = pieces.first, !key.isEmpty, !key.contains("]") else { return nil }
            steps.append(.key(String(key)))
            for piece in pieces.dropFirst() {
                guard piece.count > 1, piece.hasSuffix("]"), !piece.dropLast().contains("]") else { return nil }
                steps.append(.element(String(piece.dropLast())))
            }
        }
        self.init(steps)
    }

    public var description: String { Self.text(of: steps[...]) }
    public var isEmpty: Bool { steps.isEmpty }

    static func text(of steps: ArraySlice<Step>) -> String {
        steps.enumerated().reduce(into: "") { text, step in
            switch step.element {
            case .key(let key): text += (step.offset == 0 ? "" : ".") + key
            case .element(let name): text += "[\(name)]"
            }
        }
    }
}

extension JSON {
    /// The value at a path, nil where there is none.
    public func value(at path: JSONPath) -> JSON? {
        var json = self
        for step in path.steps {
            switch step {
            case .key(let key):
                guard let member = json[key] else { return nil }
                json = member
            case .element(let name):
                guard case .array(let values) = json, let index = json.index(of: name) else { return nil }
                json = values[index]
            }
        }
        return json
    }

    /// The document with another value at a path. Objects on the way that are missing are made; elements of lists are not.
    ///
    /// - Returns: nil where the path leads through something that is no object or list, or to an element that is not there.
    public func setting(_ value: JSON, at path: JSONPath) -> JSON? { setting(value, path.steps[...]) }

    private func setting(_ new: JSON, _ steps: ArraySlice<JSONPath.Step>) -> JSON? {
        guard let step = steps.first else { return new }
        switch step {
        case .key(let key):
            var members: [Member]
            switch self {
            case .object(let own): members = own
            case .null: members = []
            default: return nil
            }
            let index = members.firstIndex { $0.key == key }
            guard let inner = (index.map { members[$0].value } ?? .null).setting(new, steps.dropFirst()) else { return nil }
            if let index { members[index] = Member(key: key, value: inner) } else { members.append(Member(key: key, value: inner)) }
            return .object(members)
        case .element(let name):
            guard case .array(var values) = self, let index = index(of: name), let inner = values[index].setting(new, steps.dropFirst()) else { return nil }
            values[index] = inner
            return .array(values)
        }
    }

    private func index(of name: String) -> Int? {
        guard case .array(let values) = self else { return nil }
        if let number = Int(name) { return values.indices.contains(number) ? number : nil }
        return values.firstIndex { $0["name"] == .string(name) || $0["level"] == .string(name) }
    }
}
