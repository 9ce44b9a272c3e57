import ReferenceKernelsC

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How much of the processor others took during a measurement: the system's count of busy time, less this process's own.
public struct Interference: Sendable {
    private let start: (busy: Double, own: Double, clock: Double)?

    public init() { start = Self.now() }

    /// Part of the time of all processors that other processes, and a hypervisor, took since the beginning; nil where the
    /// system does not say.
    public var share: Double? {
        guard let start, let end = Self.now(), end.clock > start.clock else { return nil }
        let others = (end.busy - start.busy) - (end.own - start.own)
        return min(1, max(0, others / (end.clock - start.clock) / Double(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))))
    }

    private static func now() -> (busy: Double, own: Double, clock: Double)? {
        #if os(Linux)
        guard let line = SystemFacts.line("/proc/stat"), line.hasPrefix("cpu ") else { return nil }
        // user nice system idle iowait irq softirq steal, in ticks (proc_stat(5)).
        let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
        guard ticks.count == 8 else { return nil }
        let busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7]
        var used = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &used) == 0 else { return nil }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + 1e-6 * Double(time.tv_usec) }
        return (busy / Double(sysconf(Int32(_SC_CLK_TCK))), seconds(used.ru_utime) + seconds(used.ru_stime), rk_now())
        #else
        return nil
        #endif
    }
}
