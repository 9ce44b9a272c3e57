import Quantities

// How figures are written in tables: few digits, short units.

func percent(_ share: Double) -> String {
    guard share.isFinite else { return "–" }
    let value = share * 100
    if value != 0, abs(value) < 0.05 { return value > 0 ? "<0.1 %" : "0 %" }
    return "\(oneDecimal(value)) %"
}

/// With exactly one decimal, so that a column of them is aligned at the point.
func oneDecimal(_ value: Double) -> String {
    let text = fixed(value, decimals: 1)
    return text.contains(".") ? text : text + ".0"
}

extension Quantity {
    /// Three significant digits and the unit: `"21.3 ms"`, `"2.91 TB/s"`.
    var short: String {
        guard value.isFinite else { return "–" }
        let text = description
        guard let space = text.lastIndex(of: " "), let number = Double(text[..<space]) else { return text }
        return significant(number, digits: 3) + text[space...]
    }
}

/// A count of executions: whole where it is, with thousands in groups.
func counted(_ count: Double) -> String {
    guard count.isFinite, abs(count) < 1e15 else { return significant(count, digits: 3) }
    guard count == count.rounded() else { return oneDecimal(count) }
    var digits = String(Int64(abs(count)))
    var groups: [String] = []
    while digits.count > 3 {
        groups.insert(String(digits.suffix(3)), at: 0)
        digits.removeLast(3)
    }
    return (count < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
}

/// A number of parameters or tokens as the field writes it: `"8.03 B"`, `"671 B"`.
func scaled(_ number: Double) -> String {
    for (suffix, size) in [("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3)] where number >= size * 0.9995 {
        return "\(significant(number / size, digits: 4)) \(suffix)"
    }
    return significant(number)
}
