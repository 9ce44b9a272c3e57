import Quantities

/// What a piece of hardware is: its engines, memories, ports and power, as its maker or a microbenchmark states them.
///
/// A GPU, a CPU, an NPU, a memory that computes and a drive that computes differ in content, not in schema.
public struct Device: Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case gpu, cpu, npu, pim, csd, storage
    }

    /// The name of its file without the ending; what a person types.
    public var id: String
    public var name: String
    public var kind: Kind
    /// The family whose defaults it inherits where nothing was measured: `ampere`, `hopper`, `cdna3` …
    public var architecture: String
    public var aliases: [String]
    public var clock: Clock
    /// Streaming multiprocessors, compute units, cores or systolic arrays that work side by side.
    public var units: Int
    public var engines: [Engine]
    /// Peaks as the datasheet states them; the engines must multiply to these within 3 %.
    public var quoted: [Engine.Kind: Table<NumberFormat, ComputeDimension>]
    /// From the level next to the engines to the largest.
    public var memory: [MemoryLevel]
    public var ports: [Port]
    public var power: Power
    public var kernel: KernelCosts
    /// What microbenchmarks reached of the datasheet figures.
    public var achieved: Achieved
    /// The device id of the host processor it is usually attached to.
    public var host: String?
    /// Named operating points, such as the power modes of a Jetson: already applied by `Device.inMode(_:)`.
    public var modes: [Mode]
    public var provenance: Provenance
    /// What kernels are compiled to for its architecture, nil where nobody says.
    public internal(set) var instructions: String?
    /// Paths of values that are not in the file but come from the defaults of the architecture (`resolved(with:)`).
    public var inherited: [String]

    public func engine(_ kind: Engine.Kind) -> Engine? { engines.first { $0.kind == kind } }
    public func level(_ level: MemoryLevel.Level) -> MemoryLevel? { memory.first { $0.level == level } }
    /// The level that holds weights and caches: the largest.
    public var mainMemory: MemoryLevel { memory[memory.count - 1] }
    /// Its place in `memory`: reading one field there copies nothing else.
    @inlinable public var mainMemoryIndex: Int { memory.count - 1 }
    /// The last cache in front of the main memory, nil for a device without one.
    public var lastLevelCache: MemoryLevel? { lastLevelCacheIndex.map { memory[$0] } }
    public var lastLevelCacheIndex: Int? {
        var index = memory.count - 2
        while index >= 0, memory[index].scope != .device { index -= 1 }
        return index >= 0 ? index : nil
    }
}

public struct Clock: Sendable, Equatable {
    public var base: Hertz?
    /// The highest clock under load; rates per cycle are quoted at it unless an engine states its own. 1 Hz for a device
    /// that declares no clock, in which nothing may then be counted in cycles.
    public var boost: Hertz
}

/// Something that computes.
public struct Engine: Sendable {
    public enum Kind: String, CaseIterable, Sendable, Hashable {
        /// Matrix units: tensor cores, matrix cores, AMX tiles.
        case tensor
        /// SIMD lanes for everything that is not a matrix product.
        case vector
        /// Transcendental functions.
        case special
        /// A systolic array, with its geometry.
        case systolic
        /// Multiply-accumulate lanes beside the banks of a memory.
        case bank
        /// A processor inside a storage device.
        case storage

        @inlinable public static func == (a: Self, b: Self) -> Bool { a.place == b.place }
        @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(place) }
        @usableFromInline var place: Int {
            switch self {
            case .tensor: 0
            case .vector: 1
            case .special: 2
            case .systolic: 3
            case .bank: 4
            case .storage: 5
            }
        }
    }

    public var kind: Kind
    /// How many of this engine the device has: `units` unless the file says otherwise; banks for a bank engine.
    public var count: Int
    /// The clock of its rates, the device's boost clock unless stated.
    public var clock: Hertz
    /// Operations of one engine in one cycle by arithmetic format.
    public var rates: Table<NumberFormat, FlopsPerCycleDimension>
    /// How much faster it multiplies when two of every four weights are zero; 1 where it has no such mode.
    public var sparsity24: Double
    /// How often an operand element leaves the unit's local memory for one product of a tile: 2 where four warps (2×2)
    /// fetch it into their registers, 1 where the engine reads that memory itself.
    public var operandReads: Double
    /// Vector registers that a thread of a processor names, which bound the tile of a product it keeps in them.
    public var registers: Int? = nil
    /// Units that one read of the cache can serve at once, in the shape the libraries use (thread block clusters).
    public var multicast: Int
    public var systolic: Systolic?

    /// Peak of all engines of this kind together, nil where the format has no native rate.
    public func peak(_ format: NumberFormat) -> FlopsPerSecond? {
        rates[format].map { $0 * clock * Double(count) }
    }

    /// The native format that stands in for `format`, itself or the narrowest wider one.
    public func native(_ format: NumberFormat) -> NumberFormat? {
        rates[format] != nil ? format : format.fallbacks.first { rates[$0] != nil }
    }
}

/// A rectangle of multiply-accumulate cells through which operands march.
public struct Systolic: Sendable, Equatable {
    public enum Dataflow: String, CaseIterable, Sendable {
        case outputStationary = "output-stationary"
        case weightStationary = "weight-stationary"
        case inputStationary = "input-stationary"
    }

    public var rows: Int
    public var columns: Int
    public var dataflow: Dataflow
    /// Each cell has a second register for the operand that stays, so that the next tile shifts in while the present one is
    /// used; weights of a weight-stationary array, inputs of an input-stationary one.
    public var doubleBuffered: Bool

    public init(rows: Int, columns: Int, dataflow: Dataflow, doubleBuffered: Bool = false) {
        self.rows = rows
        self.columns = columns
        self.dataflow = dataflow
        self.doubleBuffered = doubleBuffered
    }
}

public struct MemoryLevel: Sendable {
    public enum Level: String, TableKey {
        case l1, l2, l3, scratchpad, dram, flash

        @inlinable public var place: Int {
            switch self {
            case .l1: 0
            case .l2: 1
            case .l3: 2
            case .scratchpad: 3
            case .dram: 4
            case .flash: 5
            }
        }

        @inlinable public static func == (a: Self, b: Self) -> Bool { a.place == b.place }
        @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(place) }
    }

    public enum Scope: String, CaseIterable, Sendable {
        /// Every unit has one of these.
        case unit
        /// All units share it.
        case device

        @inlinable public static func == (a: Self, b: Self) -> Bool {
            switch (a, b) {
            case (.unit, .unit), (.device, .device): true
            default: false
            }
        }
    }

    public var level: Level
    public var scope: Scope
    /// `"HBM3"`, `"GDDR6X"`, `"TLC NAND"`: for the reader.
    public var technology: String?
    public var capacity: Bytes
    /// Read bandwidth of one of these (of one unit's, where the scope is the unit); nil where nobody stated it.
    public var bandwidth: BytesPerSecond?
    /// Write bandwidth where it differs.
    public var writeBandwidth: BytesPerSecond?
    /// What one unit alone draws from a level that all share, where that is less than the whole: its misses in flight
    /// bound it (Little's law).
    public var unitBandwidth: BytesPerSecond? = nil
    public var latency: Seconds?
    /// Data pins and their rate, from which the bandwidth is checked.
    public var bus: Bits?
    public var pinRate: BytesPerSecond?
    public var organisation: Organisation?
    /// Command timing by its standard name (`tRCD`, `tCCD_L`, `tR` …), in seconds.
    public var timing: [String: Seconds]
}

/// How a memory is cut into parts that work side by side.
public struct Organisation: Sendable, Equatable {
    public var channels: Int
    /// Banks of one channel (DRAM) or dies of one channel (flash).
    public var banksPerChannel: Int
    /// Planes of one flash die; 1 for DRAM.
    public var planes: Int
    /// Row buffer of one bank, or flash page.
    public var rowSize: Bytes
    /// Bytes of one column access of one bank.
    public var columnSize: Bytes
    /// Command clock.
    public var clock: Hertz
    /// Bandwidth of one channel's bus, where it is the limit (flash).
    public var channelBandwidth: BytesPerSecond?
    /// A second row buffer per bank lets the host read while the bank computes (NeuPIMs, ASPLOS 2024).
    public var dualRowBuffer: Bool

    public var banks: Int { channels * banksPerChannel }
}

/// A place where a link plugs in; bandwidth in one direction.
public struct Port: Sendable {
    public var name: String
    public var bandwidth: BytesPerSecond
    /// What large transfers were measured to reach.
    public var achieved: BytesPerSecond?
    public var latency: Seconds?
}

public struct Power: Sendable {
    /// Drawn when nothing runs.
    public var idle: Watts?
    /// The board's or module's limit; the clock drops until dynamic power stays under it.
    public var limit: Watts?
    /// Drawn while a kernel is resident, before any operation or byte: leakage and clock trees.
    public var active: Watts?
    /// Energy of one operation by arithmetic format with its way through registers and local memory, at the clock of the
    /// engine; it falls with the square of the clock (the voltage goes with it).
    public var perFlop: Table<NumberFormat, EnergyPerFlopDimension>
    /// Energy of one byte by memory level, the path to the engine included.
    public var perByte: Table<MemoryLevel.Level, EnergyPerByteDimension>
    /// Energy of one byte that lanes beside a bank read from it: opening its share of the row and the way to the lanes, no
    /// bus and no pins. Where nobody stated one, such a byte costs as much as one that leaves the memory.
    public var perBankByte: JoulesPerByte?
    /// Energy of one byte leaving through a port.
    public var perLinkByte: JoulesPerByte?
    /// What the figures above cover, where that is not a board as a whole: for the reader of an energy.
    public var boundary: String?

    public init(idle: Watts? = nil, limit: Watts? = nil, active: Watts? = nil, perFlop: Table<NumberFormat, EnergyPerFlopDimension> = [:],
                perByte: Table<MemoryLevel.Level, EnergyPerByteDimension> = [:], perBankByte: JoulesPerByte? = nil,
                perLinkByte: JoulesPerByte? = nil, boundary: String? = nil) {
        self.idle = idle
        self.limit = limit
        self.active = active
        self.perFlop = perFlop
        self.perByte = perByte
        self.perBankByte = perBankByte
        self.perLinkByte = perLinkByte
        self.boundary = boundary
    }
}

/// Fixed costs of starting work on the device.
///
/// A kernel takes at least `floor` and the next one starts a gap later; `floor` plus `graphGap` is the measured time of
/// the smallest matrix product when many follow each other in a graph.
public struct KernelCosts: Sendable {
    /// Shortest duration of a matrix product, the gap to the next kernel not included: start, fill, drain, completion.
    public var floor: Seconds?
    /// Gap from one kernel to the next in a stream whose host is ahead. The time from one tiny kernel to the next bounds it
    /// from above, and that is what the shipped devices state.
    public var streamGap: Seconds?
    /// The same inside a captured graph.
    public var graphGap: Seconds?
    /// On a host processor: the time its core takes to launch one empty kernel (SKIP, "null kernel launch").
    public var launch: Seconds?

    public init(floor: Seconds? = nil, streamGap: Seconds? = nil, graphGap: Seconds? = nil, launch: Seconds? = nil) {
        self.floor = floor
        self.streamGap = streamGap
        self.graphGap = graphGap
        self.launch = launch
    }
}

/// Measured maxima: what a well-written kernel gets out of the silicon.
public struct Achieved: Sendable {
    public var bandwidth: Table<MemoryLevel.Level, BandwidthDimension>
    public var compute: Table<NumberFormat, ComputeDimension>

    public init(bandwidth: Table<MemoryLevel.Level, BandwidthDimension> = [:], compute: Table<NumberFormat, ComputeDimension> = [:]) {
        self.bandwidth = bandwidth
        self.compute = compute
    }
}

/// A named operating point: fewer units, lower clocks, a lower limit.
public struct Mode: Sendable {
    public var name: String
    public var units: Int?
    public var clock: Hertz?
    public var dramBandwidth: BytesPerSecond?
    public var limit: Watts?
}
