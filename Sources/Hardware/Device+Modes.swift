import Documents
import Quantities

extension Device {
    /// The device at one of its operating points: fewer units, a lower clock, slower memory, a lower power limit.
    ///
    /// Engine clocks and the on-chip bandwidths and latencies follow the device's clock; engines that come one a unit
    /// follow the units; measured maxima shrink as their peaks do. A power limit that the mode does not state stays.
    ///
    /// - Parameter name: a mode's name, in either case.
    /// - Throws: `DocumentError` naming the nearest mode where there is none of this name.
    public func inMode(_ name: String) throws(DocumentError) -> Device {
        guard let mode = modes.first(where: { $0.name.lowercased() == name.lowercased() }) else {
            let names = modes.map(\.name)
            guard !names.isEmpty else { throw DocumentError(file: "\(id)@\(name)", message: "\"\(id)\" has no modes") }
            let hint = nearest(to: name, among: names).map { "did you mean \"\($0)\"?" } ?? "it has \(list(names))"
            throw DocumentError(file: "\(id)@\(name)", message: "\"\(id)\" has no mode \"\(name)\"; \(hint)")
        }
        var device = self
        device.id = "\(id)@\(mode.name)"
        device.name = "\(self.name), \(mode.name)"
        device.modes = []
        let clockRatio = mode.clock.map { $0 / clock.boost } ?? 1
        let unitRatio = mode.units.map { Double($0) / Double(units) } ?? 1
        device.units = mode.units ?? units
        device.clock.boost = mode.clock ?? clock.boost
        if let base = clock.base { device.clock.base = min(base, device.clock.boost) }
        for index in engines.indices {
            device.engines[index].clock = engines[index].clock * clockRatio
            if engines[index].count == units { device.engines[index].count = device.units }
        }
        device.quoted = [:]
        for (index, level) in memory.enumerated() {
            switch level.level {
            case .l1, .l2, .l3, .scratchpad:
                device.memory[index].bandwidth = level.bandwidth.map { $0 * clockRatio }
                device.memory[index].writeBandwidth = level.writeBandwidth.map { $0 * clockRatio }
                device.memory[index].latency = level.latency.map { $0 / clockRatio }
            case .dram:
                guard let slower = mode.dramBandwidth, let full = level.bandwidth else { continue }
                device.memory[index].bandwidth = slower
                device.memory[index].writeBandwidth = level.writeBandwidth.map { $0 * (slower / full) }
                device.memory[index].pinRate = level.pinRate.map { $0 * (slower / full) }
                device.achieved.bandwidth[.dram] = achieved.bandwidth[.dram].map { $0 * (slower / full) }
            case .flash: break
            }
        }
        device.achieved.compute = achieved.compute.mapValues { $0 * clockRatio * unitRatio }
        device.power.limit = mode.limit ?? power.limit
        return device
    }
}
