import Hardware
import Operators
import Quantities

/// Answers what an operator needs of a device under a runtime.
///
/// Three fidelities: `Roofline` (the physical bound), `Cycle` (cycle-approximate) and, in a room above, a learned one.
public protocol CostModel: Sendable {
    var name: String { get }
    /// An operator of one device. Collectives and copies go by the device's own port; prefer the methods below.
    func demand(of op: Operator, on device: Device, under runtime: Runtime) -> Demand
    /// What one participant needs for an exchange over the fabric that joins them.
    func demand(of collective: Collective, over fabric: Fabric, on device: Device, under runtime: Runtime) -> Demand
    /// A transfer from the main memory of `source` to that of `target`; without a link, inside one device.
    func demand(of copy: Copy, over link: Link?, from source: Device, to target: Device, under runtime: Runtime) -> Demand
    /// What the host does in one pass; nil for what the runtime's file says.
    func host(of step: StepShape, on device: Device) -> HostCost?
    /// What a board draws; nil for what the device's file says.
    func power(of device: Device) -> BoardPower?
}

extension CostModel {
    public func host(of step: StepShape, on device: Device) -> HostCost? { nil }
    public func power(of device: Device) -> BoardPower? { nil }
}

/// The links that join the participants of a collective, inside a node and between nodes.
public struct Fabric: Sendable {
    public var inside: Link?
    public var across: Link?

    public init(inside: Link? = nil, across: Link? = nil) {
        self.inside = inside
        self.across = across
    }
}

/// The physical bound was beaten: a mistake in a cost model, never in its input.
public struct BoundViolation: Error, CustomStringConvertible {
    public var model: String
    public var what: String
    public var predicted: Seconds
    public var bound: Seconds

    public var description: String {
        "internal error: cost model \(model) predicts \(predicted) for \(what), faster than the physical bound \(bound)"
    }
}

/// Rounding of sums of a few hundred terms.
let roundingSlack = 1e-9

extension Demand {
    /// Nil when this prediction is no faster than the bound.
    public func violation(of bound: Demand, model: String, what: @autoclosure () -> String) -> BoundViolation? {
        if duration.value >= bound.duration.value * (1 - roundingSlack) { return nil }
        return BoundViolation(model: model, what: what(), predicted: duration, bound: bound.duration)
    }

    /// Stops the program when this prediction beats the physical bound: no number is better than a wrong one.
    func checked(against bound: Demand, model: String, what: @autoclosure () -> String) -> Demand {
        if let violation = violation(of: bound, model: model, what: what()) { fatalError(violation.description) }
        return self
    }
}

extension Demand {
    /// No part of it shorter than the bound's: bytes that have to move take their time whatever caches are assumed to keep.
    func atLeast(_ bound: Demand) -> Demand {
        var demand = self
        demand.engineTime = max(engineTime, bound.engineTime)
        demand.vectorTime = max(vectorTime, bound.vectorTime)
        demand.memoryTime = max(memoryTime, bound.memoryTime)
        return demand
    }
}
