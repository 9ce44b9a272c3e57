import CostModels
import Hardware
import LearnedModels
import Operators
import Quantities
import Simulation
import Workloads

extension Report {
    /// Intervals of the times and the energy, from those of the kernels.
    ///
    /// Kernels of one family are wrong together: their errors add up. Those of different families have nothing to do with each
    /// other: they add up as squares. What no family was learned of (norms, copies, the host) counts as exact, which the notes say.
    mutating func addIntervals(from costs: Learned, running plan: Plan, on system: System) throws {
        guard let timing else { return }
        var all = Spread(), prefill = Spread(), decode = Spread()
        for (step, weight) in zip(plan.steps, StepWeights(of: plan).weights) {
            let spread = Spread(of: step.graph, costs: costs, on: system)
            all.add(spread, times: weight)
            if case .decode = step.phase { decode.add(spread, times: weight) } else { prefill.add(spread, times: weight) }
        }
        guard all.learned > 0 else { return }
        func interval(_ figure: Interval.Figure, _ value: Double, _ spread: Spread) -> Interval {
            func range(_ errors: (low: Double, high: Double)) -> ClosedRange<Double> { value * (1 - errors.low)...value * (1 + errors.high) }
            return Interval(figure, half: range(spread.relative(\.half)), ninety: range(spread.relative(\.ninety)))
        }
        if let ttft = timing.ttft { intervals.append(interval(.ttft, ttft.value, prefill)) }
        if let tpot = timing.tpot { intervals.append(interval(.tpot, tpot.value, decode)) }
        intervals.append(interval(.latency, timing.latency.value, all))
        if let energy { intervals.append(interval(.energy, energy.total.value, all.withPower)) }
        let rest = all.total - all.learned
        if rest > 0.005 * all.total { notes.append("The intervals take \(fixed(rest / all.total * 100, decimals: 0)) % of the kernels' time as exact: no measured kernels of their kind were learned.") }
        if !all.strange.isEmpty { notes.append("No kernel of \(all.strange.sorted().joined(separator: ", ")) was learned: the intervals are those of devices left out in training.") }
        if !all.powered.isEmpty { notes.append("Energy of \(all.powered.sorted().joined(separator: ", ")) by watts learned from measured kernels.") }
        if !all.outside.isEmpty { notes.append("Extrapolating beyond the training data in \(all.outside.sorted().joined(separator: ", ")).") }
    }
}

/// Kernel time, and how far it may be off, by family.
fileprivate struct Spread {
    struct Errors {
        var low = 0.0
        var high = 0.0
    }

    struct Parts {
        var half = Errors()
        var ninety = Errors()
    }

    /// Seconds.
    var total = 0.0
    var learned = 0.0
    var families: [KernelKey.Family: Parts] = [:]
    /// How far the energy may be off because of the watts: kernel time times the error of its power.
    var powers: [KernelKey.Family: Parts] = [:]
    /// Families of which watts were learned.
    var powered: Set<String> = []
    /// Devices that the model never saw, and features outside of what it saw.
    var strange: Set<String> = []
    var outside: Set<String> = []

    init() {}

    init(of graph: OperatorGraph, costs: Learned, on system: System) {
        for node in graph.nodes {
            let lane = graph.lanes[Int(node.lane)], operation = graph.uses[Int(node.use)].operation
            guard let group = system.group(lane.group), group.device.kind == .gpu else { continue }
            var fabric = Fabric()
            if case .collective = operation { fabric = Fabric(inside: system.link(lane.group, lane.group), across: system.link(lane.group, lane.group, crossingNodes: true)) }
            guard let estimate = costs.estimate(of: operation, over: fabric, on: group.device), let key = KernelKey(operation) else {
                if case .copy = operation { continue }
                total += costs.base.demand(of: operation, on: group.device, under: Runtime.ofMeasuredKernels).duration.value
                continue
            }
            let time = estimate.time.value
            total += time
            learned += time
            families[key.family, default: Parts()].half.add(estimate.half, around: time)
            families[key.family, default: Parts()].ninety.add(estimate.ninety, around: time)
            if estimate.kinship != .known { strange.insert(group.device.id) }
            if let feature = estimate.extrapolating { outside.insert(feature) }
            guard let power = costs.power(of: operation, on: group.device) else { continue }
            func during(_ watts: Watts) -> Seconds { Seconds(time * (watts / power.power)) }
            powers[key.family, default: Parts()].half.add(during(power.half.lowerBound)...during(power.half.upperBound), around: time)
            powers[key.family, default: Parts()].ninety.add(during(power.ninety.lowerBound)...during(power.ninety.upperBound), around: time)
            powered.insert(key.family.rawValue)
        }
    }

    mutating func add(_ other: Spread, times weight: Double) {
        total += other.total * weight
        learned += other.learned * weight
        strange.formUnion(other.strange)
        outside.formUnion(other.outside)
        powered.formUnion(other.powered)
        for (family, parts) in other.powers {
            powers[family, default: Parts()].half.add(parts.half, times: weight)
            powers[family, default: Parts()].ninety.add(parts.ninety, times: weight)
        }
        for (family, parts) in other.families {
            families[family, default: Parts()].half.add(parts.half, times: weight)
            families[family, default: Parts()].ninety.add(parts.ninety, times: weight)
        }
    }

    /// Of joules: errors of times and of watts have nothing to do with each other.
    var withPower: Spread {
        var spread = self
        spread.hasPower = true
        return spread
    }

    private var hasPower = false

    /// Parts of the kernels' time by which it may be shorter and longer.
    func relative(_ level: KeyPath<Parts, Errors>) -> (low: Double, high: Double) {
        guard total > 0 else { return (0, 0) }
        let parts = KernelKey.Family.allCases.flatMap { [families[$0], hasPower ? powers[$0] : nil] }.compactMap { $0?[keyPath: level] }
        func sum(_ error: (Errors) -> Double) -> Double { parts.reduce(0) { $0 + error($1) * error($1) }.squareRoot() / total }
        return (min(sum(\.low), 0.99), sum(\.high))
    }
}

fileprivate extension Spread.Errors {
    mutating func add(_ range: ClosedRange<Seconds>, around time: Double) {
        low += time - range.lowerBound.value
        high += range.upperBound.value - time
    }

    mutating func add(_ other: Self, times weight: Double) {
        low += other.low * weight
        high += other.high * weight
    }
}
