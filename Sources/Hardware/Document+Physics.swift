import Documents
import Quantities

/// What a value of each kind may be so that nothing that is computed from it divides by zero or overflows.
///
/// Wide on purpose: the bounds stop a slip of the pen or of a unit, not an unusual machine.
enum Bounds {
    static let count = 1...1_000_000
    static let frequency = 1e3...1e12
    static let bandwidth = 1.0...1e18
    static let capacity = 1.0...(100_000 * 1_099_511_627_776.0)
    static let time = 0.0...1e6
    static let power = 0.0...1e9
    static let perByte = 0.0...1e-3
    static let perFlop = 0.0...1e-3
    static let perCycle = 1e-6...1e9
    static let bits = 1.0...1e7
    static let compute = 1.0...1e21
}

extension Document {
    func count() throws(DocumentError) -> Int { try integer(in: Bounds.count) }

    /// A quantity inside the bounds of its kind.
    func quantity<D>(_: Quantity<D>.Type = Quantity<D>.self, in range: ClosedRange<Double>) throws(DocumentError) -> Quantity<D> {
        let value = try quantity(Quantity<D>.self)
        guard range.contains(value.value) else { throw outside("\(Quantity<D>(range.lowerBound))", "\(Quantity<D>(range.upperBound))") }
        return value
    }

    func frequency() throws(DocumentError) -> Hertz { try quantity(in: Bounds.frequency) }
    func capacity() throws(DocumentError) -> Bytes { try quantity(in: Bounds.capacity) }
    func power() throws(DocumentError) -> Watts { try quantity(in: Bounds.power) }

    /// A time, written as one or in cycles of `clock`.
    func time(clock: Hertz? = nil) throws(DocumentError) -> Seconds {
        guard counts("cyc") else { return try quantity(in: Bounds.time) }
        let cycles = try quantity(Cycles.self, in: 0...1e12)
        return cycles / (try known(clock))
    }

    /// A bandwidth, written as one or in bytes per cycle of `clock`.
    func bandwidth(clock: Hertz? = nil) throws(DocumentError) -> BytesPerSecond {
        guard counts("/c") else { return try quantity(in: Bounds.bandwidth) }
        let value = try quantity(BytesPerCycle.self, in: Bounds.perCycle) * known(clock)
        guard Bounds.bandwidth.contains(value.value) else { throw outside("1 B/s", "1e18 B/s") }
        return value
    }

    private func counts(_ unit: String) -> Bool {
        guard case .string(let text) = json else { return false }
        return text.utf8.count >= 3 && text.split(separator: " ").last.map { $0.hasPrefix(unit) || $0.contains(unit) } == true
    }

    private func known(_ clock: Hertz?) throws(DocumentError) -> Hertz {
        guard let clock else { throw error("counts cycles, but the file has no \"clock\"; state \"clock\": { \"boost\": … } or write it in seconds and bytes") }
        return clock
    }

    private func outside(_ low: String, _ high: String) -> DocumentError {
        let text = if case .string(let text) = json { "\"\(text)\"" } else { "the value" }
        return malformed("\(text) is out of range; use \(low) to \(high)")
    }

    /// The members of an object whose keys are words out of a closed set, in the order they were written.
    func keyed<C: CaseIterable & RawRepresentable>(by _: C.Type) throws(DocumentError) -> [(key: C, value: Document)] where C.RawValue == String {
        var result: [(key: C, value: Document)] = []
        for (key, value) in try members() {
            guard let known = C(rawValue: key) else {
                let words = C.allCases.map(\.rawValue)
                let hint = nearest(to: key, among: words).map { "did you mean \"\($0)\"?" } ?? "known keys are \(list(words))"
                throw malformed("unknown key \"\(key)\"; \(hint)")
            }
            result.append((known, value))
        }
        return result
    }

    /// Quantities by word: rates by number format, energies by memory level.
    func table<C, D>(_: C.Type, _: Quantity<D>.Type, in range: ClosedRange<Double>) throws(DocumentError) -> Table<C, D>
    where C: TableKey & RawRepresentable, C.RawValue == String {
        var table: Table<C, D> = [:]
        for (key, value) in try keyed(by: C.self) { table[key] = try value.quantity(in: range) }
        return table
    }

    func strings() throws(DocumentError) -> [String] {
        var strings: [String] = []
        for item in try array() { strings.append(try item.string()) }
        return strings
    }
}
