import ReferenceKernelsC

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension HostProbe {
    /// Measures reads of a file of random bytes that is written for the purpose and removed.
    static func measureDisk(_ folder: String, bytes wanted: Int, _ plan: Plan) throws(KernelError) -> Disk {
        let piece = 16 << 20, bytes = max(wanted / piece, 1) * piece
        var space = statvfs()
        guard statvfs(folder, &space) == 0 else { throw KernelError("\(folder): cannot be measured: \(String(cString: strerror(errno)).lowercased())") }
        let free = Double(space.f_bavail) * Double(space.f_frsize), capacity = Double(space.f_blocks) * Double(space.f_frsize)
        guard free > 2 * Double(bytes) else { throw KernelError("\(folder): has no room for a file of \(bytes >> 20) MiB") }
        let random = try TemporaryFile(folder: folder, bytes: bytes)
        let buffer = try FloatBuffer(count: piece / 4)
        let file = try DirectFile(path: random.path)
        file.dropCache()
        var samples: [Double] = []
        let start = rk_now()
        for i in 0..<bytes / piece where samples.count < 4 || rk_now() - start < max(1, 8 * plan.budget) {
            let begin = rk_now()
            try file.read(into: buffer.pointer, bytes: piece, offset: i * piece)
            samples.append(rk_now() - begin)
        }
        let whole = Timing(samples: samples)

        if !file.isDirect { file.dropCache() }
        var single: [Double] = []
        var place = 12_345
        for _ in 0..<400 where single.count < 50 || rk_now() - start < max(2, 16 * plan.budget) {
            place = (place &* 1_103_515_245 &+ 12_345) & Int(Int32.max)
            let begin = rk_now()
            try file.read(into: buffer.pointer, bytes: 4096, offset: place % (bytes / 4096) * 4096, inFlight: 1)
            single.append(rk_now() - begin)
        }
        return Disk(folder: folder, capacity: Int(min(capacity, 1e18)), direct: file.isDirect,
                    bandwidth: Rate(best: Double(piece) / whole.fastest, median: Double(piece) / whole.median), latency: Timing(samples: single).median)
    }

    /// Sleeps, so that the threads of the pool do, too.
    static func wait(_ seconds: Double) {
        usleep(UInt32(seconds * 1e6))
    }
}
