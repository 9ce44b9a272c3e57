import Hardware
import Operators
import Quantities

/// Cycle-approximate: tiles and waves over the units, cache reuse, command trains in memory banks, power-limited clocks.
///
/// Every prediction is checked against `Roofline`; beating it stops the program as an internal error.
public struct Cycle: CostModel {
    public var name: String { "cycle" }
    /// The clock gives way to the power limit, as in a run longer than the limiter's reaction (tens of milliseconds); a
    /// microbenchmark of short bursts is not throttled.
    public var limitsPower: Bool

    public init(limitsPower: Bool = true) {
        self.limitsPower = limitsPower
    }

    public func demand(of op: Operator, on device: Device, under runtime: Runtime) -> Demand {
        let bound = Roofline().demand(of: op, on: device, under: runtime)
        let demand = switch op {
        case .matmul(let o): fastest(on: device) { matmul(o, on: $0, of: device, under: runtime) }
        case .grouped(let o): fastest(on: device) { grouped(o, on: $0, of: device, under: runtime) }
        case .attention(let o): fastest(on: device) { attention(o, on: $0, of: device, under: runtime) }
        case .elementwise(let o): elementwise(o, on: device)
        case .collective(let o): self.demand(of: o, over: Fabric(), on: device, under: runtime)
        case .copy(let o): self.demand(of: o, over: nil, from: device, to: device, under: runtime)
        }
        return demand.checked(against: bound, model: name, what: "\(op) on \(device.id)")
    }

    /// The engine that does it soonest.
    private func fastest(on device: Device, _ demand: (Engine) -> Demand?) -> Demand {
        var best = Demand(engineTime: Seconds(.infinity))
        for engine in device.engines where engine.kind != .special {
            if let own = demand(engine), own.duration < best.duration { best = own }
        }
        return best
    }

    func power(_ flops: Flops, _ math: NumberFormat, of device: Device) -> PowerBudget? {
        limitsPower ? PowerBudget(device, flops: flops, math: math) : nil
    }

    /// Turns a cost at its settled clock into a demand, with the energy it takes there.
    func finish(_ cost: TileCost, flops: Flops, math: NumberFormat, on engine: Engine, of device: Device, choice: Choice) -> Demand {
        var demand = Demand(latency: Seconds(cost.latency), engine: engine.kind, engineTime: Seconds(cost.engine),
                            occupancy: cost.occupancy, vectorTime: Seconds(cost.vector), cacheTime: Seconds(cost.cache),
                            memoryTime: Seconds(cost.memory), memoryBytes: Bytes(cost.memoryBytes),
                            cacheBytes: Bytes(cost.cacheBytes), flops: flops, clock: cost.clock, choice: choice)
        demand.energy = energy(of: demand, math: math, on: device)
        // Energy of an operation goes with the square of the voltage, and that with the clock.
        demand.energy.compute = demand.energy.compute * (cost.clock * cost.clock)
        demand.energy.cache = demand.energy.cache * (cost.clock * cost.clock)
        return demand
    }

    /// As `finish`, for costs whose choice the power limit has no part in.
    func settle(_ cost: TileCost, flops: Flops, math: NumberFormat, on engine: Engine, of device: Device, choice: Choice) -> Demand {
        var cost = cost
        power(flops, math, of: device)?.settle(&cost)
        return finish(cost, flops: flops, math: math, on: engine, of: device, choice: choice)
    }
}
