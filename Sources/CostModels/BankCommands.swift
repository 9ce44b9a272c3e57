import Hardware
import Operators
import Quantities

/// Command timing of a memory with multiply-accumulate lanes beside its banks, in seconds.
public struct PIMTiming: Sendable, Equatable {
    /// From activating a row to its first multiplication (tRCD, or the longer tRCDRDMAC where the standard has one).
    public var activate: Double
    /// From one column to the next (tCCD; tCCD_L where all banks of a group work together).
    public var column: Double
    /// From the end of a row to the next activation.
    public var precharge: Double
    /// Refresh: every `refreshInterval` the banks are busy for `refresh`.
    public var refresh: Double
    public var refreshInterval: Double

    public init(activate: Double, column: Double, precharge: Double, refresh: Double = 0, refreshInterval: Double = .infinity) {
        self.activate = activate
        self.column = column
        self.precharge = precharge
        self.refresh = refresh
        self.refreshInterval = refreshInterval
    }
}

extension Cycle {
    func banks(rows: Int, n: Int, k: Int, batch: Int, _ weights: TensorFormat, _ math: NumberFormat, _ flops: Flops, _ traffic: Traffic,
               on engine: Engine, of device: Device) -> Demand? { nil }
    func bankAttention(_ o: Attention, on engine: Engine, of device: Device) -> Demand? { nil }
}
