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
    /// What was fitted to measured runs of one device; the other devices of a system are predicted without.
    public var calibration: Calibration?

    public init(limitsPower: Bool = true, calibration: Calibration? = nil) {
        self.limitsPower = limitsPower
        self.calibration = calibration
    }

    public func demand(of op: Operator, on device: Device, under runtime: Runtime) -> Demand {
        switch op {
        case .collective(let o): return demand(of: o, over: Fabric(), on: device, under: runtime)
        case .copy(let o): return demand(of: o, over: nil, from: device, to: device, under: runtime)
        default:
            let kernel = planned(op, on: device)
            var (demand, bound) = Prepared(for: device, under: runtime, limitsPower: limitsPower).demandAndBound(of: op, plan: kernel?.plan)
            if device.kind == .cpu, let least = runtime.dotProductTime(of: op, on: device) { demand.engineTime = max(demand.engineTime, least) }
            return calibrated(demand, op, by: kernel, on: device, bound: bound)
        }
    }

    /// The kernel that the calibration has for attention, whose plan the model has to know.
    private func planned(_ op: Operator, on device: Device) -> KernelCalibration? {
        guard case .attention = op, let calibration, calibration.applies(to: device) else { return nil }
        return calibration.kernel(for: op)
    }

    /// With the constants of the kernel that does it, where the calibration has one.
    ///
    /// - Parameter kernel: where it is known already.
    func calibrated(_ demand: Demand, _ op: Operator, by kernel: KernelCalibration? = nil, on device: Device, bound: @autoclosure () -> Demand) -> Demand {
        guard let calibration, calibration.applies(to: device) else { return demand }
        let bound = bound()
        return calibration.inPass(calibration.corrected(demand, of: op, by: kernel, on: device, bound: bound), of: op, on: device, bound: bound)
    }

    public func host(of step: StepShape, on device: Device) -> HostCost? {
        guard let calibration, calibration.applies(to: device), let constants = calibration.wholeConstants else { return nil }
        return HostCost(pass: constants.host(of: step), perKernel: Seconds(constants[.kernel]))
    }

    public func power(of device: Device) -> BoardPower? {
        guard let calibration, calibration.applies(to: device) else { return nil }
        return calibration.boardPower
    }

    /// The model for one device and runtime, with everything that does not depend on the operator looked up beforehand:
    /// for those who ask about many operators. Not a value, because what it holds would be copied for every operator.
    public final class Prepared: Sendable {
        let device: Device
        let runtime: Runtime
        let machine: Machine
        let limit: PowerLimit?
        let tiles = TileKinds()

        public init(for device: Device, under runtime: Runtime, limitsPower: Bool = true) {
            self.device = device
            self.runtime = runtime
            machine = Machine(device)
            limit = limitsPower ? PowerLimit(device) : nil
        }

        /// The prediction for an operator of one device; collectives and copies are not its business and get their bound.
        public func demand(of op: Operator) -> Demand { demandAndBound(of: op).demand }

        /// The prediction beside the physical bound that it was held against.
        ///
        /// - Parameter plan: how the kernel cuts attention; nil: as is fastest.
        public func demandAndBound(of op: Operator, plan: AttentionPlan? = nil) -> (demand: Demand, bound: Demand) {
            let bound = Roofline().demand(of: op, on: device, under: runtime)
            let demand = switch op {
            case .matmul(let o): fastest(o.flops, o.math) { matmul(o, on: $0) }
            case .grouped(let o): fastest(o.flops, o.math) { grouped(o, on: $0) }
            case .attention(let o): attention(o, plan?.way(of: o) ?? AttentionWay())
            case .elementwise(let o): elementwise(o).atLeast(bound)
            case .collective, .copy: bound
            }
            return (demand.checked(against: bound, model: "cycle", what: "\(op) on \(device.id)"), bound)
        }

        /// As a kernel does it that goes this way.
        func attention(_ o: Attention, _ way: AttentionWay) -> Demand {
            var o = o
            if way.ignoresWindow { o.window = 0 }
            return fastest(o.flops, o.math) { attention(o, way, on: $0) }
        }

        /// The engine that does it soonest. One whose peak alone takes longer than another's prediction is not asked.
        private func fastest(_ flops: Flops, _ math: NumberFormat, _ demand: (_ place: Int) -> Demand?) -> Demand {
            var best = Demand(engineTime: Seconds(.infinity))
            for place in device.engines.indices where device.engines[place].kind != .special {
                let peak = machine.rate(place, math, sparse: true)
                guard peak > 0, flops.value / peak < best.duration.value, let own = demand(place) else { continue }
                if own.duration < best.duration { best = own }
            }
            return best
        }

        func power(_ flops: Flops, _ math: NumberFormat) -> PowerBudget? {
            limit.map { PowerBudget($0, of: device, flops: flops, math: math) }
        }

        /// Turns a cost at its settled clock into a demand, with the energy it takes there.
        func finish(_ cost: TileCost, flops: Flops, math: NumberFormat, on place: Int, choice: Choice) -> Demand {
            var demand = Demand(latency: Seconds(cost.latency), engine: device.engines[place].kind, engineTime: Seconds(cost.engine),
                                occupancy: cost.occupancy, vectorTime: Seconds(cost.vector), cacheTime: Seconds(cost.cache),
                                memoryTime: Seconds(cost.memory), memoryBytes: Bytes(cost.memoryBytes),
                                cacheBytes: Bytes(cost.cacheBytes), flops: flops, clock: cost.clock, powerLimited: cost.powerLimited, choice: choice)
            (demand.sharedCacheTime, demand.feedTime) = (Seconds(cost.shared), Seconds(cost.feed))
            demand.energy = energy(of: demand, math: math, on: device)
            if let memory = cost.memoryEnergy { demand.energy.memory = Joules(memory) }
            // Energy of an operation goes with the square of the voltage, and that with the clock.
            demand.energy.compute = demand.energy.compute * (cost.clock * cost.clock)
            demand.energy.cache = demand.energy.cache * (cost.clock * cost.clock)
            return demand
        }

        /// As `finish`, for costs whose choice the power limit has no part in.
        func settle(_ cost: TileCost, flops: Flops, math: NumberFormat, on place: Int, choice: Choice) -> Demand {
            var cost = cost
            power(flops, math)?.settle(&cost)
            return finish(cost, flops: flops, math: math, on: place, choice: choice)
        }
    }
}

extension Runtime {
    /// Time of a product whose weights are unpacked anew for every row of activations; nil where the software has better.
    func dotProductTime(of operation: Operator, on device: Device) -> Seconds? {
        guard !dotProducts.isEmpty else { return nil }
        let (weights, flops): (TensorFormat, Flops)
        switch operation {
        case .matmul(let o) where !o.cached: (weights, flops) = (o.weights, o.flops)
        case .grouped(let o): (weights, flops) = (o.weights, o.flops)
        default: return nil
        }
        guard let rate = dotProducts[weights], let engine = device.engine(.vector) else { return nil }
        return Seconds(flops.value / 2 / (rate * Double(device.units) * engine.clock.value))
    }
}
