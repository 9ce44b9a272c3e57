import Hardware
import Quantities
import Workloads

/// What a file of the library says, and what follows from it, for a person to read.
public enum Summary {
    public static func text(of device: Device, style: Style = .plain) -> String {
        let clocks = [device.clock.base.map { "\($0) base" }, device.clock.boost.value > 1 ? "\(device.clock.boost) boost" : nil]
        var page = Page(title: device.name, "\(device.kind.rawValue), id \(device.id), architecture \(device.architecture)", style: style)
        page.heading("Device")
        page.facts([("also called", device.aliases.joined(separator: ", ")), ("clock", clocks.compactMap { $0 }.joined(separator: ", ")),
                    ("units", "\(device.units)"), ("usual host", device.host)])
        if !device.engines.isEmpty { page.add(engines: device) }
        page.add(memory: device)
        if !device.ports.isEmpty {
            page.heading("Ports", "one direction")
            page.facts(device.ports.map { port in
                (port.name, "\(port.bandwidth)" + (port.latency.map { ", \($0)" } ?? ""))
            })
        }
        page.add(powerAndLaunch: device)
        if !device.modes.isEmpty {
            page.heading("Modes", "as in \(device.id)@\(device.modes[0].name)")
            page.facts(device.modes.map { mode in
                let parts = [mode.units.map { "\($0) units" }, mode.clock.map { "\($0)" }, mode.dramBandwidth.map { "\($0)" }, mode.limit.map { "\($0)" }]
                return (mode.name, parts.compactMap { $0 }.joined(separator: ", "))
            })
        }
        page.add(device.provenance, inherited: device.inherited)
        return page.text
    }

    public static func text(of system: System, style: Style = .plain) -> String {
        var page = Page(title: system.name, "system, id \(system.id), \(system.nodes == 1 ? "one node" : "\(system.nodes) nodes")", style: style)
        if !system.aliases.isEmpty { page.facts([("also called", system.aliases.joined(separator: ", "))]) }
        page.heading("Devices", "of one node")
        var devices = Table([.left("group"), .right("count"), .left("device"), .left("name", shrinks: true), .right("peak"), .right("memory"), .right("bandwidth")])
        for group in system.groups {
            let device = group.device, memory = device.mainMemory
            let peak = device.headlinePeak.map { "\($0.rate.short) \($0.format.rawValue)" } ?? ""
            devices.add([group.name, "\(group.count)", device.id, device.name, peak, memory.capacity.short, memory.bandwidth?.short ?? "–"])
        }
        page.table(devices)
        if !system.links.isEmpty {
            page.heading("Links", "one direction of one member")
            var links = Table([.left("link"), .left("between"), .left("topology"), .left("scope"), .right("bandwidth"), .right("achieved"), .right("latency")])
            for link in system.links {
                let between = link.between.count == 1 ? "\(link.between[0]) and its peers" : link.between.joined(separator: ", ")
                links.add([link.name, between, link.topology.rawValue, link.scope.rawValue, link.bandwidth.short, link.achieved?.short ?? "", link.latency.short])
            }
            page.table(links)
        }
        page.add(system.provenance)
        return page.text
    }

    public static func text(of runtime: Runtime, style: Style = .plain) -> String {
        var page = Page(title: runtime.name, "runtime, id \(runtime.id), launch \(runtime.launch.rawValue)", style: style)
        page.heading("Runtime")
        page.facts([
            ("also called", runtime.aliases.joined(separator: ", ")),
            ("runs on", runtime.runsOn.map(\.rawValue).joined(separator: ", ")),
            ("host, each kernel", "\(runtime.hostPerKernel)" + (runtime.referenceLaunch.map { ", on a host that launches an empty one in \($0)" } ?? "")),
            ("host, each layer", runtime.hostPerLayer > .zero ? "\(runtime.hostPerLayer)" : nil),
            ("host, each step", "\(runtime.hostPerStep)"),
            ("fuses", runtime.fusions.map(\.rawValue).sorted().joined(separator: ", ")),
            ("weight-only kernels", runtime.weightOnly.map(\.description).joined(separator: ", ")),
            ("grouped kernels of one tile", runtime.groupedTiles.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value.rows)×\($0.value.columns)" }.joined(separator: ", ")),
            ("2:4 sparsity", runtime.sparse24 ? "yes" : "no"),
            ("overlaps copies", runtime.overlapsCopies ? "yes" : "no"),
            ("overlaps collectives", runtime.overlapsCollectives ? "yes" : "no"),
            ("device memory", "\(percent(runtime.memoryFraction)) of it, \(runtime.memoryReserved) for itself"),
        ])
        page.add(runtime.provenance)
        return page.text
    }

    public static func text(of family: Architecture, style: Style = .plain) -> String {
        var page = Page(title: family.name, "defaults of an architecture or kind, id \(family.id)", style: style)
        func table<Key: RawRepresentable>(_ values: [Key: String]) -> String where Key.RawValue == String {
            values.map { "\($0.key.rawValue) \($0.value)" }.sorted().joined(separator: ", ")
        }
        page.heading("Defaults", "for what a device's file leaves open")
        page.facts([
            ("bandwidth reached", table(family.bandwidthFraction.mapValues { percent($0) })),
            ("peak sustained", table(family.computeFraction.mapValues { percent($0) })),
            ("idle power", family.idleFraction.map { "\(percent($0)) of the limit" }),
            ("with a kernel resident", family.activeFraction.map { "\(percent($0)) of the limit" }),
            ("each operation", table(family.perFlop.mapValues { "\($0)" })), ("each byte", table(family.perByte.mapValues { "\($0)" })),
            ("each byte read in its bank", family.perBankByte.map { "\($0)" }),
            ("each byte on a link", family.perLinkByte.map { "\($0)" }),
            ("shortest kernel", family.kernel.floor.map { "\($0)" }), ("gap in a stream", family.kernel.streamGap.map { "\($0)" }),
            ("gap in a graph", family.kernel.graphGap.map { "\($0)" }), ("launches an empty kernel in", family.kernel.launch.map { "\($0)" }),
        ])
        page.add(family.provenance)
        return page.text
    }
}

extension Page {
    fileprivate mutating func add(engines device: Device) {
        heading("Engines", "peak of all together")
        var table = Table([.left("engine"), .right("count"), .right("clock"), .left("format"), .right("peak"), .right("sustained"), .left("remark")])
        for engine in device.engines {
            for (index, format) in NumberFormat.allCases.filter({ engine.rates[$0] != nil }).enumerated() {
                let first = index == 0
                var remark = engine.systolic.map { "\($0.rows)×\($0.columns) \($0.dataflow.rawValue)" } ?? ""
                if engine.sparsity24 > 1 { remark = "\(significant(engine.sparsity24))× with 2:4 sparsity" }
                let sustains = device.headlineEngine(format)?.kind == engine.kind
                table.add([first ? engine.kind.rawValue : "", first ? counted(Double(engine.count)) : "", first ? "\(engine.clock)" : "", format.rawValue,
                           engine.peak(format)?.short ?? "–", sustains ? device.achieved.compute[format]?.short ?? "" : "", first ? remark : ""])
            }
        }
        self.table(table)
    }

    fileprivate mutating func add(memory device: Device) {
        heading("Memory")
        var table = Table([.left("level"), .left("of each"), .left("technology"), .right("capacity"), .right("bandwidth"), .right("achieved"), .right("latency")])
        for level in device.memory {
            table.add([level.level.rawValue, level.scope.rawValue, level.technology ?? "", level.capacity.short, level.bandwidth?.short ?? "–",
                       device.achieved.bandwidth[level.level]?.short ?? "", level.latency?.short ?? ""])
        }
        self.table(table)
        if let peak = device.headlinePeak, let bandwidth = device.mainMemory.bandwidth, bandwidth > .zero {
            let balance = significant(peak.rate.value / bandwidth.value, digits: 3)
            paragraph("Balance: an operator has to do \(balance) operations (\(peak.format.rawValue)) on each byte of \(device.mainMemory.level.rawValue)"
                      + " to be bound by compute rather than by memory.")
        }
        if let organisation = device.mainMemory.organisation {
            paragraph("\(organisation.channels) channels of \(organisation.banksPerChannel) banks, rows of \(organisation.rowSize)"
                      + (organisation.dualRowBuffer ? ", two row buffers in each bank." : "."))
        }
    }

    fileprivate mutating func add(powerAndLaunch device: Device) {
        let power = device.power, kernel = device.kernel
        func energies<Key: RawRepresentable>(_ table: [Key: String]) -> String where Key.RawValue == String {
            table.map { "\($0.key.rawValue) \($0.value)" }.sorted().joined(separator: ", ")
        }
        heading("Power and launch")
        facts([
            ("limit", power.limit.map { "\($0)" }), ("idle", power.idle.map { "\($0)" }), ("with a kernel resident", power.active.map { "\($0)" }),
            ("each operation", energies(power.perFlop.mapValues { "\($0)" })), ("each byte", energies(power.perByte.mapValues { "\($0)" })),
            ("each byte read in its bank", power.perBankByte.map { "\($0)" }),
            ("each byte on a link", power.perLinkByte.map { "\($0)" }),
            ("shortest kernel", kernel.floor.map { "\($0)" }), ("gap in a stream", kernel.streamGap.map { "\($0)" }),
            ("gap in a graph", kernel.graphGap.map { "\($0)" }), ("launches an empty kernel in", kernel.launch.map { "\($0)" }),
        ])
    }

    /// Where the numbers come from.
    mutating func add(_ provenance: Provenance, inherited: [String] = []) {
        if !provenance.sources.isEmpty {
            heading("Sources")
            for (path, source) in provenance.sources.sorted(by: { $0.key < $1.key }) { bullet(path.isEmpty ? source : "\(path): \(source)") }
        }
        if !inherited.isEmpty {
            heading("Inherited", "defaults of the architecture or kind, for what the file leaves open")
            paragraph(inherited.joined(separator: ", "))
        }
        if !provenance.recalled.isEmpty {
            heading("Recalled", "not checked against a document")
            paragraph(provenance.recalled.joined(separator: ", "))
        }
    }
}

extension Device {
    /// The fastest engine for a format.
    func headlineEngine(_ format: NumberFormat) -> Engine? {
        engines.filter { $0.peak(format) != nil }.max { ($0.peak(format) ?? .zero) < ($1.peak(format) ?? .zero) }
    }
}
