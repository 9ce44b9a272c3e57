#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How alike two places of a grid are expected to answer: a covariance of logarithms.
///
/// Times, energies and sizes are largely products of what each axis contributes, and on an axis of numbers largely powers of the
/// number. So the covariance is a sum over the axes (a straight line in the logarithm of the number and a smooth bend, or a value of
/// its own for each name) and, for what axes do together, a product over them (Duvenaud, Nickisch and Rasmussen, "Additive Gaussian
/// processes", NIPS 2011).
struct GridKernel: Sendable {
    /// What the parts weigh, in variances of a figure scaled to one: lines, bends, names, and what axes do together.
    private static let line = 1.0, bend = 0.25, name = 0.5, together = 0.3
    /// Parts of an axis over which a bend, and what is done together, change.
    private static let bendLength = 0.35, togetherLength = 0.6
    /// What two different names have in common of what axes do together.
    private static let strangers = 0.3

    /// By axis and choice: the logarithm of the number, from 0 to 1; nil for an axis of names.
    private let positions: [[Double]?]

    init(_ grid: Grid) {
        positions = grid.axes.map { axis in
            let numbers = axis.choices.compactMap { $0[0].number }
            guard numbers.count == axis.choices.count, let low = numbers.min(), let high = numbers.max(), high > low else { return nil }
            // A zero has no logarithm: such an axis is taken as it is.
            return low > 0 ? numbers.map { log($0 / low) / log(high / low) } : numbers.map { ($0 - low) / (high - low) }
        }
    }

    /// Whether an axis is one of names, without an order.
    func isNamed(_ axis: Int) -> Bool { positions[axis] == nil }

    /// Whether two places differ on one axis alone: in the name, or by one step.
    func areNeighbours(_ a: [Int], _ b: [Int]) -> Bool {
        var differs = false
        for axis in a.indices where a[axis] != b[axis] {
            if differs || !isNamed(axis) && abs(a[axis] - b[axis]) > 1 { return false }
            differs = true
        }
        return differs
    }

    func callAsFunction(_ a: [Int], _ b: [Int]) -> Double {
        var sum = 1.0, product = Self.together
        for axis in a.indices {
            let same = a[axis] == b[axis]
            guard let position = positions[axis] else {
                sum += same ? Self.name : 0
                product *= same ? 1 : Self.strangers
                continue
            }
            let x = position[a[axis]], y = position[b[axis]], distance = x - y
            sum += Self.line * 4 * (x - 0.5) * (y - 0.5)
            guard !same else {
                sum += Self.bend
                continue
            }
            let square = -0.5 * distance * distance
            sum += Self.bend * exp(square / (Self.bendLength * Self.bendLength))
            product *= exp(square / (Self.togetherLength * Self.togetherLength))
        }
        return sum + product
    }
}
