/// One evaluated place as a search sees it: all to be made small.
struct Individual: Sendable {
    var place: Int
    var choices: [Int]
    /// By objective, `infinity` where there is no answer.
    var costs: [Double]
    /// How far it is from keeping all constraints, 0 when it does; 1 is a figure twice its bound. What does not fit is further
    /// off than what does, what cannot be furthest.
    var violation: Double

    /// Whether it is at least as good in everything and better in something; what breaks constraints less comes first
    /// (Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEC 6(2), 2002, section VI).
    func dominates(_ other: Individual) -> Bool {
        if violation != other.violation { return violation < other.violation }
        var better = false
        for (mine, theirs) in zip(costs, other.costs) {
            if mine > theirs { return false }
            if mine < theirs { better = true }
        }
        return better
    }
}

/// Fronts and crowding of a population: NSGA-II, sections III-A and III-B.
struct Ranking {
    /// By individual: 0 for those that nothing dominates.
    private(set) var front: [Int]
    /// By individual: how lonely it is on its front.
    private(set) var crowding: [Double]

    init(_ population: [Individual]) {
        let n = population.count
        var dominated = [[Int]](repeating: [], count: n), dominators = [Int](repeating: 0, count: n)
        for a in 0..<n {
            for b in 0..<n where a != b && population[a].dominates(population[b]) {
                dominated[a].append(b)
                dominators[b] += 1
            }
        }
        front = Array(repeating: 0, count: n)
        crowding = Array(repeating: 0, count: n)
        var current = (0..<n).filter { dominators[$0] == 0 }, rank = 0
        while !current.isEmpty {
            crowd(current, population)
            var next: [Int] = []
            for a in current {
                front[a] = rank
                for b in dominated[a] {
                    dominators[b] -= 1
                    if dominators[b] == 0 { next.append(b) }
                }
            }
            rank += 1
            current = next.sorted()
        }
    }

    private mutating func crowd(_ members: [Int], _ population: [Individual]) {
        guard let objectives = population.first?.costs.count else { return }
        for objective in 0..<objectives {
            let sorted = members.sorted { (population[$0].costs[objective], $0) < (population[$1].costs[objective], $1) }
            guard let first = sorted.first, let last = sorted.last else { continue }
            crowding[first] = .infinity
            crowding[last] = .infinity
            let span = population[last].costs[objective] - population[first].costs[objective]
            guard span > 0, span.isFinite, sorted.count > 2 else { continue }
            for place in 1..<sorted.count - 1 {
                crowding[sorted[place]] += (population[sorted[place + 1]].costs[objective] - population[sorted[place - 1]].costs[objective]) / span
            }
        }
    }

    /// Whether one individual is to be preferred: a better front, or a lonelier place on the same.
    func prefers(_ a: Int, to b: Int) -> Bool { front[a] != front[b] ? front[a] < front[b] : crowding[a] > crowding[b] }
}
