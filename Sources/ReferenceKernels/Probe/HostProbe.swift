/// What this machine's processor, memory and disk were measured to do.
public struct HostProbe: Sendable, Equatable {
    /// A rate over repetitions: the best is what the hardware can do, the median what it did.
    public struct Rate: Sendable, Equatable {
        public var best, median: Double

        public init(best: Double, median: Double) {
            self.best = best
            self.median = median
        }
    }

    /// Bytes per second of streams over arrays; copy counts what it reads and writes, triad three arrays, neither the
    /// line that a store may fetch first (McCalpin, STREAM).
    public struct Bandwidth: Sendable, Equatable {
        public var read, write, copy, triad: Rate

        public init(read: Rate, write: Rate, copy: Rate, triad: Rate) {
            (self.read, self.write, self.copy, self.triad) = (read, write, copy, triad)
        }
    }

    /// A level of the memory hierarchy.
    public struct Level: Sendable, Equatable {
        public enum Name: String, Sendable, CaseIterable { case l1, l2, l3, dram }

        public var name: Name
        /// Bytes of one of these: the size of one cache, all of the memory.
        public var capacity: Int
        /// How many there are for the cores that this process may use.
        public var instances: Int
        /// Bytes of all arrays of a stream: of one core, of all cores together.
        public var workingSet: Int
        public var oneCore, allCores: Bandwidth
        /// Seconds of one dependent load over half of the level, or four times the caches for DRAM, in huge pages.
        public var latency: Double
        /// The same in ordinary pages: the difference is the translation of addresses. Only for DRAM.
        public var latencyInSmallPages: Double?

        public init(name: Name, capacity: Int, instances: Int, workingSet: Int, oneCore: Bandwidth, allCores: Bandwidth,
                    latency: Double, latencyInSmallPages: Double? = nil) {
            self.name = name
            self.capacity = capacity
            self.instances = instances
            self.workingSet = workingSet
            self.oneCore = oneCore
            self.allCores = allCores
            self.latency = latency
            self.latencyInSmallPages = latencyInSmallPages
        }
    }

    public struct Disk: Sendable, Equatable {
        /// The folder that was measured.
        public var folder: String
        public var capacity: Int
        /// Whether reads bypassed the page cache of this system; what lies below a virtual disk is not seen.
        public var direct: Bool
        /// Bytes per second of sequential reads, four requests of 1 MiB in flight.
        public var bandwidth: Rate
        /// Seconds of one random read of 4 KiB with nothing else in flight: median.
        public var latency: Double

        public init(folder: String, capacity: Int, direct: Bool, bandwidth: Rate, latency: Double) {
            self.folder = folder
            self.capacity = capacity
            self.direct = direct
            self.bandwidth = bandwidth
            self.latency = latency
        }
    }

    /// Name of the processor as the system gives it.
    public var processor: String
    /// Cores (hardware threads) that this process may use, each with one thread of the kernels.
    public var cores: Int
    public var instructionSet: String
    /// fp32 numbers in one vector.
    public var lanes: Int
    /// Hertz of one busy core, and of each when all have just run at full vector load; nil on a processor without a
    /// chain of additions of ours, where the clock is the nominal one of the system or unknown.
    public var clockOfOne, clockOfAll: Double?
    /// Operations per second of chains of fp32 multiply-adds.
    public var flopsOfOne, flopsOfAll: Rate
    /// From the first-level cache to the memory.
    public var levels: [Level]
    /// Seconds to hand an empty region to all threads and get it back while they still spin, and after they fell asleep.
    public var handOff, handOffAsleep: Double
    /// Setting of the system for transparent huge pages: `always`, `madvise`, `never` or `unknown`.
    public var hugePages: String
    public var disk: Disk?
    /// Why there is no disk figure, where one was asked for.
    public var diskNote: String?
    /// Day of the measurement, `YYYY-MM-DD`.
    public var date: String

    public func level(_ name: Level.Name) -> Level? { levels.first { $0.name == name } }

    /// Reads the memory again: what it can carry shows only when nobody else draws on it.
    ///
    /// - Throws: `KernelError` when there is no memory for the array.
    public mutating func readAgain(passes: Int = 8) throws(KernelError) {
        guard let place = levels.indices.last else { return }
        let stream = try ReadStream()
        for _ in 0..<passes { levels[place].allCores.read.best = max(levels[place].allCores.read.best, stream.bytes / stream.seconds()) }
    }

    public init(processor: String, cores: Int, instructionSet: String, lanes: Int, clockOfOne: Double?, clockOfAll: Double?, flopsOfOne: Rate,
                flopsOfAll: Rate, levels: [Level], handOff: Double, handOffAsleep: Double, hugePages: String, disk: Disk? = nil,
                diskNote: String? = nil, date: String) {
        self.processor = processor
        self.cores = cores
        self.instructionSet = instructionSet
        self.lanes = lanes
        self.clockOfOne = clockOfOne
        self.clockOfAll = clockOfAll
        self.flopsOfOne = flopsOfOne
        self.flopsOfAll = flopsOfAll
        self.levels = levels
        self.handOff = handOff
        self.handOffAsleep = handOffAsleep
        self.hugePages = hugePages
        self.disk = disk
        self.diskNote = diskNote
        self.date = date
    }
}
