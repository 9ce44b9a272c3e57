import Quantities

/// A value inside a file, which knows where it stands, so that whoever reads it can say what is wrong there.
public struct Document: Sendable {
    /// The file as the person named it.
    public let file: String
    /// The place inside the file: `memory[2].bandwidth`, empty for the whole.
    public let path: String
    public let json: JSON

    public init(file: String, path: String = "", json: JSON) {
        self.file = file
        self.path = path
        self.json = json
    }

    /// Reads the text of a file.
    ///
    /// - Throws: `DocumentError` with line and column where the text is not JSON.
    public init(file: String, text: some Collection<UInt8>) throws(DocumentError) {
        let bytes = Array(text)
        guard bytes.contains(where: { $0 > 0x20 }) else { throw DocumentError(file: file, message: "is empty; a declaration is an object in curly braces") }
        guard !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) else { throw DocumentError(file: file, message: "is in UTF-16; save it as UTF-8") }
        var parser = JSONParser(bytes)
        do {
            self.init(file: file, json: try parser.parse())
        } catch {
            let place = JSONParser.place(of: error.offset, in: bytes)
            throw DocumentError(file: file, path: "line \(place.line), column \(place.column)", message: error.message)
        }
    }

    public func error(_ message: String) -> DocumentError {
        DocumentError(file: file, path: path, message: message)
    }

    /// The same, for a value that is wrong by itself, whatever else stands in the file.
    public func malformed(_ message: String) -> DocumentError {
        DocumentError(file: file, path: path, message: message, isMalformed: true)
    }

    // MARK: Values

    public func string() throws(DocumentError) -> String {
        guard case .string(let text) = json else { throw malformed("is \(json.kind); write a string in double quotes") }
        guard !text.isEmpty else { throw malformed("is empty") }
        return text
    }

    public func bool() throws(DocumentError) -> Bool {
        guard case .bool(let value) = json else { throw malformed("is \(json.kind); write true or false") }
        return value
    }

    /// A number without a unit, such as an efficiency or a probability.
    public func number(in range: ClosedRange<Double> = -1e300...1e300) throws(DocumentError) -> Double {
        guard case .number(let text) = json, let value = Double(text), value.isFinite else {
            throw malformed("is \(json.kind); write a plain number")
        }
        guard range.contains(value) else {
            throw malformed("\(text) is out of range; use \(significant(range.lowerBound)) to \(significant(range.upperBound))")
        }
        return value
    }

    /// A whole number: a count or a dimension. At most 2^53, so that products stay exact as long as they can.
    public func integer(in range: ClosedRange<Int> = 0...9_007_199_254_740_992) throws(DocumentError) -> Int {
        guard case .number(let text) = json else { throw malformed("is \(json.kind); write a whole number") }
        let right = "use \(range.lowerBound) to \(range.upperBound)"
        guard let value = Int(text) ?? Double(text).flatMap({ Int(exactly: $0) }) else {
            let whole = Double(text).map { $0.rounded() == $0 } ?? false
            throw malformed("\(text) is \(whole ? "out of range" : "not a whole number"); \(right)")
        }
        guard range.contains(value) else { throw malformed("\(value) is out of range; \(right)") }
        return value
    }

    /// A number with its unit in a string: `"2.039 TB/s"`. Never negative.
    public func quantity<D>(_: Quantity<D>.Type = Quantity<D>.self) throws(DocumentError) -> Quantity<D> {
        guard case .string(let text) = json else {
            if case .number(let text) = json {
                throw malformed("\(text) has no unit; write a string such as \"\(text) \(D.units[0].symbol)\"")
            }
            throw malformed("is \(json.kind); write a \(D.label) such as \"1 \(D.units[0].symbol)\"")
        }
        let value: Quantity<D>
        do { value = try Quantity<D>(parsing: text) } catch { throw malformed(error.description) }
        guard value.value >= 0 else { throw malformed("\"\(text)\" is negative, which a \(D.label) is not") }
        return value
    }

    /// A word out of a closed set.
    public func choice<C: CaseIterable & RawRepresentable>(_: C.Type = C.self) throws(DocumentError) -> C where C.RawValue == String {
        let word = try string()
        if let value = C(rawValue: word) { return value }
        let words = C.allCases.map(\.rawValue)
        if let near = nearest(to: word, among: words) { throw malformed("\"\(word)\" is unknown; did you mean \"\(near)\"?") }
        throw malformed("\"\(word)\" is unknown; use \(list(words))")
    }

    public func array() throws(DocumentError) -> [Document] {
        guard case .array(let values) = json else { throw malformed("is \(json.kind); write a list in square brackets") }
        return values.enumerated().map { Document(file: file, path: "\(path)[\($0.offset)]", json: $0.element) }
    }

    public func object() throws(DocumentError) -> ObjectReader {
        guard case .object(let members) = json else { throw malformed("is \(json.kind); write an object in curly braces") }
        return ObjectReader(self, members)
    }

    /// The members of an object whose keys are names, not known words: in the order they were written.
    public func members() throws(DocumentError) -> [(key: String, value: Document)] {
        guard case .object(let members) = json else { throw malformed("is \(json.kind); write an object in curly braces") }
        return members.map { ($0.key, child($0.key, $0.value)) }
    }

    func child(_ key: String, _ value: JSON) -> Document {
        Document(file: file, path: path.isEmpty ? key : "\(path).\(key)", json: value)
    }
}

/// Words joined as a person would: `a, b or c`.
public func list(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
}
