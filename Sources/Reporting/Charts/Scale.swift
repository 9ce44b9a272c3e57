#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where a value stands on an axis.
///
///     let x = Scale.linear(0...80, onto: 100...900)
///     x(40)          // 500
///     x.ticks(5)     // 0, 20, 40, 60, 80
public struct Scale: Sendable {
    public enum Kind: Sendable { case linear, logarithmic }

    public let kind: Kind
    /// Values at the two ends; positive on a logarithmic scale.
    public let domain: ClosedRange<Double>
    /// Coordinates at the two ends; the first is that of the lower value and may be the larger.
    public let start: Double
    public let end: Double

    public static func linear(_ domain: ClosedRange<Double>, from start: Double, to end: Double) -> Scale {
        Scale(kind: .linear, domain: domain, start: start, end: end)
    }

    public static func logarithmic(_ domain: ClosedRange<Double>, from start: Double, to end: Double) -> Scale {
        Scale(kind: .logarithmic, domain: domain, start: start, end: end)
    }

    public func callAsFunction(_ value: Double) -> Double { start + (end - start) * fraction(of: value) }

    /// 0 at the lower end of the domain, 1 at the upper one; beyond them outside 0...1.
    public func fraction(of value: Double) -> Double {
        let (low, high) = (position(domain.lowerBound), position(domain.upperBound))
        return high > low ? (position(value) - low) / (high - low) : 0
    }

    private func position(_ value: Double) -> Double { kind == .linear ? value : log10(max(value, .leastNormalMagnitude)) }

    // MARK: Ticks

    /// Round values inside the domain, at most so many: steps of 1, 2 or 5 on a linear scale; powers of ten on a logarithmic
    /// one, with 2 and 5 between them where there is room.
    ///
    /// - Parameter unit: on a linear scale, in which unit they have to be round: 1024³ for GiB.
    public func ticks(_ most: Int, unit: Double = 1) -> [Double] {
        let most = max(2, most)
        return kind == .linear ? linearTicks(most, unit) : logarithmicTicks(most)
    }

    private func linearTicks(_ most: Int, _ unit: Double) -> [Double] {
        let (low, high) = (domain.lowerBound / unit, domain.upperBound / unit)
        guard high > low else { return [domain.lowerBound] }
        let step = Self.step(of: high - low, atMost: most)
        let first = (low / step - 1e-9).rounded(.up), last = (high / step + 1e-9).rounded(.down)
        return stride(from: first, through: last, by: 1).map { Self.multiple($0, of: step) * unit }
    }

    private func logarithmicTicks(_ most: Int) -> [Double] {
        let low = Int(log10(domain.lowerBound).rounded(.down)), high = Int(log10(domain.upperBound).rounded(.up))
        func inside(_ values: [Double]) -> [Double] {
            values.filter { $0 >= domain.lowerBound * (1 - 1e-9) && $0 <= domain.upperBound * (1 + 1e-9) }
        }
        for steps in [[1.0, 2, 5], [1.0, 3], [1.0]] {
            let ticks = inside((low...high).flatMap { decade in steps.map { Self.scaled($0, by: decade) } })
            if ticks.count <= most, ticks.count >= 2 { return ticks }
        }
        let decades = inside((low...high).map { Self.scaled(1, by: $0) })
        guard decades.count > most else { return decades.count >= 2 ? decades : Scale.linear(domain, from: start, to: end).ticks(most) }
        let every = (decades.count + most - 1) / most
        return decades.enumerated().filter { $0.offset % every == 0 }.map(\.element)
    }

    /// 1, 2 or 5 times a power of ten: the smallest of which no more than `most` multiples stand in the span from zero.
    private static func step(of span: Double, atMost most: Int) -> Double {
        let exponent = Int(log10(span / Double(most)).rounded(.down))
        for factor in [1.0, 2, 5, 10, 20, 50] {
            let step = scaled(factor, by: exponent)
            if Int((span / step + 1e-9).rounded(.down)) + 1 <= most { return step }
        }
        return span
    }

    /// Decimal where it can be: 0.3, not 0.30000000000000004.
    private static func scaled(_ factor: Double, by exponent: Int) -> Double {
        exponent >= 0 ? factor * pow(10, Double(exponent)) : factor / pow(10, Double(-exponent))
    }

    private static func multiple(_ count: Double, of step: Double) -> Double {
        step < 1 ? count / (1 / step).rounded(toMultipleOfOne: 1e-6) : count * step
    }

    // MARK: Domains

    /// All positive values with a little room at both ends; a decade around a single one.
    public static func decades(covering values: [Double], margin: Double = 0.06) -> ClosedRange<Double> {
        let positive = values.filter { $0 > 0 && $0.isFinite }
        guard let least = positive.min(), let most = positive.max() else { return 1...10 }
        guard most > least * 1.05 else { return least / 3...most * 3 }
        let room = pow(most / least, margin)
        return least / room...most * room
    }
}

private extension Double {
    /// Without the rounding of a reciprocal: `1 / 0.2` is 5.
    func rounded(toMultipleOfOne tolerance: Double) -> Double { abs(self - rounded()) < tolerance * abs(self) ? rounded() : self }
}
