import ReferenceKernelsC

extension HostProbe {
    /// How long and where to measure.
    public struct Plan: Sendable {
        /// Seconds of repetitions of one figure; a probe has about sixty.
        public var budget: Double
        /// Folder for the file that the disk is measured with; nil leaves the disk out.
        public var diskFolder: String?
        public var diskBytes: Int
        /// Most bytes of the arrays that the memory is measured with; fewer than the caches hold measure the caches.
        public var memoryBytes: Int

        public init(budget: Double = 0.25, diskFolder: String? = "/tmp", diskBytes: Int = 512 << 20, memoryBytes: Int = 4 << 30) {
            self.budget = budget
            self.memoryBytes = memoryBytes
            self.diskFolder = diskFolder
            self.diskBytes = diskBytes
        }
    }

    /// Measures this machine. Other work on it shows in the medians and, when it never pauses, in the best figures.
    ///
    /// - Parameter progress: called with what is measured next.
    /// - Throws: `KernelError` when there is no memory for the arrays.
    public static func run(_ plan: Plan = Plan(), progress: (String) -> Void = { _ in }) throws(KernelError) -> HostProbe {
        progress("peak arithmetic")
        let (one, all) = (flops(all: false, plan), flops(all: true, plan))
        progress("clock")
        let clocks = clocks(plan)
        progress("thread hand-off")
        let (hot, asleep) = handOffs()
        var levels: [Level] = []
        for shape in levelShapes(most: plan.memoryBytes) {
            progress("\(shape.name.rawValue) bandwidth and latency")
            levels.append(try measure(shape, plan))
        }
        var disk: Disk?, note: String?
        if let folder = plan.diskFolder {
            progress("disk")
            do { disk = try measureDisk(folder, bytes: plan.diskBytes, plan) } catch { note = error.description }
        }
        return HostProbe(processor: SystemFacts.processorName(), cores: Kernels.threads, instructionSet: Kernels.instructionSet, lanes: Int(rk_lanes()),
                         clockOfOne: clocks?.one, clockOfAll: clocks?.all, flopsOfOne: one, flopsOfAll: all, levels: levels,
                         handOff: hot, handOffAsleep: asleep, hugePages: SystemFacts.hugePages(), disk: disk, diskNote: note,
                         date: SystemFacts.today())
    }

    /// The best and median of `amount` over the time of `body`, repeated for the budget.
    static func rate(_ amount: Double, _ plan: Plan, _ body: () -> Void) -> Rate {
        body()
        var samples: [Double] = []
        let start = rk_now()
        repeat {
            let begin = rk_now()
            body()
            samples.append(max(rk_now() - begin, 1e-9))
        } while samples.count < 7 || rk_now() - start < plan.budget && samples.count < 1000
        let timing = Timing(samples: samples)
        return Rate(best: amount / timing.fastest, median: amount / timing.median)
    }

    private static func flops(all: Bool, _ plan: Plan) -> Rate {
        let rounds = 20_000
        let operations = rk_fma_chain(rounds, 0) * (all ? Double(Kernels.threads) : 1)
        return rate(operations, plan) { _ = rk_fma_chain(rounds, all ? 1 : 0) }
    }

    /// Operations per second of chains of multiply-adds on all cores.
    public static func peakFlops() -> Rate { flops(all: true, Plan()) }

    private static func clocks(_ plan: Plan) -> (one: Double, all: Double)? {
        let count = 1 << 20
        guard rk_dependent_adds(count) == 0 else { return nil }
        let one = rate(Double(count), plan) { rk_dependent_adds(count) }
        // Straight after a vector load on all cores, before the clock recovers.
        let chain = 50_000
        var samples: [Double] = []
        let start = rk_now()
        repeat {
            _ = rk_fma_chain(chain, 1)
            let begin = rk_now()
            rk_dependent_adds_all(count)
            samples.append(rk_now() - begin)
        } while samples.count < 7 || rk_now() - start < plan.budget
        return (one.best, Double(count) / Timing(samples: samples).fastest)
    }

    private static func handOffs() -> (hot: Double, asleep: Double) {
        func median(_ count: Int, pause: Double) -> Double {
            var samples: [Double] = []
            for _ in 0..<count {
                if pause > 0 { wait(pause) }
                let start = rk_now()
                rk_hand_off()
                samples.append(rk_now() - start)
            }
            return Timing(samples: samples).median
        }
        _ = median(100, pause: 0)
        return (median(5_000, pause: 0), median(50, pause: 2e-3))
    }

    // MARK: Memory levels

    struct LevelShape {
        var name: Level.Name
        var capacity, instances: Int
        /// Bytes of all arrays for one core, for all, and of the chase.
        var one, all, chase: Int
    }

    /// The levels of this machine and working sets that lie in them: half of a cache, but no less than twice the one
    /// before; for the memory four times the last cache and at least 256 MiB.
    static func levelShapes(most: Int = 4 << 30) -> [LevelShape] {
        let cores = Kernels.threads, caches = SystemFacts.caches().filter { (1...3).contains($0.level) }, memory = SystemFacts.memory()
        var shapes: [LevelShape] = []
        var inner = 0
        for (cache, name) in zip(caches, [Level.Name.l1, .l2, .l3]) {
            let one = max(cache.bytes / 2, min(2 * inner, cache.bytes))
            shapes.append(LevelShape(name: name, capacity: cache.bytes, instances: cache.instances, one: one, all: one * min(cores, cache.instances), chase: one))
            inner = cache.bytes
        }
        let last = caches.last.map { $0.bytes * $0.instances } ?? 32 << 20
        let wanted = min(max(4 * last, 256 << 20), max(memory.available / 4, 64 << 20), max(most, 1 << 20))
        shapes.append(LevelShape(name: .dram, capacity: memory.total, instances: 1, one: min(wanted, 512 << 20), all: wanted, chase: min(wanted, 512 << 20)))
        return shapes
    }

    private static func measure(_ shape: LevelShape, _ plan: Plan) throws(KernelError) -> Level {
        let one = try bandwidth(shape.one, all: false, plan), all = try bandwidth(shape.all, all: true, plan)
        let latency = try latency(shape.chase, hugePages: true, plan)
        let small = shape.name == .dram ? try Self.latency(shape.chase, hugePages: false, plan) : nil
        return Level(name: shape.name, capacity: shape.capacity, instances: shape.instances, workingSet: shape.all, oneCore: one, allCores: all,
                     latency: latency, latencyInSmallPages: small)
    }

    static func bandwidth(_ workingSet: Int, all: Bool, _ plan: Plan) throws(KernelError) -> Bandwidth {
        let whole = workingSet / 4 / 128 * 128
        // One block of memory in three parts, so that arrays never start at the same place of a page and of a cache set.
        let memory = try FloatBuffer(count: whole + 3 * 1024, zeroed: false)
        rk_stream_run(rk_write, memory.pointer, nil, nil, whole, 1, all ? 1 : 0)
        func run(_ kind: rk_stream, arrays: Int) -> Rate {
            let count = whole / arrays / 128 * 128
            let bytes = Double(count * 4 * arrays)
            let a = memory.pointer, b = a + count + 272, c = b + count + 272
            // A sample of a millisecond or so: starting a region is not what is measured.
            let repeats = max(1, Int(20e6 / bytes))
            return rate(bytes * Double(repeats), plan) { rk_stream_run(kind, a, b, c, count, repeats, all ? 1 : 0) }
        }
        return Bandwidth(read: run(rk_read, arrays: 1), write: run(rk_write, arrays: 1), copy: run(rk_copying, arrays: 2), triad: run(rk_triad, arrays: 3))
    }

    private static func latency(_ bytes: Int, hugePages: Bool, _ plan: Plan) throws(KernelError) -> Double {
        let nodes = max(bytes / 64, 16)
        let memory = try AlignedBuffer<UInt8>(count: nodes * 64, hugePages: hugePages)
        rk_chase_build(memory.pointer, nodes, 42)
        let steps = 1 << 16
        var at = rk_chase_run(memory.pointer, min(nodes, 1 << 20))
        let rate = rate(Double(steps), plan) { at = rk_chase_run(at, steps) }
        return 1 / rate.median
    }
}

/// Plain reads of an array that is out of every cache by all threads, one pass at a time: to be compared with what
/// a kernel reads in the same minute.
public final class ReadStream {
    private let memory: FloatBuffer
    private let count: Int

    /// - Throws: `KernelError` when there is no memory for the array.
    public init() throws(KernelError) {
        count = (HostProbe.levelShapes().last?.all ?? 256 << 20) / 512 * 128
        memory = try FloatBuffer(count: count)
    }

    public var bytes: Double { Double(count) * 4 }

    /// Seconds of one pass.
    public func seconds() -> Double {
        let start = rk_now()
        rk_stream_run(rk_read, memory.pointer, nil, nil, count, 1, 1)
        return rk_now() - start
    }
}
