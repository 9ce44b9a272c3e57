/// One pending event, packed so that a single integer comparison orders events.
///
///     127            64 63          28 27       0
///     [ time, ps (64) ][ sequence (36) ][ id (28) ]
///
/// A 128-bit key keeps two events in half a cache line and makes the order total: by time, then by
/// sequence number. 36 bits number 68 billion events, 28 bits name 268 million things; both limits are checked.
@usableFromInline
struct EventKey: Equatable {
    @usableFromInline let bits: UInt128

    @inlinable static var idBits: UInt64 { 28 }
    @inlinable static var idLimit: Int { 1 << 28 }
    /// What the low word grows by from one sequence number to the next.
    @inlinable static var sequenceStep: UInt64 { 1 << idBits }
    /// Stands for "no event": the last key at `never`, later than all that happens.
    @inlinable static var none: EventKey { EventKey(bits: .max >> 1) }

    @inlinable init(bits: UInt128) { self.bits = bits }

    /// - Parameter sequence: the sequence number in the place where the low word keeps it.
    /// - Precondition: `time` is not negative and `id` fits in 28 bits.
    @inlinable init(time: SimulationTime, sequence: UInt64, id: Int) {
        precondition(UInt(bitPattern: id) < UInt(bitPattern: Self.idLimit), "an event id lies in 0 ..< 2²⁸")
        precondition(time.picoseconds >= 0, "an event cannot happen before time zero")
        bits = UInt128(UInt64(bitPattern: time.picoseconds)) << 64 | UInt128(sequence | UInt64(bitPattern: Int64(id)))
    }

    @inlinable var time: SimulationTime { SimulationTime(picoseconds: Int64(truncatingIfNeeded: bits >> 64)) }
    @inlinable var sequence: UInt64 { UInt64(truncatingIfNeeded: bits) & ~(Self.sequenceStep - 1) }
    @inlinable var id: Int { Int(truncatingIfNeeded: bits) & (Self.idLimit - 1) }
}
