/// A moment of simulated time, or a span of it: a whole number of picoseconds.
///
/// Whole numbers make two runs agree bit for bit and make equal times comparable. 2⁶³ ps are 106 days.
///
/// Time saturates instead of wrapping around: what would lie beyond the last representable picosecond is
/// ``never``, and an event at ``never`` is not delivered.
public struct SimulationTime: Hashable, Comparable, Sendable {
    /// Picoseconds since the start of the simulation.
    public var picoseconds: Int64

    @inlinable public init(picoseconds: Int64) { self.picoseconds = picoseconds }

    /// The picosecond nearest to `seconds` (ties to even); ±∞ and everything out of range saturate.
    ///
    /// - Precondition: `seconds` is not NaN.
    @inlinable public init(seconds: Double) {
        precondition(!seconds.isNaN, "a time of NaN seconds is a mistake made earlier")
        let exact = seconds * 1e12
        let magnitude = exact.magnitude
        guard magnitude < 0x1p63 else {
            self.init(picoseconds: exact < 0 ? -.max : .max)
            return
        }
        // Adding and subtracting 2⁵² rounds to the nearest integer; from 2⁵² on every Double is one.
        let whole = magnitude < 0x1p52 ? (magnitude + 0x1p52) - 0x1p52 : magnitude
        self.init(picoseconds: exact < 0 ? -Int64(whole) : Int64(whole))
    }

    /// The value in seconds, rounded to the nearest `Double` (half an hour comes back to the picosecond).
    @inlinable public var seconds: Double { Double(picoseconds) / 1e12 }

    /// The start of the simulation.
    @inlinable public static var zero: Self { Self(picoseconds: 0) }

    /// Later than everything that happens.
    @inlinable public static var never: Self { Self(picoseconds: .max) }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.picoseconds < b.picoseconds }

    /// The time `b` after `a`; ``never`` when that cannot be represented.
    @inlinable public static func + (a: Self, b: Self) -> Self {
        let (sum, overflow) = a.picoseconds.addingReportingOverflow(b.picoseconds)
        return Self(picoseconds: overflow ? (b.picoseconds < 0 ? -.max : .max) : sum)
    }

    /// The span from `b` to `a`; saturates like `+`.
    @inlinable public static func - (a: Self, b: Self) -> Self {
        let (difference, overflow) = a.picoseconds.subtractingReportingOverflow(b.picoseconds)
        return Self(picoseconds: overflow ? (b.picoseconds < 0 ? .max : -.max) : difference)
    }
}
