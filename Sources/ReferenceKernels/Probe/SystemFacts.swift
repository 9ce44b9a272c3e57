import ReferenceKernelsC

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What the system itself says about the machine.
enum SystemFacts {
    struct Cache: Equatable {
        var level: Int
        var bytes: Int
        var instances: Int
    }

    static func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    static func line(_ path: String) -> String? {
        text(path).flatMap { $0.split(whereSeparator: \.isNewline).first.map(String.init) }
    }

    /// Data and unified caches of the processors this process may use, by level.
    static func caches() -> [Cache] {
        var sizes: [Int: Int] = [:], sharing: [Int: Set<String>] = [:]
        for cpu in processors() {
            for index in 0..<8 {
                let folder = "/sys/devices/system/cpu/cpu\(cpu)/cache/index\(index)"
                guard let level = line("\(folder)/level").flatMap({ Int($0) }), line("\(folder)/type") != "Instruction",
                      let size = line("\(folder)/size").flatMap(bytes) else { continue }
                sizes[level] = size
                sharing[level, default: []].insert(line("\(folder)/shared_cpu_list") ?? "\(cpu)")
            }
        }
        return sizes.keys.sorted().map { Cache(level: $0, bytes: sizes[$0] ?? 0, instances: max(1, sharing[$0]?.count ?? 1)) }
    }

    /// `"48K"` or `"32M"` in bytes.
    static func bytes(_ text: String) -> Int? {
        guard let last = text.last else { return nil }
        let factor = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30][last] ?? 1
        return Int(factor == 1 ? text[...] : text.dropLast()).flatMap { $0 > 0 && $0 < 1 << 20 ? $0 * factor : nil }
    }

    /// Numbers of the processors this process may run on.
    static func processors() -> [Int] {
        var numbers = [Int32](repeating: 0, count: 4096)
        let count = rk_processors(&numbers, Int32(numbers.count))
        return numbers.prefix(Int(count)).map(Int.init)
    }

    static func processorName() -> String {
        for line in (text("/proc/cpuinfo") ?? "").split(whereSeparator: \.isNewline) where line.hasPrefix("model name") {
            if let colon = line.firstIndex(of: ":") { return String(line[line.index(after: colon)...].drop { $0 == " " }) }
        }
        return "processor of this host"
    }

    /// All memory of the machine and what is free for a program, in bytes.
    static func memory() -> (total: Int, available: Int) {
        var total = 0, available = 0
        for line in (text("/proc/meminfo") ?? "").split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: " ")
            guard parts.count >= 2, let kibibytes = Int(parts[1]), kibibytes < 1 << 50 else { continue }
            if parts[0] == "MemTotal:" { total = kibibytes << 10 }
            if parts[0] == "MemAvailable:" { available = kibibytes << 10 }
        }
        if total == 0 { total = max(0, sysconf(Int32(_SC_PHYS_PAGES))) * max(0, sysconf(Int32(_SC_PAGESIZE))) }
        return (total, available > 0 ? available : total / 2)
    }

    static func hugePages() -> String {
        guard let line = line("/sys/kernel/mm/transparent_hugepage/enabled"),
              let open = line.firstIndex(of: "["), let close = line.firstIndex(of: "]"), open < close else { return "unknown" }
        return String(line[line.index(after: open)..<close])
    }

    /// Today as `YYYY-MM-DD`, in UTC.
    static func today() -> String {
        var now = time(nil), parts = tm()
        gmtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }
}
