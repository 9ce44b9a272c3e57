import Hardware
import Quantities

/// The clock that a board's power limit leaves.
///
/// Power is `active` (leakage and clock trees, whatever the work) plus the energy of operations and bytes over the time
/// they take. The energy of an operation follows the square of the voltage and the voltage follows the clock, so that
/// the dynamic power of the engines goes with the cube of the clock (AccelWattch, MICRO 2021, section 4.2); memory and
/// link have supplies of their own. With relative clock φ, engine time C at full clock, and the other times M,
///
///     T(φ) = max(L + C/φ, L + M, (E_compute·φ² + E_rest) / budget)
///
/// is what the clock and the limit allow after a latency L; the limiter settles where it is least. A higher rate, bandwidth
/// or limit never makes that longer.
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

    /// Relative clock at which work settles whose engines are busy for `engine` at full clock, its other resources for
    /// `rest`, after a `latency` in which little is drawn, and which spends these energies at full clock.
    public func clock(latency: Seconds, engine: Seconds, rest: Seconds, compute: Joules, other: Joules) -> Double {
        let allowed = budget.value * (latency.value + max(engine.value, rest.value))
        guard compute.value + other.value > allowed, compute.value > 0 else { return 1 }
        // Where the memory sets the time, the clock may stay as high as its energy allows …
        let spare = budget.value * (latency.value + rest.value) - other.value
        let waiting = spare > 0 ? (spare / compute.value).squareRoot() : 0
        // … else engine time and energy meet: E_compute·φ³ + (E_rest − budget·latency)·φ = budget·C, one root above 0,
        // which Newton's method reaches from 1 without passing it.
        let linear = other.value - budget.value * latency.value, constant = budget.value * engine.value
        var meeting = 1.0
        for _ in 0..<8 {
            let square = meeting * meeting, before = meeting
            meeting -= (compute.value * square * meeting + linear * meeting - constant) / (3 * compute.value * square + linear)
            if meeting == before { break }
        }
        return min(1, max(waiting, meeting))
    }

    /// Energy of one operation at the boost clock of a device seen to sustain `rate` of `peak` at its limit: at relative
    /// clock φ = rate/peak it drew the whole budget, and at full clock an operation takes 1/φ² of what it took there.
    public func energyAtBoost(sustaining rate: FlopsPerSecond, of peak: FlopsPerSecond) -> JoulesPerFlop {
        let clock = min(1, rate / peak)
        return JoulesPerFlop(budget.value / (rate.value * clock * clock))
    }
}
