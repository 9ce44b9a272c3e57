/// A small seeded generator (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): the
/// same sample on every machine.
struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// At most so many elements of a sequence of unknown length, each with the same chance (Vitter, "Random sampling with a
/// reservoir", ACM TOMS 1985, algorithm R).
public struct Reservoir<Element: Sendable>: Sendable {
    public private(set) var kept: [Element] = []
    private var seen = 0
    private let capacity: Int
    private var random: SplitMix

    public init(capacity: Int, seed: UInt64) {
        self.capacity = capacity
        random = SplitMix(seed: seed)
    }

    public mutating func offer(_ element: Element) {
        seen += 1
        if kept.count < capacity {
            kept.append(element)
        } else if capacity > 0 {
            let place = Int.random(in: 0..<seen, using: &random)
            if place < capacity { kept[place] = element }
        }
    }
}
