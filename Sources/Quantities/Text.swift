/// Why a text is not the quantity it should be, in words for the person who wrote it.
public struct QuantityError: Error, Equatable, CustomStringConvertible {
    public let description: String
}

extension Quantity {
    /// Reads a number and its unit, such as `"2.039 TB/s"`.
    ///
    /// - Throws: `QuantityError` when the number, the unit or the space between them is not there, with the nearest
    ///   unit of this dimension.
    public init(parsing text: String) throws(QuantityError) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: true)
        let units = D.units
        guard let first = parts.first, let number = decimal(first) else {
            let right = Self.spaced(text).map { "did you mean \"\($0)\"?" } ?? "write a number and a unit, as in \"1 \(units[0].symbol)\""
            throw QuantityError(description: "\"\(text)\" is not a \(D.label); \(right)")
        }
        guard parts.count == 2 else {
            let why = parts.count == 1 ? "has no unit" : "is not a \(D.label)"
            throw QuantityError(description: "\"\(text)\" \(why); did you mean \"\(first) \(units[0].symbol)\"?")
        }
        guard let unit = units.first(where: { $0.symbol == parts[1] }) else {
            let right = nearest(to: String(parts[1]), among: units.map(\.symbol)).map { "did you mean \"\(first) \($0)\"?" } ?? "its unit is \(Self.usualUnits)"
            throw QuantityError(description: "\"\(text)\" is not a \(D.label); \(right)")
        }
        self.init(number * unit.scale)
    }

    /// The text with the space that is missing between number and unit, nil where that is not what is wrong.
    private static func spaced(_ text: String) -> String? {
        D.units.lazy.filter { text.hasSuffix($0.symbol) }.map { (text.dropLast($0.symbol.count), $0.symbol) }
            .first { decimal($0.0) != nil }.map { "\($0.0) \($0.1)" }
    }

    /// Every unit where there are few, else those in which values are printed.
    private static var usualUnits: String {
        let symbols = D.units.count <= 6 ? D.units.map(\.symbol) : D.printed
        return symbols.count > 1 ? symbols.dropLast().joined(separator: ", ") + " or " + symbols[symbols.count - 1] : symbols[0]
    }
}

extension Quantity: CustomStringConvertible {
    /// Three or four significant digits in the unit that suits the size: `"3.35 TB/s"`.
    public var description: String {
        guard value != 0 else { return "0 \(D.units[0].symbol)" }
        var unit = D.printed[0]
        for symbol in D.printed where magnitude >= scale(of: symbol) * 0.9995 { unit = symbol }
        return "\(significant(value / scale(of: unit))) \(unit)"
    }

    private var magnitude: Double { abs(value) }
    private func scale(of symbol: String) -> Double { D.units.first { $0.symbol == symbol }?.scale ?? 1 }
}

/// A plain decimal number: digits, a point, an exponent; no "nan", "inf" or hexadecimal.
func decimal(_ text: Substring) -> Double? {
    guard let first = text.utf8.first, first == UInt8(ascii: "-") || (48...57).contains(first) else { return nil }
    let allowed: (UInt8) -> Bool = { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
    guard text.utf8.allSatisfy(allowed), let number = Double(text), number.isFinite else { return nil }
    return number
}

/// A number with four significant digits and no trailing zeros, in plain notation where that is readable.
public func significant(_ number: Double, digits: Int = 4) -> String {
    guard number.isFinite else { return number.isNaN ? "nan" : (number > 0 ? "inf" : "-inf") }
    guard number != 0 else { return "0" }
    var exponent = 0
    var size = abs(number)
    while size >= 10 { size /= 10; exponent += 1 }
    while size < 1 { size *= 10; exponent -= 1 }
    if exponent < -4 || exponent > 14 { return "\(fixed(number < 0 ? -size : size, decimals: digits - 1))e\(exponent)" }
    return fixed(number, decimals: max(0, digits - 1 - exponent))
}

/// A number rounded half away from zero to so many decimals, trailing zeros removed.
public func fixed(_ number: Double, decimals: Int) -> String {
    var factor = 1.0
    for _ in 0..<decimals { factor *= 10 }
    let rounded = (abs(number) * factor).rounded()
    guard rounded < 9e15 else { return "\(number)" }
    let whole = Int64(rounded) / Int64(factor), part = Int64(rounded) % Int64(factor)
    var text = "\(number < 0 && rounded > 0 ? "-" : "")\(whole)"
    if part > 0 {
        var tail = "\(part)"
        tail = String(repeating: "0", count: decimals - tail.count) + tail
        while tail.hasSuffix("0") { tail.removeLast() }
        text += "." + tail
    }
    return text
}
