import CostModels

/// Finds how a kernel cuts attention: the plan, of those that kernels are known to have, under which constants explain the rows best.
enum KernelPlanning {
    /// Rows by which plans are compared; more say no more.
    private static let mostRows = 240
    /// Rows of lone and of shared heads from which each say for themselves how they are cut.
    private static let fewestRows = 24

    static func candidates(ignoringWindow: Bool) -> [AttentionPlan] {
        let plans = AttentionPlan.groups.flatMap { heads in AttentionPlan.cuts.map { AttentionPlan(heads: heads, shared: $0, lone: $0) } }
        return plans + (ignoringWindow ? plans.map { AttentionPlan(heads: $0.heads, shared: $0.shared, lone: $0.lone, ignoresWindow: true) } : [])
    }

    /// - Returns: nil for rows of something else than attention on an accelerator.
    static func best(of samples: [KernelSample], _ family: KernelKey.Family) -> AttentionPlan? {
        let samples = thinned(samples.filter { $0.attention != nil }), parameters = family.parameters(onProcessor: false)
        guard !samples.isEmpty else { return nil }
        func best(_ samples: [KernelSample], _ plans: [AttentionPlan]) -> AttentionPlan {
            let ways = plans.map { plan in samples.map { plan.way(of: $0.attention!) } }
            var least = Double.infinity, best = plans[0], seen: Set<[AttentionWay]> = []
            for (plan, way) in zip(plans, ways) where seen.insert(way).inserted {
                let loss = KernelFit.loss(samples.map { $0.under(plan) }, parameters)
                if loss < least { (least, best) = (loss, plan) }
            }
            return best
        }
        let windows = samples.contains { $0.attention!.window > 0 } ? [false, true] : [false]
        guard family == .attentionDecode else {
            let plan = best(samples, windows.map { AttentionPlan(ignoresWindow: $0) })
            return plan.ignoresWindow ? plan : nil
        }
        let plans = candidates(ignoringWindow: false)
        let shared = samples.filter { $0.sharesHeads == true }, lone = samples.filter { $0.sharesHeads == false }
        if shared.isEmpty { return AttentionPlan(lone: best(lone, plans).lone) }
        if lone.isEmpty {
            var plan = best(shared, plans)
            plan.lone = nil
            return plan
        }
        guard min(shared.count, lone.count) >= fewestRows else { return best(samples, plans) }
        var plan = best(shared, plans)
        plan.lone = best(lone, AttentionPlan.cuts.map { AttentionPlan(lone: $0) }).lone
        return plan
    }

    private static func thinned(_ samples: [KernelSample]) -> [KernelSample] {
        let step = (samples.count + mostRows - 1) / mostRows
        return step > 1 ? stride(from: 0, to: samples.count, by: step).map { samples[$0] } : samples
    }
}
