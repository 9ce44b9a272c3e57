import ResultsStore
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A multi-objective search in a grid that is too large to try all of.
///
/// Bayesian optimisation: Gaussian processes over the logarithms of all figures say what to expect of the places that were not
/// evaluated, and the most promising for each objective in turn, and for a random weighing of all, are evaluated next (ParEGO:
/// Knowles, IEEE TEC 10(1), 2006). In grids too large to look at every place the candidates are bred as in NSGA-II (Deb et al.,
/// IEEE TEC 6(2), 2002), whose way of ranking points that break constraints is used throughout. It starts from a Sobol sample, evaluates each place at most
/// once, and depends on nothing but the grid and its seed.
struct Search {
    let sweep: Sweep
    private let budget: Int
    private var random: SplitMix
    private let counts: [Int]
    private let evaluate: ([Int]) throws -> [PointRecord.Answer]

    private(set) var population: [Individual] = []
    private(set) var answers: [(choices: [Int], values: [Double])] = []
    private var turns = 0
    private var pool = CandidatePool([])
    let kernel: GridKernel
    private var seen = Set<Int>()

    /// Candidates that are screened for one that is evaluated, in grids too large to screen as a whole.
    private static let screened = 50
    private static let mostScreened = 20_000
    /// Candidates whose uncertainty is worked out, and how many deviations of it count in their favour.
    private static let promising = 60
    private static let boldness = 0.4
    /// From which of the best figures of an objective it steps in turn.
    private static let ranks = [0, 1, 0, 2]

    init(_ sweep: Sweep, points: Int, seed: UInt64, evaluate: @escaping ([Int]) throws -> [PointRecord.Answer]) {
        self.sweep = sweep
        budget = min(points, sweep.grid.places)
        random = SplitMix(seed: seed)
        counts = sweep.grid.axes.map(\.choices.count)
        self.evaluate = evaluate
        kernel = GridKernel(sweep.grid)
    }

    var grid: Grid { sweep.grid }

    /// - Returns: whether the budget is spent, or the grid empty.
    mutating func run(shouldStop: () -> Bool) throws -> Bool {
        try take(Sampling.sobol(max(4, min(budget / 3, 2 * counts.count)), of: grid))
        while seen.count < budget {
            if shouldStop() { return false }
            let chosen = nextGeneration(min(budget - seen.count, max(grid.objectives.count + 1, budget / 50)))
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

    func value(_ metric: String, _ values: [Double]) -> Double {
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
    func occupied(_ values: [Double]) -> Double {
        let need = value(Metric.memory.rawValue, values), free = value(Metric.memoryFree.rawValue, values)
        return need.isNaN || need + free <= 0 ? .nan : need / (need + free)
    }

    // MARK: The next generation

    private mutating func nextGeneration(_ size: Int) -> [Int] {
        fillPool(size)
        let guess = Expectation(self, pool)
        var left = Array(pool.candidates.indices), chosen: [Int] = []
        /// Takes the candidate with the least score: of the most promising by what is expected of them, the one that may be best.
        func takeBest(_ score: (Expectation.Outlook) -> Double) {
            let expected = left.map { (index: $0, score: score(guess.plain[$0])) }.sorted { ($0.score, $0.index) < ($1.score, $1.index) }
            let promising = expected.prefix(Self.promising).map { (index: $0.index, score: score(guess.outlook($0.index, boldness: Self.boldness))) }
            guard let best = promising.min(by: { ($0.score, $0.index) < ($1.score, $1.index) }) else { return }
            chosen.append(grid.place(of: pool.candidates[best.index]))
            left.removeAll { $0 == best.index }
        }
        func take(_ index: Int) {
            chosen.append(grid.place(of: pool.candidates[index]))
            left.removeAll { $0 == index }
        }
        func best(of some: [Int], boldness: Double, _ objective: Int) -> Int? {
            let scores = some.map { index in
                let outlook = boldness > 0 ? guess.outlook(index, boldness: boldness) : guess.plain[index]
                return (index: index, score: outlook.costs[objective] + outlook.penalty)
            }
            return scores.min { ($0.score, $0.index) < ($1.score, $1.index) }?.index
        }
        let objectives = grid.objectives.count
        while chosen.count < size, !left.isEmpty {
            let turn = turns % (2 * objectives + 3)
            turns += 1
            switch turn {
            case ..<objectives:
                takeBest { $0.costs[turn] + $0.penalty }
            case objectives:
                // Between the ends of the front: the largest of weighted logarithms (Tchebycheff).
                let weights = (0..<objectives).map { _ in Double.random(in: 0.05...1, using: &random) }
                takeBest { outlook in (zip(weights, outlook.costs).map { $0 * $1 }.max() ?? 0) + outlook.penalty }
            case ...(2 * objectives):
                // One step from the best so far, or the next best: what all places taught may be wrong in the last corner, and where
                // an axis hardly matters the way to it may lead over any of its choices.
                let objective = turn - objectives - 1
                guard let incumbent = incumbent(objective, Self.ranks[turns / (2 * objectives + 3) % Self.ranks.count]) else { continue }
                best(of: left.filter { kernel.areNeighbours(pool.candidates[$0], incumbent) }, boldness: Self.boldness, objective).map(take)
            default:
                // The name that was tried least often: what is true of its like need not be of it.
                guard let (axis, choice) = leastTried(left, chosen) else { continue }
                best(of: left.filter { pool.candidates[$0][axis] == choice }, boldness: 0, Int.random(in: 0..<objectives, using: &random)).map(take)
            }
        }
        return chosen
    }

    /// Places that were not evaluated: all of a small grid; of a large one the children of good parents, and what differs from
    /// the best in one axis.
    private mutating func fillPool(_ size: Int) {
        var fresh = pool
        pool = CandidatePool([])
        if grid.places > Self.mostScreened {
            fresh = CandidatePool(bred(size))
        } else if fresh.candidates.isEmpty {
            fresh = CandidatePool((0..<grid.places).map(grid.choices).filter(grid.isKept))
        }
        let (seen, grid) = (seen, grid)
        fresh.remove { seen.contains(grid.place(of: $0)) }
        fresh.weigh(self)
        pool = fresh
    }

    private mutating func bred(_ size: Int) -> [[Int]] {
        let ranking = Ranking(population)
        var bred: [[Int]] = [], known = Set<Int>()
        func offer(_ choices: [Int]) {
            let place = grid.place(of: choices)
            if !seen.contains(place), grid.isKept(choices), known.insert(place).inserted { bred.append(choices) }
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
        return bred
    }

    /// The best so far in each objective.
    private var incumbents: [[Int]] { grid.objectives.indices.compactMap { incumbent($0) } }

    /// - Parameter rank: 0 for the best; places that answer alike have one rank.
    private func incumbent(_ objective: Int, _ rank: Int = 0) -> [Int]? {
        let ranked = population.sorted { ($0.violation, $0.costs[objective], $0.place) < ($1.violation, $1.costs[objective], $1.place) }
        var left = rank
        for (place, one) in ranked.enumerated() where place == 0 || one.costs[objective] != ranked[place - 1].costs[objective] {
            if left == 0 { return one.choices }
            left -= 1
        }
        return ranked.first?.choices
    }

    /// The choice on an axis of names that the fewest evaluated places have, by how many there are on its axis; of those that some
    /// candidate left has.
    private func leastTried(_ left: [Int], _ chosen: [Int]) -> (axis: Int, choice: Int)? {
        let tried = population.map(\.choices) + chosen.map(grid.choices)
        var least: (axis: Int, choice: Int, tried: Int)?
        for axis in counts.indices where kernel.isNamed(axis) {
            for choice in 0..<counts[axis] {
                let count = tried.count { $0[axis] == choice } * counts[axis]
                if count < least?.tried ?? .max, left.contains(where: { pool.candidates[$0][axis] == choice }) { least = (axis, choice, count) }
            }
        }
        return least.map { ($0.axis, $0.choice) }
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
}
