internal import CGSL

/// Places drawn from a grid, without repetition and in their order.
enum Sampling {
    /// Draws that may miss, by a filter or a place drawn before, for each that is wanted.
    private static let patience = 200

    /// Each place that the filters keep with the same chance.
    static func random(_ count: Int, of grid: Grid, seed: UInt64) -> [Int] {
        var random = SplitMix(seed: seed)
        // A sample of most of a small grid is drawn by shuffling it: drawing again and again would meet the same places.
        if grid.places <= max(100_000, 4 * count) {
            let all = (0..<grid.places).filter { grid.isKept(grid.choices(at: $0)) }
            return Array(all.shuffled(using: &random).prefix(count)).sorted()
        }
        return distinct(count) { _ in
            let place = Int.random(in: 0..<grid.places, using: &random)
            return grid.isKept(grid.choices(at: place)) ? place : nil
        }
    }

    /// Sobol's sequence over the axes: each stretch of it covers the grid evenly (Antonov and Saleev, USSR Computational
    /// Mathematics 19, 1979; from the GNU Scientific Library, up to 40 axes).
    static func sobol(_ count: Int, of grid: Grid) -> [Int] {
        guard let generator = gsl_qrng_alloc(gsl_sobol_sequence(), UInt32(grid.axes.count)) else { return [] }
        defer { gsl_qrng_free(generator) }
        var point = [Double](repeating: 0, count: grid.axes.count)
        return distinct(min(count, grid.places)) { _ in
            gsl_qrng_get(generator, &point)
            let choices = zip(point, grid.axes).map { min(Int($0 * Double($1.choices.count)), $1.choices.count - 1) }
            return grid.isKept(choices) ? grid.place(of: choices) : nil
        }
    }

    private static func distinct(_ count: Int, _ draw: (Int) -> Int?) -> [Int] {
        var chosen = Set<Int>()
        for attempt in 0..<count * patience where chosen.count < count {
            if let place = draw(attempt) { chosen.insert(place) }
        }
        return chosen.sorted()
    }
}

/// A small seeded generator (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): the
/// same draws on every machine.
struct SplitMix: RandomNumberGenerator {
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
