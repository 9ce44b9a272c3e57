import Quantities

extension HostProbe {
    /// The host as a device declaration (`HardwareSpecs/devices`, kind `cpu`), every value with its source.
    ///
    /// Bandwidths and the rate of arithmetic are the best that was measured, so that no kernel is predicted above what
    /// this machine has shown, nor is what other work took at the time; `achieved` holds the best of plain reads.
    public func deviceSpecification(name: String? = nil) -> String {
        let clock = self.clock, peak = FlopsPerCycle(flopsPerCycle) * Hertz(clock) * Double(cores)
        var members = [
            member("name", quote(name ?? "\(processor), \(cores) cores (this host)")),
            member("kind", quote("cpu")),
            member("architecture", quote("cpu")),
            member("clock", "{ \"boost\": \(quote("\(fixed((clock / 1e4).rounded(.up) / 1e5, decimals: 5)) GHz")) }"),
            member("units", "\(cores)"),
            member("engines", "{ \"vector\": { \"rates\": { \"fp32\": \(quote("\(fixed((flopsPerCycle / 2 * 1e4).rounded(.up) / 1e4, decimals: 4)) FMA/cycle")) }, \"registers\": \(registers) } }"),
        ]
        members.append(member("memory", "[\n" + levels.map { "    { \(text(of: $0)) }" }.joined(separator: ",\n") + "\n  ]"))
        members.append(member("kernel", "{ \"floor\": \(quote("\(significant(handOff * 1e9)) ns")) }"))
        let bandwidths = levels.map { level in
            "\"\(level.name.rawValue)\": \(quote(bandwidth(min(level.allCores.read.best, ceiling(level)))))"
        }
        let reached = min(flopsOfAll.best, peak.value)
        members.append(member("achieved", "{ \"bandwidth\": { \(bandwidths.joined(separator: ", ")) }, "
            + "\"compute\": { \"fp32\": \(quote("\(rounded(reached / 1e9, up: false)) GFLOP/s")) } }"))
        let measured = "measured on this host by orrery measure cpu on \(date)"
        let sources = [
            "": measured,
            "units": "cores that the process may use, counted by the system on \(date)",
            "clock": clockOfOne == nil
                ? "a choice: this processor has no chain of additions to count cycles with; the rate of arithmetic is stated against it"
                : "chain of dependent additions, the faster of one core and all cores, \(measured)",
            "engines": "chains of fp32 multiply-adds (\(instructionSet)), \(measured); the registers are those of the instruction set",
            "kernel": "an empty parallel region on all \(cores) threads, \(measured)",
            "memory": "capacities as the system states them; best of read, write, copy and triad; one unit's is the best of its reads; latency by pointer chase, \(measured)",
            "achieved": "best of reads by all cores and of chains of multiply-adds, \(measured)",
        ]
        members.append(member("sources", "{\n" + sources.sorted { $0.key < $1.key }.map { "    \(quote($0.key)): \(quote($0.value))" }
            .joined(separator: ",\n") + "\n  }"))
        return "{\n" + members.joined(separator: ",\n") + "\n}\n"
    }

    /// The disk as a device declaration of kind `storage`; nil where none was measured.
    public func storageSpecification(name: String? = nil) -> String? {
        guard let disk else { return nil }
        let measured = "measured on this host by orrery measure cpu on \(date)"
        return """
            {
              "name": \(quote(name ?? "Disk of this host at \(disk.folder)")),
              "kind": "storage",
              "architecture": "storage",
              "memory": [
                { "level": "flash", "per": "device", "capacity": \(quote("\(disk.capacity) B")), \
            "bandwidth": \(quote(bandwidth(disk.bandwidth.best, up: true))), "latency": \(quote("\(significant(disk.latency * 1e6)) us")) }
              ],
              "achieved": { "bandwidth": { "flash": \(quote(bandwidth(disk.bandwidth.median))) } },
              "sources": {
                "": \(quote("sequential reads of 16 MiB, four requests in flight\(disk.direct ? ", past the page cache" : ""), \(measured)")),
                "memory[0].capacity": \(quote("size of the file system, as the system states it on \(date)")),
                "memory[0].latency": \(quote("median of random reads of 4 KiB, one at a time, \(measured)"))
              }
            }

            """
    }

    // MARK: Parts

    /// Vector registers that the instruction set names.
    private var registers: Int {
        switch instructionSet {
        case "avx512", "avx512vnni": 32
        case "avx2": 16
        default:
            #if arch(arm64)
            32
            #else
            16
            #endif
        }
    }

    /// Multiply-adds of whole vectors that a core issues in a cycle, or nil where the measured rate is not within 5 % of a
    /// whole number of them: hardware issues whole vectors.
    private func wholeRate(at clock: Double) -> Double? {
        let measured = fastestCore / clock, vector = 2 * Double(lanes), whole = (measured / vector).rounded()
        return whole >= 1 && (measured / (whole * vector) - 1).magnitude <= 0.05 ? whole * vector : nil
    }

    private var counted: Double { max(clockOfOne ?? 0, clockOfAll ?? 0) }
    private var fastestCore: Double { max(flopsOfOne.best, flopsOfAll.best / Double(cores)) }

    /// Hertz that rates per cycle are stated at: as counted, or what the arithmetic shows if that is more; 1 GHz where
    /// nothing counts.
    var clock: Double {
        guard counted > 0 else { return 1e9 }
        return max(counted, wholeRate(at: counted).map { fastestCore / $0 } ?? 0)
    }

    /// Operations of one core in one cycle.
    var flopsPerCycle: Double { (counted > 0 ? wholeRate(at: clock) : nil) ?? fastestCore / clock }

    /// Most that one instance of a level (one core's private cache, all of a shared one) was seen to carry.
    private func best(_ level: Level) -> Double {
        func most(_ b: Bandwidth) -> Double { max(b.read.best, b.write.best, b.copy.best, b.triad.best) }
        let shared = isShared(level)
        return shared ? max(most(level.allCores), most(level.oneCore)) : max(most(level.oneCore), most(level.allCores) / Double(cores))
    }

    /// Private to a core unless fewer of them exist than cores; the memory is shared in any case.
    private func isShared(_ level: Level) -> Bool { level.name == .dram || level.name == .l3 || level.instances < cores }

    /// What `achieved` may not exceed: the stated bandwidth of all of a level.
    private func ceiling(_ level: Level) -> Double { best(level) * (isShared(level) ? 1 : Double(cores)) }

    private func text(of level: Level) -> String {
        let shared = isShared(level)
        let capacity = shared ? level.capacity * level.instances : level.capacity
        let alone = min(level.oneCore.read.best, best(level)), writing = min(level.allCores.write.best, best(level))
        return "\"level\": \"\(level.name.rawValue)\", \"per\": \"\(shared ? "device" : "unit")\", \"capacity\": \(quote("\(capacity) B")), "
            + "\"bandwidth\": \(quote(bandwidth(best(level), up: true))), "
            + (shared ? "\"unitBandwidth\": \(quote(bandwidth(alone))), " : "")
            + (level.name == .dram ? "\"writeBandwidth\": \(quote(bandwidth(writing, up: true))), " : "") + "\"latency\": \(quote("\(significant(level.latency * 1e9)) ns"))"
    }

    private func bandwidth(_ value: Double, up: Bool = false) -> String { "\(rounded(value / 1e9, up: up)) GB/s" }

    /// Four significant digits or so, up for what bounds and down for what must stay below it.
    private func rounded(_ value: Double, up: Bool) -> String {
        let step = value >= 100 ? 0.1 : value >= 1 ? 0.001 : 1e-6
        return fixed((value / step).rounded(up ? .up : .down) * step, decimals: value >= 100 ? 1 : value >= 1 ? 3 : 6)
    }

    private func member(_ key: String, _ value: String) -> String { "  \(quote(key)): \(value)" }

    private func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\u{0}"..."\u{1f}": quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
