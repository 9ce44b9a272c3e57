import Foundation

/// One element of a page or a picture, as far as tests look at it.
struct Element {
    var name: String
    var attributes: [String: String]
    /// What stands between its tags, other elements and all.
    var inside: String

    subscript(_ attribute: String) -> Double? { attributes[attribute].flatMap { Double($0) } }
    var classes: [String] { attributes["class"].map { $0.split(separator: " ").map(String.init) } ?? [] }
    /// What a reader sees of it.
    var text: String { inside.replacing(/<[^>]*>/, with: "").unescaped }

    /// All elements of a name, in their order; those that hold others of their own name are cut at the first end.
    static func all(_ name: String, in text: String) -> [Element] {
        let pattern = try! Regex("<\(name)(\\s[^>]*?)?(?:/>|>(.*?)</\(name)>)").dotMatchesNewlines()
        return text.matches(of: pattern).map { match in
            let written = match.output[1].substring.map(String.init) ?? ""
            let pairs = written.matches(of: /([\w-]+)="([^"]*)"/).map { (String($0.output.1), String($0.output.2).unescaped) }
            return Element(name: name, attributes: Dictionary(pairs, uniquingKeysWith: { first, _ in first }), inside: match.output[2].substring.map(String.init) ?? "")
        }
    }
}

extension String {
    var unescaped: String {
        replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"").replacing("&#39;", with: "'").replacing("&amp;", with: "&")
    }

    /// A figure as a page writes it, in the base unit, and how far its rounding may be off: `"21.3 ms"`.
    var figure: (value: Double, error: Double)? {
        let units: [(String, Double)] = [
            ("", 1), ("%", 0.01), ("×", 1), ("ps", 1e-12), ("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("pJ", 1e-12), ("nJ", 1e-9), ("µJ", 1e-6), ("mJ", 1e-3), ("J", 1),
            ("kJ", 1e3), ("MJ", 1e6), ("mW", 1e-3), ("W", 1), ("kW", 1e3), ("B", 1), ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776), ("B/s", 1),
            ("kB/s", 1e3), ("MB/s", 1e6), ("GB/s", 1e9), ("TB/s", 1e12), ("PB/s", 1e15), ("FLOP/s", 1), ("kFLOP/s", 1e3), ("MFLOP/s", 1e6), ("GFLOP/s", 1e9), ("TFLOP/s", 1e12),
            ("PFLOP/s", 1e15), ("USD", 1), ("FLOP/byte", 1), ("FLOP", 1), ("kFLOP", 1e3), ("MFLOP", 1e6), ("GFLOP", 1e9), ("TFLOP", 1e12), ("PFLOP", 1e15),
        ]
        let words = split { $0 == " " || $0 == "\u{A0}" }.map(String.init)
        guard let first = words.first, words.count <= 2, let scale = units.first(where: { $0.0 == (words.count > 1 ? words[1] : "") })?.1 else { return nil }
        // A share of less than 0.05 % is written as less than 0.1 %.
        if first == "<0.1" { return (0, 0.0005) }
        let digits = first.replacing(",", with: ""), number = digits.replacing("−", with: "-")
        guard let value = Double(number) else { return nil }
        // Shares have one decimal, other figures three digits.
        return (value * scale, (words.last == "%" ? 0.0005 : abs(value) * scale * 0.005) * (1 + 1e-9))
    }
}
