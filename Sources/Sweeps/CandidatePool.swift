/// Places that a search may evaluate next, and their covariances with those that it has evaluated.
struct CandidatePool {
    /// More evaluated places than this are not weighed against each other: the best ranked and the latest are.
    private static let mostWeighed = 300

    private(set) var candidates: [[Int]] = []
    /// By candidate and evaluated place that is weighed.
    private(set) var covariances: [[Double]] = []
    /// Evaluated places that are weighed.
    private(set) var weighed: [Int] = []

    /// - Parameter candidates: none of them evaluated.
    init(_ candidates: [[Int]]) {
        self.candidates = candidates
        covariances = Array(repeating: [], count: candidates.count)
    }

    /// Takes out those that have been evaluated by now.
    mutating func remove(_ gone: (([Int]) -> Bool)) {
        let kept = candidates.indices.filter { !gone(candidates[$0]) }
        guard kept.count < candidates.count else { return }
        candidates = kept.map { candidates[$0] }
        covariances = kept.map { covariances[$0] }
    }

    /// Weighs what has been evaluated since the last time.
    mutating func weigh(_ search: Search) {
        let all = search.population.count
        if all <= Self.mostWeighed {
            let fresh = weighed.count..<all
            for index in candidates.indices { covariances[index] += fresh.map { search.kernel(candidates[index], search.answers[$0].choices) } }
            weighed = Array(0..<all)
            return
        }
        let ranking = Ranking(search.population)
        let best = (0..<all).sorted { ranking.prefers($0, to: $1) }.prefix(Self.mostWeighed * 2 / 3)
        weighed = Array(Set(best).union(all - Self.mostWeighed / 3..<all)).sorted()
        for index in candidates.indices { covariances[index] = weighed.map { search.kernel(candidates[index], search.answers[$0].choices) } }
    }
}
