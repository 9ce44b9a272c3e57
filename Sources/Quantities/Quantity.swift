/// A physical dimension: the units it is written in and how one value of it is called.
public protocol Dimension: Sendable {
    /// What a reader calls it, as in "is not a bandwidth".
    static var label: String { get }
    /// The accepted unit spellings and their size in the base unit, base unit first.
    static var units: [Unit] { get }
    /// The unit spellings a printed value may use, smallest first.
    static var printed: [String] { get }
}

/// One spelling of a unit and its size in the base unit of its dimension.
public struct Unit: Sendable {
    public let symbol: String
    public let scale: Double

    public init(_ symbol: String, _ scale: Double) {
        self.symbol = symbol
        self.scale = scale
    }
}

/// A value with its dimension in the type, held in the base unit (seconds, bytes, FLOP, hertz, joules, watts).
///
///     let time = Bytes(16e9) / BytesPerSecond(2e12)   // Seconds(0.008)
public struct Quantity<D: Dimension>: Hashable, Comparable, Sendable {
    /// The value in the base unit of its dimension.
    public var value: Double

    @inlinable public init(_ value: Double) { self.value = value }
    @inlinable public init(_ value: Int) { self.value = Double(value) }

    public static var zero: Self { Self(0.0) }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
    @inlinable public static func + (a: Self, b: Self) -> Self { Self(a.value + b.value) }
    @inlinable public static func - (a: Self, b: Self) -> Self { Self(a.value - b.value) }
    @inlinable public static func * (a: Self, k: Double) -> Self { Self(a.value * k) }
    @inlinable public static func * (k: Double, a: Self) -> Self { Self(a.value * k) }
    @inlinable public static func / (a: Self, k: Double) -> Self { Self(a.value / k) }
    /// The ratio of two values of one dimension.
    @inlinable public static func / (a: Self, b: Self) -> Double { a.value / b.value }
    @inlinable public static func += (a: inout Self, b: Self) { a.value += b.value }
    @inlinable public static func -= (a: inout Self, b: Self) { a.value -= b.value }
}

public typealias Seconds = Quantity<TimeDimension>
public typealias Bytes = Quantity<SizeDimension>
public typealias BytesPerSecond = Quantity<BandwidthDimension>
/// Floating-point (or integer) operations; one multiply-accumulate is two.
public typealias Flops = Quantity<WorkDimension>
public typealias FlopsPerSecond = Quantity<ComputeDimension>
public typealias Hertz = Quantity<FrequencyDimension>
public typealias Joules = Quantity<EnergyDimension>
public typealias Watts = Quantity<PowerDimension>
public typealias JoulesPerByte = Quantity<EnergyPerByteDimension>
public typealias JoulesPerFlop = Quantity<EnergyPerFlopDimension>
/// Clock cycles of whichever clock the surrounding section names.
public typealias Cycles = Quantity<CycleDimension>
/// Operations of one unit in one cycle; `1 FMA/cycle` is two.
public typealias FlopsPerCycle = Quantity<FlopsPerCycleDimension>
public typealias BytesPerCycle = Quantity<BytesPerCycleDimension>
/// A width in bits: of a bus, or of one stored element.
public typealias Bits = Quantity<BitDimension>

// MARK: Products and quotients that change the dimension

@inlinable public func / (a: Bytes, b: BytesPerSecond) -> Seconds { Seconds(a.value / b.value) }
@inlinable public func / (a: Bytes, t: Seconds) -> BytesPerSecond { BytesPerSecond(a.value / t.value) }
@inlinable public func * (b: BytesPerSecond, t: Seconds) -> Bytes { Bytes(b.value * t.value) }
@inlinable public func / (a: Flops, b: FlopsPerSecond) -> Seconds { Seconds(a.value / b.value) }
@inlinable public func / (a: Flops, t: Seconds) -> FlopsPerSecond { FlopsPerSecond(a.value / t.value) }
@inlinable public func * (b: FlopsPerSecond, t: Seconds) -> Flops { Flops(b.value * t.value) }
@inlinable public func / (c: Cycles, f: Hertz) -> Seconds { Seconds(c.value / f.value) }
@inlinable public func * (r: FlopsPerCycle, f: Hertz) -> FlopsPerSecond { FlopsPerSecond(r.value * f.value) }
@inlinable public func * (r: BytesPerCycle, f: Hertz) -> BytesPerSecond { BytesPerSecond(r.value * f.value) }
@inlinable public func * (p: Watts, t: Seconds) -> Joules { Joules(p.value * t.value) }
@inlinable public func / (e: Joules, t: Seconds) -> Watts { Watts(e.value / t.value) }
@inlinable public func * (e: JoulesPerByte, b: Bytes) -> Joules { Joules(e.value * b.value) }
@inlinable public func * (e: JoulesPerFlop, w: Flops) -> Joules { Joules(e.value * w.value) }
