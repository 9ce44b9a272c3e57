#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension Routing {
    /// Tokens that each expert receives when `tokens` tokens choose `topK` different experts each.
    ///
    /// The popularity is met as nearly as whole tokens allow (largest remainder, ties dealt out over the ranks), so the
    /// counts add up to `tokens · topK` exactly and equal jobs get equal counts. No expert receives a token twice.
    ///
    /// - Parameter ranks: devices over which the experts are spread in order, so many neighbours on each.
    public func tokensPerExpert(tokens: Int, topK: Int, experts: Int, ranks: Int) -> [Int] {
        let popularity = popularity(experts: experts)
        var counts = [Int](repeating: 0, count: experts)
        var open = (0..<experts).filter { popularity[$0] > 0 }
        var left = tokens * topK
        // An expert whose share exceeds all tokens takes them all; the others share what is left.
        while !open.isEmpty {
            let total = open.reduce(0) { $0 + popularity[$1] }
            let full = open.filter { popularity[$0] * Double(left) >= total * Double(tokens) }
            guard !full.isEmpty, full.count < open.count else { break }
            for expert in full { counts[expert] = tokens }
            left -= full.count * tokens
            open.removeAll { counts[$0] == tokens }
        }
        guard left > 0, !open.isEmpty else { return counts }

        let total = open.reduce(0) { $0 + popularity[$1] }
        var remainders: [(expert: Int, remainder: Double)] = []
        for expert in open {
            let share = popularity[expert] / total * Double(left)
            counts[expert] = min(tokens, Int(share))
            remainders.append((expert, share - Double(counts[expert])))
        }
        left -= open.reduce(0) { $0 + counts[$1] }
        let perRank = max(1, experts / ranks)
        remainders.sort { a, b in
            if a.remainder != b.remainder { return a.remainder > b.remainder }
            return (a.expert % perRank, a.expert / perRank) < (b.expert % perRank, b.expert / perRank)
        }
        while left > 0 {
            let before = left
            for (expert, _) in remainders where left > 0 && counts[expert] < tokens {
                counts[expert] += 1
                left -= 1
            }
            if left == before { break }
        }
        return counts
    }

    /// Relative popularity of each expert; the scale does not matter.
    private func popularity(experts: Int) -> [Double] {
        switch self {
        case .balanced: return [Double](repeating: 1, count: experts)
        case .zipf(let exponent): return (1...experts).map { pow(Double($0), -exponent) }
        case .powerLaw(let exponent):
            var order = Array(1...experts)
            var random = SplitMix(state: 0x6F72_7265_7279)  // any fixed seed: one shuffle for all jobs
            for i in stride(from: experts - 1, to: 0, by: -1) { order.swapAt(i, Int(random.next() % UInt64(i + 1))) }
            return order.map { pow(Double($0), -exponent) }
        case .counts(let counts): return counts
        }
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Ranks of an expert-parallel group that receive alike.
struct RankClass: Equatable {
    var label: String
    /// How many ranks of one group it stands for.
    var ranks: Int
    /// Tokens of each expert that such a rank holds, descending.
    var tokens: [Int]

    var load: Int { tokens.reduce(0, +) }

    /// Folds the ranks of a group into the hottest and the rest.
    ///
    /// The rest is stated by its mean profile, rounded to whole tokens on one or two classes so that tokens over all
    /// ranks still add up: what the simulation needs is the rank that others wait for, and the total of the work.
    static func fold(_ perExpert: [Int], ranks: Int) -> [RankClass] {
        let each = perExpert.count / ranks
        let profiles = (0..<ranks).map { Array(perExpert[$0 * each..<($0 + 1) * each].sorted(by: >)) }
        let loads = profiles.map { $0.reduce(0, +) }
        let active = profiles.map { $0.count { $0 > 0 } }
        let hottest = (0..<ranks).max { (loads[$0], active[$0], -$0) < (loads[$1], active[$1], -$1) } ?? 0
        let hot = profiles.count { $0 == profiles[hottest] }
        if hot == ranks { return [RankClass(label: "", ranks: ranks, tokens: profiles[hottest])] }

        let rest = profiles.filter { $0 != profiles[hottest] }
        let mean = (0..<each).map { place in Double(rest.reduce(0) { $0 + $1[place] }) / Double(rest.count) }
        let total = rest.reduce(0) { $0 + $1.reduce(0, +) }
        let (low, more) = total.quotientAndRemainder(dividingBy: rest.count)
        var classes = [RankClass(label: "hottest expert rank", ranks: hot, tokens: profiles[hottest])]
        if more > 0 { classes.append(RankClass(label: "other expert ranks", ranks: more, tokens: rounded(mean, to: low + 1))) }
        if more < rest.count {
            classes.append(RankClass(label: "other expert ranks", ranks: rest.count - more, tokens: rounded(mean, to: low)))
        }
        return classes
    }

    /// A profile in whole tokens that add up to `total`.
    private static func rounded(_ profile: [Double], to total: Int) -> [Int] {
        let sum = profile.reduce(0, +)
        guard sum > 0 else { return profile.map { _ in 0 } }
        let shares = profile.map { $0 / sum * Double(total) }
        var counts = shares.map { Int($0) }
        let order = shares.indices.sorted { a, b in
            let x = shares[a] - Double(counts[a]), y = shares[b] - Double(counts[b])
            return x != y ? x > y : a < b
        }
        var left = total - counts.reduce(0, +)
        for place in order where left > 0 { counts[place] += 1; left -= 1 }
        return counts.sorted(by: >)
    }
}
