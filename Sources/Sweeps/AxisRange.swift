import Documents
import Quantities
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Values from one to another, in equal steps or equal ratios:
///
///     { "from": 1, "to": 64, "times": 2 }                              1, 2, 4, 8, 16, 32, 64
///     { "from": 1024, "to": 8192, "step": 1024 }
///     { "from": "1 TB/s", "to": "8 TB/s", "count": 4, "scale": "log" }  1, 2, 4, 8 TB/s
struct AxisRange {
    /// More than anybody reads off one axis.
    static let mostValues = 100_000

    let values: [AxisValue]

    private enum Scale: String, CaseIterable {
        case linear, log
    }

    /// How the ends are written, and with them everything between.
    private enum Kind: Equatable {
        case whole, fraction, factor, measure(String)

        func value(_ number: Double) -> AxisValue {
            switch self {
            case .whole: .value(text: String(Int(number.rounded())), isNumber: true)
            case .fraction: .value(text: significant(number, digits: 6), isNumber: true)
            case .factor: .factor(Double(significant(number, digits: 6)) ?? number)
            case .measure(let unit): .value(text: "\(significant(number, digits: 6)) \(unit)", isNumber: false)
            }
        }
    }

    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        let from = try reader.require("from"), to = try reader.require("to")
        let step = reader.optional("step"), times = reader.optional("times"), count = reader.optional("count")
        let scale: Scale = try reader.optional("scale")?.choice() ?? .linear
        try reader.finish()
        let (low, kind) = try Self.end(from), (high, other) = try Self.end(to)
        let common: Kind = switch (kind, other) {
        case (.whole, .fraction), (.fraction, .whole): .fraction
        default: kind
        }
        guard kind == other || common == .fraction else { throw to.malformed("is not written like \"from\"; give both in one unit") }
        guard low < high else { throw to.malformed("is not above \"from\", so that there is nothing between them") }
        guard [step, times, count].count(where: { $0 != nil }) == 1 else { throw document.malformed("needs one of \"step\", \"times\" and \"count\"") }
        var numbers: [Double] = []
        if let step {
            let (width, own) = try Self.end(step)
            guard own == common || (common == .fraction && own == .whole) else { throw step.malformed("is not written like \"from\"; give it in the same unit") }
            guard width > 0 else { throw step.malformed("is not above 0") }
            try Self.refuse((high - low) / width, document)
            numbers = stride(from: 0, through: ((high - low) / width * (1 + 1e-12)).rounded(.down), by: 1).map { low + width * $0 }
        } else if let times {
            let ratio = try times.number(in: 1.0001...1e6)
            guard low > 0 else { throw from.malformed("is 0, which no factor takes any further; use \"step\"") }
            try Self.refuse(log(high / low) / log(ratio), document)
            numbers = stride(from: 0, through: (log(high / low) / log(ratio) * (1 + 1e-12) + 1e-9).rounded(.down), by: 1).map { low * pow(ratio, $0) }
        } else if let count {
            let n = try count.integer(in: 2...Self.mostValues)
            if scale == .log, low <= 0 { throw from.malformed("is 0, which a logarithmic range does not reach") }
            numbers = (0..<n).map { index in
                let part = Double(index) / Double(n - 1)
                return scale == .log ? low * pow(high / low, part) : low + (high - low) * part
            }
        }
        var values: [AxisValue] = []
        for value in numbers.map(common.value) where values.last != value { values.append(value) }
        self.values = values
    }

    private static func refuse(_ steps: Double, _ document: Document) throws(DocumentError) {
        if steps + 1 > Double(mostValues) { throw document.malformed("makes more than \(mostValues) values; use a larger \"step\" or a \"count\"") }
    }

    private static func end(_ document: Document) throws(DocumentError) -> (Double, Kind) {
        switch try AxisValue(reading: document) {
        case .factor(let factor): return (factor, .factor)
        case .value(let text, true):
            let number = try document.number(in: 0...1e18)
            return (number, Int(text) == nil ? .fraction : .whole)
        case .value(let text, false):
            guard let measure = Measure(text), measure.number >= 0 else { throw document.malformed("\"\(text)\" is no number with a unit; names go into a list") }
            return (measure.number, .measure(measure.unit))
        case .truth: throw document.malformed("is true or false; put both into a list")
        }
    }
}
