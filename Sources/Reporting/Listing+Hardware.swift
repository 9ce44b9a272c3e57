import Documents
import Hardware
import Quantities

extension Listing {
    public init(devices: [Device]) {
        self.init([.left("id"), .left("kind"), .right("peak"), .left("in"), .right("memory"), .right("bandwidth"), .right("limit"), .left("name", shrinks: true)])
        for device in devices {
            let peak = device.headlinePeak, memory = device.mainMemory
            add([device.id, device.kind.rawValue, peak?.rate.short ?? "–", peak?.format.rawValue ?? "", memory.capacity.short,
                 memory.bandwidth?.short ?? "–", device.power.limit?.short ?? "–", device.name],
                ["id": JSON(device.id), "name": JSON(device.name), "kind": JSON(device.kind.rawValue), "architecture": JSON(device.architecture),
                 "aliases": JSON(device.aliases), "peakFlopsPerSecond": JSON(peak?.rate), "peakFormat": JSON(peak?.format.rawValue),
                 "memoryBytes": JSON(memory.capacity), "memoryBytesPerSecond": JSON(memory.bandwidth), "powerLimitWatts": JSON(device.power.limit),
                 "modes": JSON(device.modes.map(\.name))])
        }
    }

    public init(systems: [System]) {
        self.init([.left("id"), .right("nodes"), .left("devices of a node", shrinks: true), .left("links", shrinks: true)])
        for system in systems {
            add([system.id, "\(system.nodes)", system.groups.map(\.line).joined(separator: ", "), system.links.map(\.name).joined(separator: ", ")],
                ["id": JSON(system.id), "name": JSON(system.name), "aliases": JSON(system.aliases), "nodes": JSON(system.nodes),
                 "groups": .array(system.groups.map { ["name": JSON($0.name), "device": JSON($0.device.id), "count": JSON($0.count)] }),
                 "links": .array(system.links.map {
                     ["name": JSON($0.name), "between": JSON($0.between), "topology": JSON($0.topology.rawValue),
                      "bytesPerSecond": JSON($0.bandwidth), "latencySeconds": JSON($0.latency)]
                 })])
        }
    }

    public init(runtimes: [Runtime]) {
        self.init([.left("id"), .left("launch"), .left("runs on"), .right("per kernel"), .right("per step"), .right("memory"), .left("name", shrinks: true)])
        for runtime in runtimes {
            add([runtime.id, runtime.launch.rawValue, runtime.runsOn.map(\.rawValue).joined(separator: ", "),
                 runtime.hostPerKernel.short, runtime.hostPerStep.short, percent(runtime.memoryFraction), runtime.name],
                ["id": JSON(runtime.id), "name": JSON(runtime.name), "aliases": JSON(runtime.aliases), "launch": JSON(runtime.launch.rawValue),
                 "runsOn": JSON(runtime.runsOn.map(\.rawValue)), "hostPerKernelSeconds": JSON(runtime.hostPerKernel),
                 "hostPerLayerSeconds": JSON(runtime.hostPerLayer), "hostPerStepSeconds": JSON(runtime.hostPerStep),
                 "memoryFraction": JSON(runtime.memoryFraction)])
        }
    }
}

extension System.Group {
    /// `8 × h100-sxm`
    var line: String { "\(count) × \(device.id)" }
}

extension Device {
    /// The peak that says most about it: of its fastest engine, in the widest of the formats that models are usually run in.
    var headlinePeak: (format: NumberFormat, rate: FlopsPerSecond)? {
        for format in [NumberFormat.bf16, .fp16, .fp32] + NumberFormat.allCases {
            if let rate = engines.compactMap({ $0.peak(format) }).max() { return (format, rate) }
        }
        return nil
    }
}
