import Documents
import Quantities

extension MemoryLevel {
    /// - Parameter clock: the device's boost clock, in whose cycles a cache may state bandwidth and latency.
    init(reading document: Document, clock: Hertz?) throws(DocumentError) {
        var reader = try document.object()
        level = try reader.require("level").choice()
        scope = try reader.require("per").choice()
        technology = try reader.optional("technology")?.string()
        capacity = try reader.require("capacity").capacity()
        bandwidth = try reader.optional("bandwidth")?.bandwidth(clock: clock)
        writeBandwidth = try reader.optional("writeBandwidth")?.bandwidth(clock: clock)
        unitBandwidth = try reader.optional("unitBandwidth")?.bandwidth(clock: clock)
        latency = try reader.optional("latency")?.time(clock: clock)
        bus = try reader.optional("bus")?.quantity(in: Bounds.bits)
        pinRate = try reader.optional("rate")?.bandwidth()
        organisation = if let section = reader.optional("organisation") { try Organisation(reading: section, clock: clock) } else { nil }
        let commandClock = document.json["organisation"]?["clock"] == nil ? clock : organisation?.clock
        timing = [:]
        for (command, value) in try reader.optional("timing")?.keyed(by: CommandTiming.self) ?? [] {
            timing[command.rawValue] = try value.time(clock: commandClock)
        }
        try reader.finish()
    }
}

/// Timing parameters by their name in the JEDEC standards (JESD235 HBM, JESD250 GDDR6) and ONFI.
enum CommandTiming: String, CaseIterable {
    /// Row activation to column command; to a read, a write, an in-bank multiply-accumulate.
    case tRCD, tRCDRD, tRCDWR, tRCDRDMAC
    case tRP, tRAS, tRC, tRFC, tREFI, tFAW, tWR, tRTP
    case tRRD, tRRD_S, tRRD_L, tCCD, tCCD_S, tCCD_L
    /// Column command to data.
    case tCL, tCWL
    /// Switching a channel between ordinary and all-bank compute mode (AiM).
    case tMODCH
    /// Filling the global buffer with one row of operands; one row opened, multiplied and read out in all banks, where a
    /// source states only these wholes (NeuPIMs).
    case tGWRITE, tGEMV
    /// Flash page read, page program, block erase.
    case tR, tPROG, tBERS
}

extension Organisation {
    init(reading document: Document, clock boost: Hertz?) throws(DocumentError) {
        var reader = try document.object()
        channels = try reader.require("channels").count()
        banksPerChannel = try reader.require("banksPerChannel").count()
        planes = try reader.optional("planes")?.count() ?? 1
        rowSize = try reader.require("row").capacity()
        columnSize = try reader.optional("column")?.capacity() ?? rowSize
        clock = try reader.optional("clock")?.frequency() ?? boost ?? Hertz(1.0)
        channelBandwidth = try reader.optional("channelBandwidth")?.bandwidth()
        dualRowBuffer = try reader.optional("dualRowBuffer")?.bool() ?? false
        guard channels * banksPerChannel <= Bounds.count.upperBound else {
            throw document.error("\(channels) channels × \(banksPerChannel) banks are more than \(Bounds.count.upperBound)")
        }
        guard columnSize <= rowSize else { throw document.error("a column of \(columnSize) is larger than the row of \(rowSize)") }
        try reader.finish()
    }
}
