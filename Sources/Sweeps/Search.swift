import ResultsStore
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A multi-objective search in a grid that is too large to try all of.
///
/// NSGA-II (Deb et al., IEEE TEC 6(2), 2002) with candidates screened before they are evaluated: an additive model of the logarithm
/// of each figure ranks them, so that few evaluations go a long way. It starts from a Sobol sample, evaluates each place at most
/// once, and depends on nothing but the grid and its seed.
struct Search {
    private let sweep: Sweep
    private let budget: Int
    private var random: SplitMix
    private let counts: [Int]
    private let evaluate: ([Int]) throws -> [PointRecord.Answer]

    private(set) var population: [Individual] = []
    private var answers: [(choices: [Int], values: [Double])] = []
    private var seen = Set<Int>()

    /// Candidates that are screened for one that is evaluated, in grids too large to screen as a whole.
    private static let screened = 50
    private static let mostScreened = 50_000

    init(_ sweep: Sweep, points: Int, seed: UInt64, evaluate: @escaping ([Int]) throws -> [PointRecord.Answer]) {
        self.sweep = sweep
        budget = min(points, sweep.grid.places)
        random = SplitMix(seed: seed)
        counts = sweep.grid.axes.map(\.choices.count)
        self.evaluate = evaluate
    }

    private var grid: Grid { sweep.grid }

    /// - Returns: whether the budget is spent, or the grid empty.
    mutating func run(shouldStop: () -> Bool) throws -> Bool {
        // Every choice of every axis is seen a few times before anything is concluded from it.
        let longest = counts.max() ?? 1
        try take(Sampling.sobol(max(4, min(budget / 2, max(2 * longest, 2 * counts.count))), of: grid))
        while seen.count < budget {
            if shouldStop() { return false }
            let chosen = nextGeneration(max(2, min(budget - seen.count, max(2 * grid.objectives.count, budget / 25))))
            guard !chosen.isEmpty else { return true }
            try take(chosen)
        }
        return true
    }

    private mutating func take(_ places: [Int]) throws {
        let fresh = places.filter { !seen.contains($0) }.prefix(budget - seen.count)
        seen.formUnion(fresh)
        for (place, answer) in zip(fresh, try evaluate(Array(fresh))) {
            let choices = grid.choices(at: place)
            answers.append((choices, answer.values))
            population.append(individual(place, choices, answer))
        }
    }

    private func value(_ metric: String, _ values: [Double]) -> Double {
        Metric.allCases.firstIndex { $0.rawValue == metric }.map { values[$0] } ?? .nan
    }

    private func individual(_ place: Int, _ choices: [Int], _ answer: PointRecord.Answer) -> Individual {
        let costs = grid.objectives.map { objective in
            let value = value(objective.metric, answer.values)
            return answer.outcome != .computed || value.isNaN ? .infinity : objective.goal == .min ? value : -value
        }
        var violation = 0.0
        switch answer.outcome {
        case .invalid: violation = 1e9
        case .doesNotFit: violation = 1e3 + occupied(answer.values)
        case .computed:
            for constraint in grid.constraints {
                let value = value(constraint.metric, answer.values)
                guard !value.isNaN else { violation += 100; continue }
                if !constraint.holds(value) { violation += min(100, abs(log(max(value, 1e-30) / max(constraint.bound, 1e-30)))) }
            }
        }
        return Individual(place: place, choices: choices, costs: costs, violation: violation)
    }

    /// Memory needed over memory usable.
    private func occupied(_ values: [Double]) -> Double {
        let need = value(Metric.memory.rawValue, values), free = value(Metric.memoryFree.rawValue, values)
        return need.isNaN || need + free <= 0 ? .nan : need / (need + free)
    }

    // MARK: The next generation

    private mutating func nextGeneration(_ size: Int) -> [Int] {
        let guess = Guess(self)
        let ranking = Ranking(population)
        var pool = candidates(ranking, size)
        guard !pool.isEmpty else { return [] }
        var chosen: [Int] = []
        func takeBest(_ score: ([Int]) -> Double) {
            var best: (index: Int, score: Double)?
            for index in pool.indices {
                let own = score(pool[index])
                if best.map({ own < $0.score }) ?? true { best = (index, own) }
            }
            if let best { chosen.append(grid.place(of: pool.remove(at: best.index))) }
        }
        let objectives = grid.objectives.count
        while chosen.count < size, !pool.isEmpty {
            switch chosen.count % (objectives + 2) {
            case let objective where objective < objectives: takeBest { guess.cost(objective, $0) + guess.penalty($0) }
            case objectives:
                // Between the ends of the front: the largest of weighted logarithms (Tchebycheff).
                let weights = (0..<objectives).map { _ in Double.random(in: 0.05...1, using: &random) }
                takeBest { choices in (0..<objectives).map { weights[$0] * guess.cost($0, choices) }.max().map { $0 + guess.penalty(choices) } ?? 0 }
            default: chosen.append(grid.place(of: pool.remove(at: Int.random(in: pool.indices, using: &random))))
            }
        }
        return chosen
    }

    /// Places that were not evaluated: all of a small grid; of a large one the children of good parents, and what differs from
    /// the best in one axis.
    private mutating func candidates(_ ranking: Ranking, _ size: Int) -> [[Int]] {
        if grid.places <= Self.mostScreened {
            return (0..<grid.places).filter { !seen.contains($0) }.map(grid.choices).filter(grid.isKept)
        }
        var pool: [[Int]] = [], pooled = Set<Int>()
        func offer(_ choices: [Int]) {
            let place = grid.place(of: choices)
            if !seen.contains(place), grid.isKept(choices), pooled.insert(place).inserted { pool.append(choices) }
        }
        for best in incumbents {
            for axis in counts.indices {
                for choice in 0..<counts[axis] where choice != best[axis] {
                    var neighbour = best
                    neighbour[axis] = choice
                    offer(neighbour)
                }
            }
        }
        for _ in 0..<size * Self.screened { offer(child(ranking)) }
        return pool
    }

    /// The best so far in each objective.
    private var incumbents: [[Int]] {
        grid.objectives.indices.compactMap { objective in
            population.min { ($0.violation, $0.costs[objective], $0.place) < ($1.violation, $1.costs[objective], $1.place) }?.choices
        }
    }

    /// Uniform crossover of two parents that each won a tournament, and a mutation: a step on an axis, or a leap.
    private mutating func child(_ ranking: Ranking) -> [Int] {
        func parent() -> [Int] {
            let a = Int.random(in: population.indices, using: &random), b = Int.random(in: population.indices, using: &random)
            return population[ranking.prefers(a, to: b) ? a : b].choices
        }
        let mother = parent(), father = parent()
        var child = mother.indices.map { Bool.random(using: &random) ? mother[$0] : father[$0] }
        for axis in child.indices where Double.random(in: 0..<1, using: &random) < 1 / Double(child.count) {
            let step = Bool.random(using: &random) ? 1 : -1
            child[axis] = Bool.random(using: &random) ? min(max(0, child[axis] + step), counts[axis] - 1) : Int.random(in: 0..<counts[axis], using: &random)
        }
        return child
    }

    /// What the evaluated places let one expect of the others.
    private struct Guess {
        private let costs: [(surrogate: Surrogate, sign: Double)]
        private let constraints: [(surrogate: Surrogate, constraint: SweepResults.Constraint)]
        private let occupied: Surrogate
        private let invalid: Surrogate

        init(_ search: Search) {
            func surrogate(_ value: ([Double]) -> Double) -> Surrogate {
                Surrogate(search.counts, search.answers.map { ($0.choices, value($0.values)) })
            }
            costs = search.grid.objectives.map { objective in (surrogate { search.value(objective.metric, $0) }, objective.goal == .min ? 1 : -1) }
            constraints = search.grid.constraints.map { constraint in (surrogate { search.value(constraint.metric, $0) }, constraint) }
            occupied = surrogate { search.occupied($0) }
            // Places that cannot be have no figures at all; e² to 1 against them.
            invalid = Surrogate(search.counts, search.population.map { ($0.choices, $0.violation >= 1e9 ? 7.4 : 1) })
        }

        func cost(_ objective: Int, _ choices: [Int]) -> Double { costs[objective].surrogate.logarithm(at: choices) * costs[objective].sign }

        /// Logarithm by which constraints are expected to be broken, weighed so that keeping them comes first.
        func penalty(_ choices: [Int]) -> Double {
            var excess = max(0, occupied.logarithm(at: choices))
            for (surrogate, constraint) in constraints where surrogate.isUsable && constraint.bound > 0 {
                let over = surrogate.logarithm(at: choices) - log(constraint.bound)
                excess += max(0, constraint.relation == .atMost ? over : -over)
            }
            return 10 * excess + max(0, 2 * invalid.logarithm(at: choices) - 1)
        }
    }
}
