import Hardware
import Quantities

extension RunDifference {
    /// A resource that two systems have different amounts of.
    public struct Unequal: Sendable {
        public var resource: Device.Resource
        public var what: String
        public var first: String
        public var second: String
        /// How many times the second system's amount the first one's is.
        public var factor: Double
    }

    /// What the accelerators of two systems differ in and a simulation can exchange: rates, bandwidths, the power limit.
    public static func unequal(_ first: System, _ second: System) -> [Unequal] {
        let a = first.accelerator, b = second.accelerator
        func link(_ system: System) -> Double? { system.link(system.accelerator.name, system.accelerator.name)?.bandwidth.value }
        // Peaks of the same format where both have one.
        let format = a.device.headlinePeak.flatMap { peak in b.device.peak(inFormat: peak.format) == nil ? nil : peak.format }
        let amounts: [(Device.Resource, String, Double?, Double?, Measure)] = [
            (.compute, "compute", format.flatMap { a.device.peak(inFormat: $0) } ?? a.device.headlinePeak?.rate.value,
             format.flatMap { b.device.peak(inFormat: $0) } ?? b.device.headlinePeak?.rate.value, .computeRate),
            (.memoryBandwidth, "memory bandwidth", a.device.mainMemory.bandwidth?.value, b.device.mainMemory.bandwidth?.value, .bandwidth),
            (.cacheBandwidth, "cache bandwidth", a.device.lastLevelCache?.bandwidth?.value, b.device.lastLevelCache?.bandwidth?.value, .bandwidth),
            (.linkBandwidth, "link bandwidth", link(first), link(second), .bandwidth),
            (.powerLimit, "power limit", a.device.power.limit?.value, b.device.power.limit?.value, .power),
        ]
        return amounts.compactMap { resource, what, mine, theirs, measure in
            guard let mine, let theirs, mine > 0, theirs > 0, abs(mine / theirs - 1) > 1e-6 else { return nil }
            return Unequal(resource: resource, what: what, first: measure.text(mine), second: measure.text(theirs), factor: mine / theirs)
        }
    }
}

private extension Device {
    /// Peak of the engine that the headline is of, in FLOP/s.
    func peak(inFormat format: NumberFormat) -> Double? {
        [Engine.Kind.tensor, .systolic, .bank, .vector].lazy.compactMap { self.engine($0)?.peak(format)?.value }.first
    }
}
