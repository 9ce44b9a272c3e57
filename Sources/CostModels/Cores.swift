import Hardware
import Operators
import Quantities

/// A processor as its operators see it: cores that fork and join for every operator, registers that hold a tile, and
/// caches that keep what was touched last.
struct Cores: Sendable {
    /// A cache, or the main memory as the last of them.
    struct Level: Sendable {
        var capacity: Double
        /// Bytes a second of one core's cache, or of what all cores share.
        var bandwidth: Double
        var isPrivate: Bool
        /// Bytes a second that one core draws from a shared level.
        var ofOne: Double
    }

    /// Rows of the register tile of a product: with two vectors of columns, three eighths of the registers hold a row each
    /// (12 of 32, 6 of 16: BLIS, `bli_kernels_skx.h` and `bli_kernels_haswell.h`). 1 where the device names no registers.
    var tileRows: Int
    var count: Double
    /// Operations a second of all cores: a multiply-add counts as two in `rate` and issues once.
    var rate: Double
    var simpleRate: Double { rate / 2 }
    var levels: [Level]
    var writeBandwidth: Double
    var memoryLatency: Double
    /// To hand a region of work to all cores and get it back.
    var forkJoin: Double

    /// Rows of the left operand that share one pass over streamed weights: as many sums as registers allow beside several
    /// streams of weights (four by four of 32 vectors).
    static let rowsOfPass = 4
    /// Simple operations that make a transcendental function where no engine does, at the least: a polynomial of degree 7, the
    /// shortest that leaves the last bit of an exponential right (Cephes, `expf.c`). What reduces the range comes on top.
    static let operationsOfSpecial = 8.0
    /// Simple operations to lay one weight out in a packed block: load, transpose, store.
    static let operationsOfPacking = 2.0

    /// - Parameter place: of the vector engine in `machine.engines`.
    init(_ machine: Machine, engine place: Int, math: NumberFormat) {
        let device = machine.device, engine = device.engines[place]
        tileRows = max(1, (engine.registers ?? 0) * 3 / 8)
        count = Double(max(1, engine.count))
        rate = machine.rate(place, math)
        let main = device.mainMemoryIndex, units = count
        levels = device.memory.indices.map { index in
            let memory = device.memory[index], isPrivate = memory.scope == .unit
            let reached = device.achieved.bandwidth[memory.level].map { $0.value / (isPrivate ? units : 1) }
            let all = index == main ? machine.achievable : reached ?? memory.bandwidth?.value ?? .infinity
            return Level(capacity: memory.capacity.value, bandwidth: all, isPrivate: isPrivate,
                         ofOne: min(all, memory.unitBandwidth?.value ?? all))
        }
        writeBandwidth = machine.achievableWrite
        memoryLatency = machine.memoryLatency
        forkJoin = machine.floor
    }

    /// Seconds in caches and in the main memory.
    struct Time { var cache = 0.0, memory = 0.0, memoryBytes = 0.0 }

    /// Bytes of the largest caches that the cores have to themselves.
    var privateCapacity: Double { (levels.lazy.filter(\.isPrivate).map(\.capacity).max() ?? 0) * count }

    private func bandwidth(_ level: Level, cores: Double) -> Double {
        level.isPrivate ? level.bandwidth * cores : min(level.bandwidth, level.ofOne * cores)
    }

    /// Bytes of activations that `cores` cores read and write, of a set that was touched just before.
    ///
    /// A cache holds a set that fits, nothing of a cyclic pass over one of twice its size, and between the two less and less:
    /// replacement is neither perfect nor exactly the least recent.
    func touched(read: Double, written: Double, of set: Double, cores: Double) -> Time {
        var time = Time(), left = 1.0
        for level in levels.dropLast() where left > 0 {
            let capacity = level.isPrivate ? level.capacity * cores : level.capacity
            // What a farther level holds passes this one, too; levels work at the same time.
            time.cache = max(time.cache, (read + written) * left / bandwidth(level, cores: cores))
            left = min(left, max(0, set / capacity - 1))
        }
        add(&time, read: read * left, written: written * left, cores: cores)
        return time
    }

    /// Bytes that come from the main memory whatever the caches hold: weights, and the cache of keys and values.
    func streamed(read: Double, written: Double = 0, cores: Double) -> Time {
        var time = Time()
        add(&time, read: read, written: written, cores: cores)
        return time
    }

    private func add(_ time: inout Time, read: Double, written: Double, cores: Double) {
        guard let main = levels.last, read + written > 0 else { return }
        let reached = bandwidth(main, cores: cores)
        time.memory += read / reached + written / (writeBandwidth * reached / main.bandwidth).ifFinite(or: writeBandwidth)
        time.memoryBytes += read + written
    }
}

extension Double {
    fileprivate func ifFinite(or other: Double) -> Double { isFinite ? self : other }
}

extension Cores.Time {
    static func + (a: Self, b: Self) -> Self {
        Self(cache: a.cache + b.cache, memory: a.memory + b.memory, memoryBytes: a.memoryBytes + b.memoryBytes)
    }
}
