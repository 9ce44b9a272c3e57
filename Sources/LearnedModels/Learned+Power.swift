import CostModels
import Hardware
import Operators
import Quantities
import Synchronization

extension Learned {
    /// What the board draws while an operator runs; nil where no watts were learned of it. Each operator is asked about once.
    public func power(of op: Operator, on device: Device) -> PowerEstimate? {
        guard !model.power.isEmpty else { return nil }
        return powers.estimate(for: op, device.id) {
            KernelSite(running: op, over: Fabric(), on: device, under: software).flatMap { model.power(of: $0) }
        }
    }

    /// The demand with the joules of the watts that were learned, as `EnergyMeter` will add them up.
    func drawing(_ demand: Demand, _ op: Operator, on device: Device) -> Demand {
        guard let estimate = power(of: op, on: device), let draw = BoardDraw(device, fitted: power(of: device)) else { return demand }
        return demand.drawing(estimate.power, by: draw)
    }
}

/// Power of operators that was asked about; shared by copies of the model.
final class PowerMemo: Sendable {
    private struct Key: Hashable {
        var operation: Operator
        var device: String
    }

    private let estimates = Mutex<[Key: PowerEstimate?]>([:])

    func estimate(for operation: Operator, _ device: String, _ ask: () -> PowerEstimate?) -> PowerEstimate? {
        let key = Key(operation: operation, device: device)
        if let known = estimates.withLock({ $0[key] }) { return known }
        let estimate = ask()
        estimates.withLock { $0[key] = .some(estimate) }
        return estimate
    }
}
