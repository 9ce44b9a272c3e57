import Documents
import Quantities

/// What an axis puts at its place: a value, or a factor on the one that stands there.
enum AxisValue: Hashable, Sendable {
    case value(text: String, isNumber: Bool)
    case truth(Bool)
    /// `×1.5`
    case factor(Double)

    init(reading document: Document) throws(DocumentError) {
        switch document.json {
        case .string:
            let text = try document.string()
            if let factor = try Self.factor(text, document) { self = .factor(factor) } else { self = .value(text: text, isNumber: false) }
        case .number(let text):
            _ = try document.number()
            self = .value(text: text, isNumber: true)
        case .bool(let truth): self = .truth(truth)
        default: throw document.malformed("is \(document.json.kind); write a number, a string, or a factor such as \"×1.5\"")
        }
    }

    private static func factor(_ text: String, _ document: Document) throws(DocumentError) -> Double? {
        guard text.hasPrefix("×") || (text.hasPrefix("x") && text.dropFirst().first?.isNumber == true) else { return nil }
        guard let factor = Double(text.dropFirst()), factor.isFinite, (1e-6...1e6).contains(factor) else {
            throw document.malformed("\"\(text)\" is no factor; use ×0.000001 to ×1000000")
        }
        return factor
    }

    var json: JSON {
        switch self {
        case .value(let text, let isNumber): isNumber ? .number(text) : .string(text)
        case .truth(let truth): .bool(truth)
        case .factor(let factor): .string("×\(significant(factor, digits: 6))")
        }
    }

    /// As a reader sees it.
    var label: String {
        switch self {
        case .value(let text, _): text
        case .truth(let truth): truth ? "true" : "false"
        case .factor(let factor): "×\(significant(factor, digits: 6))"
        }
    }

    /// For a scale: a plain number, a factor, or a quantity in the base unit of its dimension.
    var number: Double? {
        switch self {
        case .value(let text, let isNumber): isNumber ? Double(text) : Measure(text)?.inBaseUnit
        case .truth: nil
        case .factor(let factor): factor
        }
    }
}

/// A number with a unit, whatever its dimension: `2 TB/s`.
struct Measure: Equatable {
    var number: Double
    var unit: String

    init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let number = Double(parts[0]), number.isFinite, parts[1].first?.isNumber == false else { return nil }
        self.number = number
        unit = String(parts[1])
    }

    var inBaseUnit: Double? {
        let units = [TimeDimension.units, SizeDimension.units, BandwidthDimension.units, ComputeDimension.units, FrequencyDimension.units, EnergyDimension.units,
                     PowerDimension.units, EnergyPerByteDimension.units, EnergyPerFlopDimension.units, CycleDimension.units, FlopsPerCycleDimension.units,
                     BytesPerCycleDimension.units, BitDimension.units]
        return units.lazy.joined().first { $0.symbol == unit }.map { number * $0.scale }
    }
}
