/// A second way to the same answer, slow and simple: at every start and end it recomputes all shares of all
/// activities by bisection, and it keeps time in seconds.
struct NaiveFluid {
    let plan: [Planned]
    let capacities: [Double]

    func completions() -> [Double] {
        var remaining = plan.map { _ in 1.0 }
        var ends = plan.map { _ in Double.infinity }
        var now = 0.0
        while let _ = ends.firstIndex(of: .infinity) {
            let running = plan.indices.filter { plan[$0].start <= now && ends[$0] == .infinity }
            let rates = rates(of: running)
            let nextStart = plan.map(\.start).filter { $0 > now }.min() ?? .infinity
            let nextEnd = running.map { now + remaining[$0] / (rates[$0] ?? 0) }.min() ?? .infinity
            let next = min(nextStart, nextEnd)
            for a in running {
                remaining[a] -= (rates[a] ?? 0) * (next - now)
                if remaining[a] < 1e-9 { ends[a] = next }
            }
            now = next
        }
        return ends
    }

    /// Fractions a second, by activity.
    private func rates(of running: [Int]) -> [Int: Double] {
        let dominant = plan.map { $0.works.map { $0.value / capacities[$0.key] }.max() ?? 0 }
        func rate(_ a: Int, at share: Double) -> Double { min(share / dominant[a], 1 / plan[a].minimumSeconds) }
        func use(of resource: Int, settled: [Int: Double], growing: [Int], at share: Double) -> Double {
            settled.reduce(0) { $0 + (plan[$1.key].works[resource] ?? 0) * $1.value }
                + growing.reduce(0) { $0 + (plan[$1].works[resource] ?? 0) * rate($1, at: share) }
        }
        var settled: [Int: Double] = [:]
        var growing = running
        while !growing.isEmpty {
            let wanted = capacities.indices.filter { r in growing.contains { plan[$0].works[r] != nil } }
            var (low, high) = (0.0, 1.0)
            for _ in 0 ..< 60 {
                let middle = (low + high) / 2
                let fits = wanted.allSatisfy {
                    use(of: $0, settled: settled, growing: growing, at: middle) <= capacities[$0] * (1 + 1e-12)
                }
                if fits { low = middle } else { high = middle }
            }
            let full = wanted.filter {
                use(of: $0, settled: settled, growing: growing, at: low) > capacities[$0] * (1 - 1e-9)
            }
            let done = growing.filter { a in low > 1 - 1e-9 || full.contains { plan[a].works[$0] != nil } }
            for a in done { settled[a] = rate(a, at: low) }
            growing.removeAll { settled[$0] != nil }
        }
        return settled
    }
}
