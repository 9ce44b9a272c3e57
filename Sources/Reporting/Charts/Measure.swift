import Quantities

/// How the values of an axis are written: their unit and its larger and smaller forms.
public struct Measure: Sendable {
    /// Smallest first; values are in the unit of scale 1.
    private let units: [Unit]
    /// Written behind a value without changing form: `%`, `FLOP/byte`.
    private let fixedUnit: Bool

    public init<D: Dimension>(_: D.Type) {
        units = D.printed.compactMap { symbol in D.units.first { $0.symbol == symbol }.map { Unit(symbol.replacingMicro, $0.scale) } }
        fixedUnit = false
    }

    /// Values written with one unit whatever their size; an empty one for plain numbers.
    public init(unit: String, scale: Double = 1) {
        units = [Unit(unit, scale)]
        fixedUnit = true
    }

    public static let time = Measure(TimeDimension.self)
    public static let bytes = Measure(SizeDimension.self)
    public static let computeRate = Measure(ComputeDimension.self)
    public static let work = Measure(WorkDimension.self)
    public static let bandwidth = Measure(BandwidthDimension.self)
    public static let energy = Measure(EnergyDimension.self)
    public static let power = Measure(PowerDimension.self)
    /// Of fractions: 0.5 is written as 50 %.
    public static let percent = Measure(unit: "%", scale: 0.01)
    public static let intensity = Measure(unit: "FLOP/byte")
    public static let count = Measure(unit: "")

    /// The form that suits a value of this size.
    func unit(for value: Double) -> Unit {
        let size = abs(value)
        var unit = units[0]
        for candidate in units where size >= candidate.scale * 0.9995 { unit = candidate }
        return unit
    }

    /// Three significant digits and the unit: `"21.3 ms"`.
    public func text(_ value: Double, digits: Int = 3) -> String {
        guard value.isFinite else { return "–" }
        let unit = value == 0 ? units.first { $0.scale == 1 } ?? units[0] : unit(for: value)
        let scaled = value / unit.scale
        if fixedUnit, unit.symbol == "%" { return Reporting.percent(value) }
        let number = fixedUnit && abs(scaled) >= 1000 ? counted(scaled.rounded()) : significant(scaled, digits: digits)
        return unit.symbol.isEmpty ? number : "\(number)\u{A0}\(unit.symbol)"
    }

    /// A tick without its unit, which stands in the title of the axis.
    func tick(_ value: Double, in unit: Unit) -> String {
        let scaled = value / unit.scale
        return abs(scaled) >= 10_000 ? counted(scaled) : significant(scaled)
    }
}

private extension String {
    /// Files spell it `us`; a page has the letter.
    var replacingMicro: String { hasPrefix("u") ? "µ" + dropFirst() : self }
}
