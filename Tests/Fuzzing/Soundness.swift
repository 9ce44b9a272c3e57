import Orrery

/// What is wrong with an answer whatever it is an answer to: numbers that are no numbers, negative amounts, faster than physics.
public func flaws(in report: Report) -> [String] {
    var flaws: [String] = []
    func amount(_ name: String, _ value: Double?, above least: Double = 0) {
        guard let value else { return }
        if !value.isFinite { flaws.append("\(name) is \(value)") } else if value < least { flaws.append("\(name) is \(value), less than \(least)") }
    }
    for memory in report.memory {
        amount("\(memory.group): capacity", memory.capacity.value)
        amount("\(memory.group): weights", memory.weights.value)
        amount("\(memory.group): gradients", memory.gradients.value)
        amount("\(memory.group): optimizer", memory.optimizer.value)
        amount("\(memory.group): cache", memory.cache.value)
        amount("\(memory.group): activations", memory.activations.value)
        amount("\(memory.group): workspace", memory.workspace.value)
        amount("\(memory.group): peak", memory.peak.value, above: memory.weights.value)
    }
    guard let timing = report.timing else {
        if report.fits, !report.notes.contains(where: { $0.contains("only the memory") }) { flaws.append("it fits, but there is no time") }
        return flaws
    }
    if !report.fits { flaws.append("it does not fit, but there is a time") }
    // The clock counts whole picoseconds: each execution may end half of one early or late.
    let rounding = 1e-12 * max(1, report.operators.reduce(0) { $0 + $1.count })
    amount("bound", timing.bound.value)
    amount("latency", timing.latency.value, above: timing.bound.value * (1 - 1e-9))
    amount("time to first token", timing.ttft?.value)
    amount("time per output token", timing.tpot?.value)
    amount("output tokens a second", timing.outputTokensPerSecond)
    amount("prompt tokens a second", timing.promptTokensPerSecond)
    amount("busy fraction", timing.busyFraction)
    if timing.busyFraction > 1 + 1e-9 { flaws.append("busy fraction is \(timing.busyFraction), more than 1") }
    if let energy = report.energy {
        amount("energy", energy.total.value)
        amount("average power", energy.averagePower.value)
        for part in energy.components { amount("energy of \(part.component.rawValue)", part.energy.value) }
    }
    for row in report.operators {
        amount("\(row.name): count", row.count)
        amount("\(row.name): latency", row.latency.value)
        amount("\(row.name): device time", row.deviceTime.value)
        amount("\(row.name): FLOPs", row.flops.value)
        amount("\(row.name): bytes", row.bytes.value)
        amount("\(row.name): energy", row.energy.value)
    }
    for row in report.blame { amount("blame of \(row.name)", row.seconds.value) }
    // Blame adds up to the whole, or a stretch of the critical path is nobody's.
    let blamed = report.blame.reduce(0) { $0 + $1.seconds.value }
    if abs(blamed - timing.latency.value) > 1e-6 * timing.latency.value + 1e-9 { flaws.append("blame adds up to \(blamed) s of \(timing.latency.value) s") }
    for row in report.sensitivities {
        amount("latency with more \(row.resource)", row.latency.value)
        if !row.gain.isFinite { flaws.append("gain of \(row.resource) is \(row.gain)") }
        // Transfers beside kernels may slow them a little when they are faster (LibraryTests, `Setting.sharesMemory`).
        if row.latency.value > timing.latency.value * 1.01 + rounding { flaws.append("10 % more \(row.resource) makes it slower: gain \(row.gain)") }
    }
    return flaws
}
