import ResultsStore
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What the evaluated places of a search let one expect of its candidates.
final class Expectation {
    /// What a candidate promises, all to be made small: logarithms.
    struct Outlook {
        /// By objective.
        var costs: [Double]
        /// By how much constraints are expected to be broken, weighed so that keeping them comes first.
        var penalty: Double
    }

    private let costs: [(surrogate: Surrogate, sign: Double)]
    private let constraints: [(surrogate: Surrogate, constraint: SweepResults.Constraint)]
    private let occupied: Surrogate
    private let invalid: Surrogate
    private let kernel: GridKernel
    private let pool: CandidatePool
    /// Without any boldness, by candidate.
    private(set) var plain: [Outlook] = []

    init(_ search: Search, _ pool: CandidatePool) {
        kernel = search.kernel
        self.pool = pool
        let weighed = pool.weighed
        let places = weighed.map { search.answers[$0].choices }
        var covariance = [Double](repeating: 0, count: places.count * places.count)
        for a in places.indices {
            for b in 0...a {
                let value = kernel(places[a], places[b])
                covariance[a * places.count + b] = value
                covariance[b * places.count + a] = value
            }
        }
        func surrogate(_ value: ([Double]) -> Double) -> Surrogate {
            Surrogate(weighed.map { value(search.answers[$0].values) }, covariance: covariance)
        }
        costs = search.grid.objectives.map { objective in (surrogate { search.value(objective.metric, $0) }, objective.goal == .min ? 1 : -1) }
        constraints = search.grid.constraints.map { constraint in (surrogate { search.value(constraint.metric, $0) }, constraint) }
        occupied = surrogate { search.occupied($0) }
        // Places that cannot be have no figures at all; e² to 1 against them.
        invalid = Surrogate(weighed.map { search.population[$0].violation >= 1e9 ? exp(2) : 1 }, covariance: covariance)
        plain = pool.candidates.indices.map { outlook($0, boldness: 0) }
    }

    /// - Parameter boldness: deviations by which a candidate is taken to be better than expected.
    func outlook(_ candidate: Int, boldness: Double) -> Outlook {
        let others = pool.covariances[candidate], own = boldness > 0 ? kernel(pool.candidates[candidate], pool.candidates[candidate]) : 0
        func doubt(_ surrogate: Surrogate) -> Double { boldness > 0 ? boldness * surrogate.deviation(others, own: own) : 0 }
        let costs = costs.map { surrogate, sign in surrogate.expectation(others) * sign - doubt(surrogate) }
        var excess = occupied.isUsable ? max(0, occupied.expectation(others) - doubt(occupied)) : 0
        for (surrogate, constraint) in constraints where surrogate.isUsable && constraint.bound > 0 {
            let over = (surrogate.expectation(others) - log(constraint.bound)) * (constraint.relation == .atMost ? 1 : -1)
            excess += max(0, over - doubt(surrogate) / 2)
        }
        let impossible = max(0, invalid.expectation(others) - 0.7)
        return Outlook(costs: costs, penalty: 10 * excess + 5 * impossible)
    }
}
