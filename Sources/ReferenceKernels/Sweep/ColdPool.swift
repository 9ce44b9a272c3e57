import ReferenceKernelsC

/// What lies between a kernel and the memory of this machine.
public enum ColdMemory {
    /// Bytes of the last-level caches together.
    public static var lastCache: Int { SystemFacts.caches().last.map { $0.bytes * $0.instances } ?? 32 << 20 }
}

/// Memory full of random numbers from which the operands of a sweep are windows.
///
/// Weights and caches are met cold, as in a model that does not fit the caches: executions take turns among windows that
/// together are four times the last-level cache. Activations are the same windows each time and met warm.
final class ColdPool {
    private let memory: FloatBuffer
    /// Bytes after which what was read first is out of every cache.
    let coldBytes: Int
    private var activationsUsed = 0
    private let activations: FloatBuffer

    /// - Parameter largest: bytes of the largest operand.
    init(largest: Int, activationBytes: Int) throws(KernelError) {
        let available = SystemFacts.memory().available
        coldBytes = min(4 * ColdMemory.lastCache, available / 8)
        memory = try FloatBuffer(count: (max(coldBytes, largest) + (1 << 16)) / 4, zeroed: false)
        rk_fill_random(memory.pointer, memory.count, 1, 0, 1)
        activations = try FloatBuffer.random((activationBytes + (1 << 16)) / 4, seed: 2)
    }

    var bytes: Int { memory.count * 4 }

    /// Windows that take turns: enough of them to be cold when they come round again, as far as there is room.
    private func places(of size: Int) -> [Int] {
        let step = (size + 4095) / 4096 * 4096
        let wanted = (coldBytes + step - 1) / step, room = max(1, bytes / step)
        return (0..<max(1, min(wanted, room))).map { $0 * step }
    }

    private func weights(_ layout: WeightLayout, at place: Int) -> WeightMatrix {
        let base = UnsafeMutableRawPointer(memory.pointer) + place
        let matrix = WeightMatrix(layout, at: base, owner: memory)
        // Any bits are codes; scales have to be numbers, and two of these are one as fp32, too.
        let scales = (base + layout.scales).assumingMemoryBound(to: UInt16.self)
        for i in 0..<(layout.indices - layout.scales) / 2 { scales[i] = 0x3c00 }
        return matrix
    }

    /// - Parameter groups: matrices that belong together, as the experts of a layer do.
    func matrices(n: Int, k: Int, format: WeightFormat, groups: Int = 1) throws(KernelError) -> [[WeightMatrix]] {
        let layout = try WeightLayout(format, n: n, k: k)
        return places(of: layout.bytes * groups).map { place in (0..<groups).map { weights(layout, at: place + $0 * layout.bytes) } }
    }

    func caches(batch: Int, kvHeads: Int, capacity: Int, dimension: Int, cold: Bool) -> [KeyValueCache] {
        let floats = KeyValueCache.floats(batch: batch, kvHeads: kvHeads, capacity: capacity, dimension: dimension)
        return places(of: floats * 4).prefix(cold ? .max : 1).map {
            KeyValueCache(in: memory, at: $0 / 4, batch: batch, kvHeads: kvHeads, capacity: capacity, dimension: dimension)
        }
    }

    /// A table whose rows are anywhere in the pool.
    func table(width: Int) -> (table: FloatBuffer, rows: Int) { (FloatBuffer(window: memory.pointer, count: memory.count, owner: memory), memory.count / width) }

    /// Activations of a case: windows one behind the other, each on a page of its own.
    func activation(_ count: Int) -> FloatBuffer {
        let step = (count + 1023) / 1024 * 1024
        precondition(activationsUsed + step <= activations.count, "the activations of a case need more than the pool has")
        defer { activationsUsed += step }
        return FloatBuffer(window: activations.pointer + activationsUsed, count: count, owner: activations)
    }

    /// The next case takes its activations from the start again.
    func startCase() { activationsUsed = 0 }
}
