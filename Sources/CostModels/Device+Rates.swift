import Hardware
import Quantities

extension Device {
    /// Datasheet read bandwidth of the main memory, from its pins or flash channels where the file leaves it out.
    var memoryBandwidth: Double {
        let memory = mainMemory
        if let bandwidth = memory.bandwidth { return bandwidth.value }
        if let bus = memory.bus, let rate = memory.pinRate { return bus.value * rate.value }
        if let shape = memory.organisation, let channel = shape.channelBandwidth { return Double(shape.channels) * channel.value }
        return .infinity
    }

    var memoryWriteBandwidth: Double { mainMemory.writeBandwidth?.value ?? memoryBandwidth }

    /// What a well-written kernel gets of the main memory: measured, or else the datasheet figure.
    public var achievableBandwidth: Double {
        min(memoryBandwidth, achieved.bandwidth[mainMemory.level]?.value ?? .infinity)
    }

    public var achievableWriteBandwidth: Double {
        memoryWriteBandwidth * (achievableBandwidth / memoryBandwidth).finiteOr(1)
    }
}

extension Double {
    func finiteOr(_ other: Double) -> Double { isFinite ? self : other }
}

/// `⌈a / b⌉` of positive integers.
func ceilDivide(_ a: Int, _ b: Int) -> Int { a <= 0 ? 0 : (a - 1) / b + 1 }
