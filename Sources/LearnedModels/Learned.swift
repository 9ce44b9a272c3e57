import CostModels
import Hardware
import Operators
import Quantities
import Synchronization

/// The cycle model corrected by what was learned from measured kernels.
///
/// The correction is a factor for each operator; the parts of the demand stay apart, so that operators that run at the same
/// time still share what they share. What was not learned is predicted as by `Cycle`. Nothing is ever faster than the
/// physical bound.
///
/// Changing a device (10 % more bandwidth …) keeps the factors it has today: nobody measured kernels on such a device.
public struct Learned: CostModel {
    public var name: String { "learned" }
    public let model: LearnedModel
    /// For what was not learned, and for what a pass of a whole model adds to its kernels.
    public let base: Cycle
    /// Id of the runtime whose kernels are asked for.
    public let software: String
    private let memo = Memo()
    let powers = PowerMemo()

    public init(_ model: LearnedModel, calibration: Calibration?, software: String) {
        self.model = model
        base = Cycle(calibration: calibration)
        self.software = software
    }

    public func demand(of op: Operator, on device: Device, under runtime: Runtime) -> Demand {
        if case .collective(let collective) = op { return demand(of: collective, over: Fabric(), on: device, under: runtime) }
        guard let estimate = estimate(of: op, over: Fabric(), on: device) else { return base.demand(of: op, on: device, under: runtime) }
        let demand = Cycle(calibration: estimate.calibration?.ofKernels).demand(of: op, on: device, under: runtime)
        let bound = Roofline().demand(of: op, on: device, under: runtime)
        return drawing(inPass(demand.slowed(by: estimate.time / estimate.base, noFasterThan: bound), of: op, on: device, bound: bound), op, on: device)
    }

    public func demand(of collective: Collective, over fabric: Fabric, on device: Device, under runtime: Runtime) -> Demand {
        guard let estimate = estimate(of: .collective(collective), over: fabric, on: device) else {
            return base.demand(of: collective, over: fabric, on: device, under: runtime)
        }
        let demand = Cycle(calibration: estimate.calibration?.ofKernels).demand(of: collective, over: fabric, on: device, under: runtime)
        let bound = Roofline().demand(of: collective, over: fabric, on: device, under: runtime)
        return inPass(demand.slowed(by: estimate.time / estimate.base, noFasterThan: bound), of: .collective(collective), on: device, bound: bound)
    }

    public func demand(of copy: Copy, over link: Link?, from source: Device, to target: Device, under runtime: Runtime) -> Demand {
        base.demand(of: copy, over: link, from: source, to: target, under: runtime)
    }

    private func inPass(_ demand: Demand, of op: Operator, on device: Device, bound: Demand) -> Demand {
        base.calibration?.inPass(demand, of: op, on: device, bound: bound) ?? demand
    }

    public func host(of step: StepShape, on device: Device) -> HostCost? { base.host(of: step, on: device) }
    public func power(of device: Device) -> BoardPower? { base.power(of: device) }

    /// What was learned about an operator; nil for what was not. Each operator is asked about once.
    public func estimate(of op: Operator, over fabric: Fabric, on device: Device) -> KernelEstimate? {
        memo.estimate(for: Memo.Key(operation: op, device: device.id)) {
            KernelSite(running: op, over: fabric, on: device, under: software).flatMap { model.estimate([$0])[0] }
        }
    }

    /// Estimates of operators that were asked about; shared by copies of the model.
    private final class Memo: Sendable {
        struct Key: Hashable {
            var operation: Operator
            var device: String
        }

        private let estimates = Mutex<[Key: KernelEstimate?]>([:])

        /// Asks at most once about the same, but for a race in which both answers are equal.
        func estimate(for key: Key, _ ask: () -> KernelEstimate?) -> KernelEstimate? {
            if let known = estimates.withLock({ $0[key] }) { return known }
            let estimate = ask()
            estimates.withLock { $0[key] = .some(estimate) }
            return estimate
        }
    }
}

extension Demand {
    /// The demand with all its times multiplied, none of them shorter than the physical bound's.
    func slowed(by factor: Double, noFasterThan bound: Demand) -> Demand {
        guard duration.value.isFinite, factor.isFinite, factor > 0 else { return self }
        let whole = max(duration * factor, bound.duration)
        var result = self
        result.engineTime = max(engineTime * factor, min(engineTime, bound.engineTime))
        result.vectorTime = max(vectorTime * factor, min(vectorTime, bound.vectorTime))
        result.cacheTime = cacheTime * factor
        result.memoryTime = max(memoryTime * factor, min(memoryTime, bound.memoryTime))
        result.linkTime = max(linkTime * factor, min(linkTime, bound.linkTime))
        result.latency = max(.zero, whole - result.busy)
        return result
    }
}
