import Documents
import Quantities

extension Device {
    /// Reads a device declaration and checks that its parts agree with each other.
    ///
    /// - Parameter id: the name it is known by; the file's name without folder and ending unless given.
    /// - Throws: `DocumentError` for the first value that is malformed, out of range, unsourced or contradicts another.
    public init(reading document: Document, id: String? = nil) throws(DocumentError) {
        var reader = try document.object()
        self.id = id ?? identifier(of: document.file)
        name = try reader.require("name").string()
        kind = try reader.require("kind").choice()
        architecture = try reader.require("architecture").string()
        aliases = try reader.optional("aliases")?.strings() ?? []
        units = try reader.optional("units")?.count() ?? 1
        let declaredClock: Clock? = if let section = reader.optional("clock") { try Clock(reading: section) } else { nil }
        clock = declaredClock ?? Clock(base: nil, boost: Hertz(1.0))
        let cycle = declaredClock?.boost

        let memorySection = try reader.require("memory")
        memory = []
        for section in try memorySection.array() { memory.append(try MemoryLevel(reading: section, clock: cycle)) }
        guard !memory.isEmpty else { throw memorySection.error("is empty; a device has at least one memory level") }

        engines = []
        for (kind, section) in try reader.optional("engines")?.keyed(by: Engine.Kind.self) ?? [] {
            engines.append(try Engine(kind, reading: section, units: units, boost: cycle, banks: memory.lazy.compactMap(\.organisation).first?.banks))
        }
        quoted = [:]
        for (kind, section) in try reader.optional("quoted")?.keyed(by: Engine.Kind.self) ?? [] {
            quoted[kind] = try section.table(NumberFormat.self, FlopsPerSecond.self, in: Bounds.compute)
        }
        ports = []
        for (name, section) in try reader.optional("ports")?.members() ?? [] { ports.append(try Port(name, reading: section)) }
        power = if let section = reader.optional("power") { try Power(reading: section) } else { Power() }
        kernel = if let section = reader.optional("kernel") { try KernelCosts(reading: section, clock: cycle) } else { KernelCosts() }
        achieved = if let section = reader.optional("achieved") { try Achieved(reading: section) } else { Achieved() }
        host = try reader.optional("host")?.string()
        modes = []
        for (name, section) in try reader.optional("modes")?.members() ?? [] { modes.append(try Mode(name, reading: section)) }
        provenance = try Provenance(taking: &reader)
        instructions = nil
        inherited = []
        try reader.finish()
        try check(against: document)
    }
}

/// A file's name without its folders and its ending: what a person types.
public func identifier(of file: String) -> String {
    var name = Substring(file)
    if let slash = name.lastIndex(of: "/") { name = name[name.index(after: slash)...] }
    if name.hasSuffix(".json") { name = name.dropLast(5) }
    return String(name)
}

extension Clock {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        base = try reader.optional("base")?.frequency()
        boost = try reader.require("boost").frequency()
        try reader.finish()
    }
}

extension Port {
    init(_ name: String, reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        self.name = name
        bandwidth = try reader.require("bandwidth").bandwidth()
        achieved = try reader.optional("achieved")?.bandwidth()
        latency = try reader.optional("latency")?.time()
        try reader.finish()
        if let achieved, achieved > bandwidth {
            throw document.error("the achieved \(achieved) are more than the bandwidth of \(bandwidth)")
        }
    }
}

extension Power {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        self.init()
        idle = try reader.optional("idle")?.power()
        limit = try reader.optional("limit")?.quantity(in: 1e-6...1e9)
        active = try reader.optional("active")?.power()
        perFlop = try reader.optional("perFlop")?.table(NumberFormat.self, JoulesPerFlop.self, in: Bounds.perFlop) ?? [:]
        perByte = try reader.optional("perByte")?.table(MemoryLevel.Level.self, JoulesPerByte.self, in: Bounds.perByte) ?? [:]
        perBankByte = try reader.optional("perBankByte")?.quantity(in: Bounds.perByte)
        perLinkByte = try reader.optional("perLinkByte")?.quantity(in: Bounds.perByte)
        boundary = try reader.optional("boundary")?.string()
        try reader.finish()
    }
}

extension KernelCosts {
    init(reading document: Document, clock: Hertz?) throws(DocumentError) {
        var reader = try document.object()
        self.init()
        floor = try reader.optional("floor")?.time(clock: clock)
        streamGap = try reader.optional("streamGap")?.time(clock: clock)
        graphGap = try reader.optional("graphGap")?.time(clock: clock)
        launch = try reader.optional("launch")?.time(clock: clock)
        try reader.finish()
    }
}

extension Achieved {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        self.init(bandwidth: try reader.optional("bandwidth")?.table(MemoryLevel.Level.self, BytesPerSecond.self, in: Bounds.bandwidth) ?? [:],
                  compute: try reader.optional("compute")?.table(NumberFormat.self, FlopsPerSecond.self, in: Bounds.compute) ?? [:])
        try reader.finish()
    }
}

extension Mode {
    init(_ name: String, reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        self.name = name
        units = try reader.optional("units")?.count()
        clock = try reader.optional("clock")?.frequency()
        dramBandwidth = try reader.optional("dramBandwidth")?.bandwidth()
        limit = try reader.optional("limit")?.quantity(in: 1e-6...1e9)
        try reader.finish()
    }
}
