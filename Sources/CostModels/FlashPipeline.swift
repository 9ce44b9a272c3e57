import Hardware
import Operators
import Quantities

/// Reads of pages from flash: dies work side by side, each sensing its planes at once, behind channels that carry one
/// page at a time.
public struct FlashPipeline: Sendable, Equatable {
    public var channels: Int
    public var diesPerChannel: Int
    public var planes: Int
    public var page: Bytes
    /// Sensing a page into the plane's register (tR).
    public var sense: Seconds
    /// One page over its channel.
    public var transfer: Seconds

    public init(channels: Int, diesPerChannel: Int, planes: Int, page: Bytes, sense: Seconds, transfer: Seconds) {
        self.channels = max(1, channels)
        self.diesPerChannel = max(1, diesPerChannel)
        self.planes = max(1, planes)
        self.page = page
        self.sense = sense
        self.transfer = transfer
    }

    /// Nil for a memory that is not flash or whose file leaves its organisation or `tR` out.
    public init?(_ memory: MemoryLevel) {
        guard memory.level == .flash, let shape = memory.organisation, let channel = shape.channelBandwidth,
              let sense = memory.timing["tR"] else { return nil }
        self.init(channels: shape.channels, diesPerChannel: shape.banksPerChannel, planes: shape.planes, page: shape.rowSize,
                  sense: sense, transfer: shape.rowSize / channel)
    }

    /// Bandwidth of long reads: the channels', unless the dies behind them sense too slowly.
    public var bandwidth: BytesPerSecond {
        let perChannel = max(transfer.value, sense.value / Double(diesPerChannel * planes))
        return BytesPerSecond(Double(channels) * page.value / perChannel)
    }

    /// Time of `pages` page reads spread evenly over channels, dies and planes, all asked for at once.
    ///
    /// Dies sense their planes together, and sense the next pages when their registers are empty. A channel moves the
    /// pages of its dies in turn; round r of a die is ready when its round r−1 has left and it has sensed again:
    /// with D dies of P planes a round lasts max(D·P·transfer, sense + P·transfer), and the last one ends with what is
    /// left to move.
    public func time(pages: Int) -> Seconds {
        guard pages > 0 else { return .zero }
        let perChannel = ceilDivide(pages, channels)
        let round = diesPerChannel * planes
        let full = (perChannel - 1) / round
        let last = perChannel - full * round
        let period = max(Double(round) * transfer.value, sense.value + Double(planes) * transfer.value)
        return Seconds(sense.value + Double(full) * period + Double(last) * transfer.value)
    }
}

extension Cycle.Prepared {
    /// Work of a processor inside a drive: its rate, and its data at the pace of the flash behind it.
    func inStorage(_ flops: Flops, _ math: NumberFormat, _ traffic: Traffic, exponentials: Double = 0, on place: Int) -> Demand {
        let bytes = machine.transferred(traffic)
        var cost = TileCost()
        cost.engine = flops.value / machine.reached(place, math)
        if exponentials > 0, let special = machine.special {
            cost.vector = exponentials / machine.rate(special, .fp32)
        }
        cost.memoryBytes = bytes.read + bytes.written
        cost.cacheBytes = traffic.memory.value
        let stream = bytes.read / machine.achievable
        cost.memory = stream + bytes.written / machine.achievableWrite
        cost.latency = machine.floor
        if let flash = FlashPipeline(device.mainMemory) {
            let read = flash.time(pages: pageCount(bytes.read, flash.page.value)).value
            cost.memory = max(cost.memory, read - flash.sense.value)
            cost.latency += bytes.read > 0 ? flash.sense.value : 0
        }
        return settle(cost, flops: flops, math: math, on: place, choice: .none)
    }
}

func pageCount(_ bytes: Double, _ page: Double) -> Int {
    Int(min((bytes / max(1, page)).rounded(.up), 1e15))
}
