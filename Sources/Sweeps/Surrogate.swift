#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A guess at one figure at places that were not evaluated: a mean and an effect for each choice on each axis, in logarithms.
///
/// Times, energies and sizes are largely products of what each axis contributes, so that their logarithms are largely sums.
/// Fitted by backfitting (Hastie and Tibshirani, "Generalized additive models", 1990, section 4.4), each effect shrunk as if one
/// more observation had shown none.
struct Surrogate {
    private var mean = 0.0
    /// By axis and choice.
    private var effects: [[Double]]
    /// What is left over at evaluated places that differ in one axis says more than any sum of effects.
    let isUsable: Bool

    /// - Parameters:
    ///   - counts: choices of each axis.
    ///   - observations: choices with a positive figure.
    init(_ counts: [Int], _ observations: [(choices: [Int], value: Double)]) {
        effects = counts.map { Array(repeating: 0, count: $0) }
        let known = observations.filter { $0.value > 0 && $0.value.isFinite }
        isUsable = !known.isEmpty
        guard isUsable else { return }
        let logs = known.map { log($0.value) }
        mean = logs.reduce(0, +) / Double(logs.count)
        var residuals = logs.map { $0 - mean }
        for _ in 0..<30 {
            for axis in counts.indices {
                var sums = [Double](repeating: 0, count: counts[axis]), seen = sums
                for (index, observation) in known.enumerated() {
                    let choice = observation.choices[axis]
                    sums[choice] += residuals[index] + effects[axis][choice]
                    seen[choice] += 1
                }
                let fresh = zip(sums, seen).map { $0 / ($1 + 0.3) }
                for (index, observation) in known.enumerated() {
                    let choice = observation.choices[axis]
                    residuals[index] += effects[axis][choice] - fresh[choice]
                }
                effects[axis] = fresh
            }
        }
        interpolate(known.map(\.choices))
    }

    /// A choice that nobody tried lies between its neighbours on the axis.
    private mutating func interpolate(_ tried: [[Int]]) {
        for axis in effects.indices {
            let seen = Set(tried.map { $0[axis] })
            for choice in effects[axis].indices where !seen.contains(choice) {
                let below = stride(from: choice - 1, through: 0, by: -1).first(where: seen.contains), above = (choice + 1..<effects[axis].count).first(where: seen.contains)
                effects[axis][choice] = switch (below, above) {
                case (let low?, let high?):
                    effects[axis][low] + (effects[axis][high] - effects[axis][low]) * Double(choice - low) / Double(high - low)
                case (let low?, nil): effects[axis][low]
                case (nil, let high?): effects[axis][high]
                case (nil, nil): 0
                }
            }
        }
    }

    /// The logarithm of the figure.
    func logarithm(at choices: [Int]) -> Double {
        var sum = mean
        for axis in choices.indices { sum += effects[axis][choices[axis]] }
        return sum
    }
}
