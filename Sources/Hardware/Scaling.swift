import Quantities

extension Device {
    /// What a sensitivity makes better by a factor to see what it would buy.
    public enum Resource: String, CaseIterable, Sendable, Hashable {
        /// Rates of all engines, through their clocks.
        case compute
        /// Bandwidth of DRAM and flash.
        case memoryBandwidth
        /// Bandwidth of caches and scratchpads.
        case cacheBandwidth
        /// Bandwidth of ports and links.
        case linkBandwidth
        /// The limit of the board.
        case powerLimit
        /// Speed of launching: kernel floors, gaps and the host times of the runtime shrink.
        case launch = "launchSpeed"
    }

    /// The same device with one resource `factor` times better; energies and capacities stay.
    public func scaled(_ resource: Resource, by factor: Double) -> Device {
        var device = self
        switch resource {
        case .compute:
            for index in engines.indices { device.engines[index].clock = engines[index].clock * factor }
            device.achieved.compute = achieved.compute.mapValues { $0 * factor }
            device.quoted = quoted.mapValues { $0.mapValues { $0 * factor } }
        case .memoryBandwidth: device.scale(by: factor) { $0 == .dram || $0 == .flash }
        case .cacheBandwidth: device.scale(by: factor) { $0 != .dram && $0 != .flash }
        case .powerLimit:
            device.power.limit = power.limit.map { $0 * factor }
        case .linkBandwidth:
            for index in ports.indices { device.ports[index].bandwidth = ports[index].bandwidth * factor }
        case .launch:
            device.kernel.floor = kernel.floor.map { $0 / factor }
            device.kernel.streamGap = kernel.streamGap.map { $0 / factor }
            device.kernel.graphGap = kernel.graphGap.map { $0 / factor }
        }
        return device
    }

    private mutating func scale(by factor: Double, _ chosen: (MemoryLevel.Level) -> Bool) {
        for index in memory.indices where chosen(memory[index].level) {
            memory[index].bandwidth = memory[index].bandwidth.map { $0 * factor }
            memory[index].writeBandwidth = memory[index].writeBandwidth.map { $0 * factor }
            memory[index].unitBandwidth = memory[index].unitBandwidth.map { $0 * factor }
            memory[index].pinRate = memory[index].pinRate.map { $0 * factor }
            if let channel = memory[index].organisation?.channelBandwidth { memory[index].organisation?.channelBandwidth = channel * factor }
        }
        for level in achieved.bandwidth.keys where chosen(level) { achieved.bandwidth[level] = achieved.bandwidth[level].map { $0 * factor } }
    }
}

extension System {
    /// The same system with one resource of all its devices and links `factor` times better.
    public func scaled(_ resource: Device.Resource, by factor: Double) -> System {
        var system = self
        for index in groups.indices { system.groups[index].device = groups[index].device.scaled(resource, by: factor) }
        if resource == .linkBandwidth {
            for index in links.indices {
                system.links[index].bandwidth = links[index].bandwidth * factor
                system.links[index].achieved = links[index].achieved.map { $0 * factor }
            }
        }
        return system
    }
}

extension Runtime {
    /// The same runtime with host times `factor` times shorter where the resource is launching, unchanged otherwise.
    ///
    /// The launch times of this runtime's reference host and of the host itself only meet as a ratio and both stay.
    public func scaled(_ resource: Device.Resource, by factor: Double) -> Runtime {
        guard resource == .launch else { return self }
        var runtime = self
        runtime.hostPerKernel = hostPerKernel / factor
        runtime.hostPerStep = hostPerStep / factor
        runtime.hostPerLayer = hostPerLayer / factor
        return runtime
    }
}
