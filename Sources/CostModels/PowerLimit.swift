import Hardware
import Quantities

/// The clock that a board's power limit leaves.
///
/// Power is `active` (leakage and clock trees, whatever the work) plus the energy of operations and bytes over the time
/// they take. The energy of an operation follows the square of the voltage and the voltage follows the clock, so that
/// the dynamic power of the engines goes with the cube of the clock (AccelWattch, MICRO 2021, section 4.2); memory and
/// link have supplies of their own. With relative clock φ, engine time C at full clock, and the other times M,
///
///     T(φ) = max(C/φ, M, (E_compute·φ² + E_rest) / budget)
///
/// is what the clock and the limit allow; the limiter settles where it is least. A higher rate, bandwidth or limit never
/// makes that longer.
public struct PowerLimit: Sendable, Equatable {
    /// What the limit leaves for dynamic power.
    public var budget: Watts

    public init(budget: Watts) { self.budget = budget }

    /// Nil for a device whose file states no limit or no energies: it keeps its clock.
    public init?(_ device: Device) {
        let power = device.power
        guard let limit = power.limit, !power.perFlop.isEmpty || !power.perByte.isEmpty else { return nil }
        let resident = power.active ?? power.idle ?? .zero
        guard limit > resident else { return nil }
        budget = limit - resident
    }

    /// Relative clock at which work settles whose engine needs `engine` at full clock, its other resources `rest`, and
    /// its operations and bytes the given energies at full clock.
    public func clock(engine: Seconds, rest: Seconds, compute: Joules, other: Joules) -> Double {
        func drawn(_ clock: Double) -> Double { (compute.value * clock * clock + other.value) / budget.value }
        guard drawn(1) > max(engine.value, rest.value), compute.value > 0 else { return 1 }
        // C/φ falls and the energy rises with φ: they cross once. Below the crossing with M the clock would be wasted.
        var low = 0.0, high = 1.0
        for _ in 0..<50 {
            let middle = (low + high) / 2
            if drawn(middle) > max(engine.value / middle, rest.value) { high = middle } else { low = middle }
        }
        return low > 0 ? low : 1
    }

    /// Stretches the engine times of a demand to the clock it settles at and takes its energy down with the voltage.
    func apply(to demand: inout Demand) {
        let rest = max(demand.memoryTime, demand.linkTime)
        let engine = max(demand.engineTime, demand.vectorTime, demand.cacheTime)
        let other = demand.energy.memory + demand.energy.link
        let clock = clock(engine: engine, rest: rest, compute: demand.energy.compute + demand.energy.cache, other: other)
        guard clock < 1 else { return }
        demand.clock = clock
        demand.engineTime = demand.engineTime / clock
        demand.vectorTime = demand.vectorTime / clock
        demand.cacheTime = demand.cacheTime / clock
        demand.energy.compute = demand.energy.compute * (clock * clock)
        demand.energy.cache = demand.energy.cache * (clock * clock)
        // Bytes alone may draw more than the limit: then the memory waits.
        demand.memoryTime = max(demand.memoryTime, Seconds(demand.energy.total.value / budget.value))
    }

    /// Energy of one operation at the boost clock of a device seen to sustain `rate` of `peak` at its limit: at relative
    /// clock φ = rate/peak it drew the whole budget, and at full clock an operation takes 1/φ² of what it took there.
    public func energyAtBoost(sustaining rate: FlopsPerSecond, of peak: FlopsPerSecond) -> JoulesPerFlop {
        let clock = min(1, rate / peak)
        return JoulesPerFlop(budget.value / (rate.value * clock * clock))
    }
}
