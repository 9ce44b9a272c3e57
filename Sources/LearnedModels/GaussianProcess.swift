import CostModels
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A smooth correction learned from a few measurements of one device (Rasmussen and Williams, "Gaussian processes for machine
/// learning", 2006, algorithm 2.1).
///
/// Two sites are as alike as their relative features, and a little more so when they run the same kernel. Far from every
/// measurement it corrects by what all of them have in common, and is as unsure as before.
public struct GaussianProcess: Sendable {
    /// How alike sites are; variances of log₂ of measured ÷ predicted.
    public struct Likeness: Sendable, Equatable {
        /// Of all sites, of sites of one kernel, of neighbours in shape, of neighbours in predicted time and its composition;
        /// of a trend along each feature; of measurements of the same.
        public var common = 1.0
        public var kernel = 0.1
        public var shape = 0.3
        public var time = 0.5
        public var trend = 0.05
        public var noise = 0.01
        /// Way, in units of the features' scales, at which shapes stop being neighbours.
        public var reach = 1.0

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

    /// The likeness of the grid under which the points are likeliest.
    public static func fitted(to points: [Point]) -> GaussianProcess? {
        var best: GaussianProcess?
        for reach in [0.5, 1, 2] {
            for shape in [0.03, 0.1, 0.4] {
                for time in [0, 0.1, 0.5, 2] {
                    for kernel in [0.02, 0.2] {
                        for noise in [0.001, 0.004, 0.015, 0.06, 0.2] {
                            var likeness = Likeness()
                            (likeness.reach, likeness.shape, likeness.time, likeness.kernel, likeness.noise) = (reach, shape, time, kernel, noise)
                            guard let candidate = GaussianProcess(points, likeness: likeness) else { continue }
                            if best.map({ candidate.evidence > $0.evidence }) ?? true { best = candidate }
                        }
                    }
                }
            }
        }
        return best
    }
}

extension GaussianProcess.Likeness {
    /// The first places are those of the predicted time and what it is made of.
    static let timePlaces = 2

    func covariance(_ a: GaussianProcess.Point, _ b: GaussianProcess.Point) -> Double {
        var distance = 0.0, timeDistance = 0.0, product = 0.0
        for place in a.place.indices {
            let step = a.place[place] - b.place[place]
            distance += step * step
            product += a.place[place] * b.place[place]
            if place < Self.timePlaces { timeDistance += step * step }
        }
        let near = exp(-distance / (2 * reach * reach)), alike = exp(-timeDistance / (2 * 0.3 * 0.3))
        return common + (a.label == b.label ? kernel : 0) + shape * near + time * alike + trend * product
    }
}
