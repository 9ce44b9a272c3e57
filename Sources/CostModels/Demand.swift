import Hardware
import Quantities

/// What limits an operator, or a stretch of a run.
public enum Bound: String, CaseIterable, Sendable {
    case compute, vector, memory, cache, link, power, latency, launch, dependency
}

/// Dynamic energy of one operator by where it is spent; idle and active power are the meter's business.
public struct EnergyUse: Hashable, Sendable {
    public var compute: Joules
    public var memory: Joules
    public var cache: Joules
    public var link: Joules

    public init(compute: Joules = .zero, memory: Joules = .zero, cache: Joules = .zero, link: Joules = .zero) {
        self.compute = compute
        self.memory = memory
        self.cache = cache
        self.link = link
    }

    public var total: Joules { compute + memory + cache + link }

    public static func + (a: Self, b: Self) -> Self {
        Self(compute: a.compute + b.compute, memory: a.memory + b.memory, cache: a.cache + b.cache, link: a.link + b.link)
    }
}

/// How the operator would be carried out, for `explain`.
public enum Choice: Hashable, Sendable, CustomStringConvertible {
    case none
    /// Output tile of one unit, and the parts into which the reduction is cut.
    case tile(rows: Int, columns: Int, splitK: Int)
    /// Weights streamed past the cores of a processor; packed into tiles of so many rows first.
    case streamed
    case packed(rows: Int)
    /// Parts into which the context of one query block is cut.
    case contextSplit(queries: Int, parts: Int)
    /// Passes over a systolic array.
    case folds(Int)
    /// Rows activated in all banks at once, and the columns multiplied in each.
    case rowTrain(rows: Int, columns: Int)
    case algorithm(CollectiveAlgorithm)

    public var description: String {
        switch self {
        case .none: ""
        case .tile(let rows, let columns, let split): "tile \(rows)×\(columns)" + (split > 1 ? ", split-K \(split)" : "")
        case .streamed: "weights streamed"
        case .packed(let rows): "weights packed, \(rows) rows a tile"
        case .contextSplit(let queries, let parts): "\(queries) queries a block" + (parts > 1 ? ", context split \(parts)" : "")
        case .folds(let count): "\(count) folds"
        case .rowTrain(let rows, let columns): "\(rows) row activations of \(columns) columns"
        case .algorithm(let algorithm): algorithm.rawValue
        }
    }
}

/// What one operator needs of one device, so that concurrent operators can share it.
///
/// The times are those that the operator would need of each resource if it had that resource for itself; alone it takes
/// `latency` plus the longest of them.
public struct Demand: Sendable {
    /// Fixed and not shared: kernel floor, pipeline fill and drain, message latencies.
    public var latency: Seconds
    /// The engine that does the arithmetic.
    public var engine: Engine.Kind
    /// Time of the engine at the clock it sustains, tails and padding included.
    public var engineTime: Seconds
    /// Part of the engine's units that have work, in 0...1: the rest is free for concurrent operators.
    public var occupancy: Double
    /// Time of the vector and special engines running beside it: widening of weights, exponentials.
    public var vectorTime: Seconds
    /// Time of the last-level cache at full bandwidth.
    public var cacheTime: Seconds
    /// Of attention, what `cacheTime` is the longer of: of the cache that all units share, and of what the busiest unit takes in
    /// from it. Zero for what is not told apart.
    public var sharedCacheTime: Seconds = .zero
    public var feedTime: Seconds = .zero
    /// Time of the main memory at full achievable bandwidth; of its bus, for an engine in the banks.
    public var memoryTime: Seconds
    /// Of a copy: time of the memory it reads from, `memoryTime` being that of the one it writes to.
    public var sourceTime: Seconds
    /// Time of the port or link.
    public var linkTime: Seconds
    /// Bytes read from or written to the main memory, in the banks included.
    public var memoryBytes: Bytes
    /// Bytes through the last-level cache, hits and misses.
    public var cacheBytes: Bytes
    public var linkBytes: Bytes
    public var flops: Flops
    public var energy: EnergyUse
    /// Clock as a part of the boost clock, after the power limit.
    public var clock: Double
    /// The power limit made it longer than its engines and memories alone would have.
    public var powerLimited: Bool
    public var choice: Choice

    /// Whether every part is a time: a maximum of several hides one that is not a number.
    public var isTime: Bool {
        for part in [latency, engineTime, vectorTime, cacheTime, memoryTime, sourceTime, linkTime] where !(part.value >= 0 && part.value < .infinity) {
            return false
        }
        return true
    }

    public init(latency: Seconds = .zero, engine: Engine.Kind = .vector, engineTime: Seconds = .zero, occupancy: Double = 1,
                vectorTime: Seconds = .zero, cacheTime: Seconds = .zero, memoryTime: Seconds = .zero, sourceTime: Seconds = .zero, linkTime: Seconds = .zero,
                memoryBytes: Bytes = .zero, cacheBytes: Bytes = .zero, linkBytes: Bytes = .zero, flops: Flops = .zero,
                energy: EnergyUse = EnergyUse(), clock: Double = 1, powerLimited: Bool = false, choice: Choice = .none) {
        self.latency = latency
        self.engine = engine
        self.engineTime = engineTime
        self.occupancy = occupancy
        self.vectorTime = vectorTime
        self.cacheTime = cacheTime
        self.memoryTime = memoryTime
        self.sourceTime = sourceTime
        self.linkTime = linkTime
        self.memoryBytes = memoryBytes
        self.cacheBytes = cacheBytes
        self.linkBytes = linkBytes
        self.flops = flops
        self.energy = energy
        self.clock = clock
        self.powerLimited = powerLimited
        self.choice = choice
    }

    /// The longest of the shared times.
    public var busy: Seconds { max(engineTime, vectorTime, cacheTime, memoryTime, sourceTime, linkTime) }

    /// Time of the operator with the device to itself.
    public var duration: Seconds { latency + busy }

    public var boundBy: Bound {
        let busy = busy
        if latency > busy { return .latency }
        if powerLimited { return .power }
        if busy == memoryTime || busy == sourceTime { return .memory }
        if busy == engineTime { return .compute }
        if busy == linkTime { return .link }
        return busy == cacheTime ? .cache : .vector
    }
}
