import CostModels
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A smooth correction learned from a few measurements of one device (Rasmussen and Williams, "Gaussian processes for machine
/// learning", 2006, algorithm 2.1).
///
/// Two sites are as alike as their features, each of which counts as far as the measurements say (automatic relevance
/// determination), and a little more so when they run the same kernel. Far from every
/// measurement it corrects by what all of them have in common, and is as unsure as before.
public struct GaussianProcess: Sendable {
    /// How alike sites are; variances of log₂ of measured ÷ predicted.
    public struct Likeness: Sendable, Equatable {
        /// Of all sites, of sites of one kernel, of neighbours in shape; of measurements of the same.
        public var common = 0.1
        public var kernel = 0.02
        public var shape = 0.1
        public var noise = 0.01
        /// Part of the neighbourhood in shape that only sites of one kernel share.
        public var apart = 0.5
        /// By feature the way, in units of its scale, at which sites stop being neighbours; `usualReach` where none is stated.
        public var reaches: [Double] = []

        public static let usualReach = 2.0

        public init() {}
    }

    public struct Point: Sendable, Equatable {
        /// Format, software, version and kernel.
        public var label: String
        /// Features on their scales.
        public var place: [Double]
        /// log₂ of measured ÷ predicted.
        public var residual: Double

        public init(label: String, place: [Double], residual: Double) {
            self.label = label
            self.place = place
            self.residual = residual
        }
    }

    public let likeness: Likeness
    public let points: [Point]
    private let factor: Cholesky
    private let weights: [Double]

    /// Nil without points, or where they cannot be told apart.
    public init?(_ points: [Point], likeness: Likeness) {
        self.points = points
        self.likeness = likeness
        guard let factor = Cholesky(points.count, { likeness.covariance(points[$0], points[$1]) + ($0 == $1 ? likeness.noise : 0) }) else { return nil }
        self.factor = factor
        weights = factor.solve(points.map(\.residual))
    }

    /// Mean and standard deviation of a measurement at a place.
    public func predict(_ label: String, _ place: [Double]) -> (mean: Double, deviation: Double) {
        let point = Point(label: label, place: place, residual: 0)
        let covariances = points.map { likeness.covariance($0, point) }
        let mean = zip(covariances, weights).reduce(0) { $0 + $1.0 * $1.1 }
        let explained = zip(covariances, factor.solve(covariances)).reduce(0) { $0 + $1.0 * $1.1 }
        return (mean, max(likeness.noise, likeness.covariance(point, point) + likeness.noise - explained).squareRoot())
    }

    /// Logarithm of the marginal likelihood of the points, but for a constant.
    public var evidence: Double {
        -0.5 * zip(points, weights).reduce(0) { $0 + $1.0.residual * $1.1 } - 0.5 * factor.logDeterminant
    }

    /// For each point the error of a prediction from all others, and its standard deviation (Rasmussen and Williams, equation 5.12).
    public var leftOut: [(error: Double, deviation: Double)] {
        points.indices.map { place in
            var unit = [Double](repeating: 0, count: points.count)
            unit[place] = 1
            let precision = factor.solve(unit)[place]
            return (weights[place] / precision, (1 / precision).squareRoot())
        }
    }

    /// More points than these say no more of how alike sites are.
    private static let mostPointsForLikeness = 200

    /// The process whose likeness is most plausible: under which the points are likeliest, without straying from what is usual
    /// further than they ask for (a normal prior on the logarithms). Nil as for `init`.
    public static func fitted(to points: [Point]) -> (process: GaussianProcess, plausibility: Double)? {
        guard let first = points.first else { return nil }
        let every = (points.count + mostPointsForLikeness - 1) / mostPointsForLikeness
        let sample = points.indices.filter { $0 % every == 0 }.map { points[$0] }
        let dimensions = first.place.count
        func plausibility(_ steps: [Double]) -> Double {
            let likeness = Likeness(steps: steps, dimensions: dimensions)
            guard let process = GaussianProcess(sample, likeness: likeness) else { return -.infinity }
            return process.evidence - 0.5 * steps.enumerated().reduce(0) { $0 + ($1.element / ($1.offset < dimensions ? 1 : 1.5)) * ($1.element / ($1.offset < dimensions ? 1 : 1.5)) }
        }
        let steps = patternSearch(from: [Double](repeating: 0, count: dimensions + 5), step: 1, until: 0.1) { -plausibility($0) }
        return GaussianProcess(points, likeness: Likeness(steps: steps, dimensions: dimensions)).map { ($0, plausibility(steps)) }
    }
}

extension GaussianProcess.Likeness {
    /// So many steps, on a natural logarithmic scale, away from what is usual: the reaches first.
    fileprivate init(steps: [Double], dimensions: Int) {
        self.init()
        reaches = steps.prefix(dimensions).map { Self.usualReach * exp($0) }
        let rest = steps.dropFirst(dimensions).map { exp($0) }
        (common, kernel, shape, noise) = (common * rest[0], kernel * rest[1], shape * rest[2], max(1e-5, noise * rest[3]))
        apart = 1 / (1 + rest[4])
    }

    func covariance(_ a: GaussianProcess.Point, _ b: GaussianProcess.Point) -> Double {
        var distance = 0.0
        for place in a.place.indices {
            let step = (a.place[place] - b.place[place]) / (place < reaches.count ? reaches[place] : Self.usualReach)
            distance += step * step
        }
        let near = shape * exp(-distance / 2), isOne = a.label == b.label
        return common + (isOne ? kernel + near : near * (1 - apart))
    }
}
