import Hardware
import Operators
import Quantities

/// Command timing of a memory with multiply-accumulate lanes beside its banks, in seconds.
///
/// All banks of a channel work in step: one command opens the same row in each, one multiplies the same column of each
/// with the channel's global buffer (Newton, MICRO 2020; GDDR6-AiM, ISSCC 2022 and Hot Chips 2022).
public struct PIMTiming: Sendable, Equatable {
    /// Opening a row until its first multiplication: `tRCDRDMAC` where the memory has one of its own, else `tRCD`.
    public var activate: Double
    /// From one column to the next: `tCCD` (`tCCD_L` where the standard tells groups apart).
    public var column: Double
    /// From the last column to closing the row: `tRTP`.
    public var readToPrecharge: Double
    /// Closing the row until the next may be opened: `tRP`.
    public var precharge: Double
    /// Least time a row stays open: `tRAS`.
    public var rowOpen: Double
    /// Every `refreshInterval` (`tREFI`) the banks are busy with refresh for `refresh` (`tRFC`).
    public var refresh: Double
    public var refreshInterval: Double
    /// Filling the global buffer with one row's worth of operands: `tGWRITE`, or a column at a time.
    public var globalWrite: Double?
    /// Opening, multiplying and reading the results of one row in all banks of a channel, where a source states only the
    /// whole: `tGEMV` (NeuPIMs, casys-kaist/NeuPIMs `src/scheduler/Scheduler.cc`: 100 cycles to fill the buffer, of which
    /// its configuration makes 96 = 32·(tCCD_S + tCCD_L), and 184 for the row; the parts of the 184 are not stated).
    public var rowTrain: Double?
    /// No more than four rows may be opened in this time (`tFAW`), where the memory opens a row bank by bank. One with an
    /// activation of its own for all banks (`tRCDRDMAC`) is built to carry the current of that.
    public var fourRows: Double?
    /// From ordinary to all-bank mode, or back: `tMODCH`.
    public var modeSwitch = 0.0
    /// From the command that reads the lanes' results to the data: `tCL`.
    public var readLatency = 0.0

    public init(activate: Double, column: Double, readToPrecharge: Double = 0, precharge: Double, rowOpen: Double = 0,
                refresh: Double = 0, refreshInterval: Double = .infinity, globalWrite: Double? = nil, rowTrain: Double? = nil) {
        self.activate = activate
        self.column = column
        self.readToPrecharge = readToPrecharge
        self.precharge = precharge
        self.rowOpen = rowOpen
        self.refresh = refresh
        self.refreshInterval = refreshInterval
        self.globalWrite = globalWrite
        self.rowTrain = rowTrain
    }

    /// Nil for a memory whose file leaves out the timing of a row.
    public init?(_ timing: [String: Seconds]) {
        func first(_ names: String...) -> Double? { names.lazy.compactMap { timing[$0]?.value }.first }
        guard let activate = first("tRCDRDMAC", "tRCDRD", "tRCD"), let column = first("tCCD_L", "tCCD", "tCCD_S"),
              let precharge = first("tRP") else { return nil }
        self.init(activate: activate, column: column, readToPrecharge: first("tRTP", "tRTP_L") ?? 0, precharge: precharge,
                  rowOpen: first("tRAS") ?? 0, refresh: first("tRFC") ?? 0, refreshInterval: first("tREFI") ?? .infinity,
                  globalWrite: first("tGWRITE"), rowTrain: first("tGEMV"))
        if timing["tRCDRDMAC"] == nil { fourRows = first("tFAW") }
        modeSwitch = first("tMODCH") ?? 0
        readLatency = first("tCL") ?? 0
    }

    /// One row opened in all banks, `columns` of it multiplied, closed again:
    /// max(tRCDRDMAC + columns·tCCD + tRTP, tRAS) + tRP.
    ///
    /// On GDDR6-AiM (56, 2, 12 and 32 clocks) a row of 64 columns takes 56 + 64·2 + 12 + 32 = 228.
    public func row(columns: Double) -> Double {
        rowTrain ?? max(activate + columns * column + readToPrecharge, rowOpen) + precharge
    }

    /// The same in `banks` banks that cannot all be opened at once.
    public func row(columns: Double, banks: Int) -> Double {
        guard rowTrain == nil, let fourRows else { return row(columns: columns) }
        return max(row(columns: columns), Double(banks) / 4 * fourRows)
    }

    /// Time of an operator beside its rows: into all-bank mode and out of it, and the wait for the last results. The results
    /// of the rows before pass the bus while it waits for the next row to open: a column's worth for all banks, where
    /// opening and closing take tens of clocks.
    public var once: Double { 2 * modeSwitch + readLatency }

    /// `columns` of operands into the global buffer, over the channel's bus.
    public func fill(columns: Double) -> Double { globalWrite ?? columns * column }

    /// Part of the time in which no refresh is under way.
    public var availability: Double { 1 - min(0.99, refresh / refreshInterval) }
}

/// Matrix-vector products in the banks: the commands that one channel gets.
///
/// A matrix row lies along the rows of one bank; the banks of a channel hold different matrix rows, so that one operand
/// in the global buffer serves them all.
public struct BankTrain: Sendable, Equatable {
    public var timing: PIMTiming
    public var channels: Int
    public var banksPerChannel: Int
    /// Elements in a bank's row and in one of its columns.
    public var rowElements: Int
    public var columnElements: Int

    public init(timing: PIMTiming, channels: Int, banksPerChannel: Int, rowElements: Int, columnElements: Int) {
        self.timing = timing
        self.channels = max(1, channels)
        self.banksPerChannel = max(1, banksPerChannel)
        self.rowElements = max(1, rowElements)
        self.columnElements = max(1, columnElements)
    }

    /// Nil for a memory without organisation or row timing.
    ///
    /// - Parameters:
    ///   - banks: banks that have lanes.
    ///   - width: bytes of one stored element.
    ///   - lanes: seconds in which a bank's lanes take one column, when they are slower than its column path.
    public init?(_ memory: MemoryLevel, banks: Int, width: Double, lanes: (_ elements: Double) -> Double) {
        guard let shape = memory.organisation, var timing = PIMTiming(memory.timing), width > 0 else { return nil }
        let column = max(1, (shape.columnSize.value / width).rounded(.down))
        timing.column = max(timing.column, lanes(column))
        let channels = max(1, min(shape.channels, banks))
        self.init(timing: timing, channels: channels, banksPerChannel: min(shape.banksPerChannel, banks / channels),
                  rowElements: Int(max(1, min(shape.rowSize.value / width, 1e9))), columnElements: Int(min(column, 1e9)))
    }

    /// Time on one channel for a vector of `length` times a matrix of which this channel holds `outputs` columns:
    ///
    ///     ⌈length/row⌉ · fill + ⌈length/row⌉ · ⌈outputs/banks⌉ · row train
    ///
    /// With NeuPIMs' 512 elements a row and 32 banks: ⌈E/512⌉·100 + ⌈E/512⌉·⌈seq/32⌉·184 cycles. Refresh is not in it.
    public func channelTime(length: Int, outputs: Int) -> Double {
        let whole = length / rowElements, rest = length % rowElements
        let tiles = Double(ceilDivide(outputs, banksPerChannel))
        guard tiles > 0 else { return 0 }
        func chunk(_ elements: Int) -> Double {
            let columns = Double(ceilDivide(elements, columnElements))
            return timing.fill(columns: columns) + tiles * timing.row(columns: columns, banks: banksPerChannel)
        }
        return Double(whole) * chunk(rowElements) + (rest > 0 ? chunk(rest) : 0)
    }

    /// Row activations in all banks of one channel for the same product.
    public func activations(length: Int, outputs: Int) -> Double {
        Double(ceilDivide(length, rowElements)) * Double(ceilDivide(outputs, banksPerChannel))
    }
}
