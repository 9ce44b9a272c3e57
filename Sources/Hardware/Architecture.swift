import Documents
import Quantities

/// What devices of one family have in common where nobody measured this one: medians over measured relatives.
///
/// A device whose family has no file of its own, or one without the value, takes that of its kind (`gpu`, `cpu` …).
public struct Architecture: Sendable {
    public var id: String
    public var name: String
    /// The instruction set that libraries compile their kernels to, `ptx`: the kernels of one family are those of all others with it.
    public var instructions: String?
    public var kernel: KernelCosts
    /// Part of a memory level's bandwidth that a well-written kernel reaches.
    public var bandwidthFraction: [MemoryLevel.Level: Double]
    /// Latency of a memory level.
    public var latency: Table<MemoryLevel.Level, TimeDimension>
    /// Part of the peak that a large matrix product sustains.
    public var computeFraction: [NumberFormat: Double]
    /// Part of the power limit drawn when nothing runs.
    public var idleFraction: Double?
    /// Part of the power limit drawn while a kernel is resident.
    public var activeFraction: Double?
    public var perFlop: Table<NumberFormat, EnergyPerFlopDimension>
    public var perByte: Table<MemoryLevel.Level, EnergyPerByteDimension>
    public var perBankByte: JoulesPerByte?
    public var perLinkByte: JoulesPerByte?
    public var provenance: Provenance

    /// Reads a file of `HardwareSpecs/architectures`.
    public init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        id = identifier(of: document.file)
        name = try reader.require("name").string()
        instructions = try reader.optional("instructions")?.string()
        kernel = if let section = reader.optional("kernel") { try KernelCosts(reading: section, clock: nil) } else { KernelCosts() }
        latency = try reader.optional("latency")?.table(MemoryLevel.Level.self, Seconds.self, in: Bounds.time) ?? [:]
        bandwidthFraction = [:]
        computeFraction = [:]
        if let section = reader.optional("achieved") {
            var achieved = try section.object()
            for (level, value) in try achieved.optional("bandwidth")?.keyed(by: MemoryLevel.Level.self) ?? [] {
                bandwidthFraction[level] = try value.number(in: 0.01...1)
            }
            for (format, value) in try achieved.optional("compute")?.keyed(by: NumberFormat.self) ?? [] {
                computeFraction[format] = try value.number(in: 0.01...1)
            }
            try achieved.finish()
        }
        perFlop = [:]
        perByte = [:]
        if let section = reader.optional("power") {
            var power = try section.object()
            idleFraction = try power.optional("idle")?.number(in: 0...0.99)
            activeFraction = try power.optional("active")?.number(in: 0...0.99)
            perFlop = try power.optional("perFlop")?.table(NumberFormat.self, JoulesPerFlop.self, in: Bounds.perFlop) ?? [:]
            perByte = try power.optional("perByte")?.table(MemoryLevel.Level.self, JoulesPerByte.self, in: Bounds.perByte) ?? [:]
            perBankByte = try power.optional("perBankByte")?.quantity(in: Bounds.perByte)
            perLinkByte = try power.optional("perLinkByte")?.quantity(in: Bounds.perByte)
            try power.finish()
        }
        provenance = try Provenance(taking: &reader)
        try reader.finish()
        if let idleFraction, let activeFraction, activeFraction < idleFraction {
            throw DocumentError(file: document.file, path: "power.active",
                                message: "\(significant(activeFraction)) with a kernel resident is less than \(significant(idleFraction)) when idle")
        }
    }
}

extension Device {
    /// The device with every value that its file leaves open filled in from the defaults of its family, nearest first,
    /// and the paths of what was filled in listed in `inherited`.
    public func resolved(with families: [Architecture]) -> Device {
        var device = self
        for family in families { device.inherit(from: family) }
        return device
    }

    private mutating func inherit(from family: Architecture) {
        func take<Value>(_ value: inout Value?, _ fallback: Value?, _ path: String) {
            guard value == nil, let fallback else { return }
            value = fallback
            inherited.append(path)
        }
        instructions = instructions ?? family.instructions
        let defaults = family.kernel
        var kernel = kernel, power = power, achieved = achieved
        take(&kernel.floor, defaults.floor, "kernel.floor")
        take(&kernel.streamGap, defaults.streamGap, "kernel.streamGap")
        take(&kernel.graphGap, defaults.graphGap, "kernel.graphGap")
        take(&kernel.launch, defaults.launch, "kernel.launch")
        if let limit = power.limit {
            take(&power.active, family.activeFraction.map { max(limit * $0, power.idle ?? .zero) }, "power.active")
            take(&power.idle, family.idleFraction.map { min(limit * $0, power.active ?? limit) }, "power.idle")
        }
        if engine(.bank) != nil { take(&power.perBankByte, family.perBankByte, "power.perBankByte") }
        take(&power.perLinkByte, family.perLinkByte, "power.perLinkByte")
        for (format, energy) in family.perFlop where engines.contains(where: { $0.rates[format] != nil }) {
            take(&power.perFlop[format], energy, "power.perFlop.\(format.rawValue)")
        }
        for (level, energy) in family.perByte where self.level(level) != nil {
            take(&power.perByte[level], energy, "power.perByte.\(level.rawValue)")
        }
        for index in memory.indices {
            take(&memory[index].latency, family.latency[memory[index].level], "memory[\(index)].latency")
        }
        for (name, part) in family.bandwidthFraction.inOrder {
            guard let level = level(name), let peak = level.bandwidth else { continue }
            let all = level.scope == .unit ? peak * Double(units) : peak
            take(&achieved.bandwidth[name], all * part, "achieved.bandwidth.\(name.rawValue)")
        }
        for (format, part) in family.computeFraction.inOrder {
            guard let peak = engines.compactMap({ $0.peak(format) }).max() else { continue }
            take(&achieved.compute[format], peak * part, "achieved.compute.\(format.rawValue)")
        }
        (self.kernel, self.power, self.achieved) = (kernel, power, achieved)
    }
}
