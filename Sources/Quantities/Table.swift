/// A small closed set of keys, each with a place in a table.
public protocol TableKey: CaseIterable, Hashable, Sendable {
    /// Its place: below 16, different for every case.
    var place: Int { get }
}

/// Quantities by a small closed set of keys, held inline: looking one up costs an index, not a hash.
///
/// Cost models ask a device for its rates millions of times.
public struct Table<Key: TableKey, D: Dimension>: Sendable, Sequence, ExpressibleByDictionaryLiteral {
    /// Sixteen places, not a number where there is no value. A tuple: a vector of this size would ask every type that holds
    /// one for its own alignment of 128 bytes.
    @usableFromInline typealias Places = (
        Double, Double, Double, Double, Double, Double, Double, Double, Double, Double, Double, Double, Double, Double, Double, Double)
    @usableFromInline var places: Places = (
        .nan, .nan, .nan, .nan, .nan, .nan, .nan, .nan, .nan, .nan, .nan, .nan, .nan, .nan, .nan, .nan)

    @inlinable public init() {}

    public init(dictionaryLiteral elements: (Key, Quantity<D>)...) {
        for (key, value) in elements { self[key] = value }
    }

    @inlinable public subscript(key: Key) -> Quantity<D>? {
        get {
            let value = withUnsafeBytes(of: places) { $0.load(fromByteOffset: key.place * 8, as: Double.self) }
            return value.isNaN ? nil : Quantity(value)
        }
        set {
            let value = newValue?.value ?? .nan
            withUnsafeMutableBytes(of: &places) { $0.storeBytes(of: value, toByteOffset: key.place * 8, as: Double.self) }
        }
    }

    public var isEmpty: Bool { keys.isEmpty }
    /// In the order of the cases.
    public var keys: [Key] { Key.allCases.filter { self[$0] != nil } }
    public var values: [Quantity<D>] { Key.allCases.compactMap { self[$0] } }
    /// The largest value, nil for an empty table.
    public var largest: Quantity<D>? { values.max() }

    public func makeIterator() -> some IteratorProtocol<(key: Key, value: Quantity<D>)> {
        Key.allCases.lazy.compactMap { key in self[key].map { (key: key, value: $0) } }.makeIterator()
    }

    public func mapValues(_ transform: (Quantity<D>) -> Quantity<D>) -> Self {
        var table = Self()
        for (key, value) in self { table[key] = transform(value) }
        return table
    }

    /// The same keys with something else, for printing.
    public func mapValues<T>(_ transform: (Quantity<D>) -> T) -> [Key: T] {
        Dictionary(uniqueKeysWithValues: map { ($0.key, transform($0.value)) })
    }
}
