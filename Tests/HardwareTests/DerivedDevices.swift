import Hardware
import Quantities
import Testing

@Suite("Modes, scaling and inheritance")
struct DerivedDevices {
    @Test("A mode divides peaks by its units and clock, on-chip bandwidth by its clock, DRAM by its own ratio")
    func mode() throws {
        let whole = try device(sampleDevice), half = try whole.inMode("HALF")
        #expect(half.id == "sample@half")
        #expect(half.engine(.tensor)!.peak(.fp16)! / whole.engine(.tensor)!.peak(.fp16)! == 0.25)
        #expect(half.level(.l1)!.bandwidth! / whole.level(.l1)!.bandwidth! == 0.5)
        #expect(half.level(.l1)!.latency! / whole.level(.l1)!.latency! == 2)
        #expect(half.level(.dram)!.bandwidth == BytesPerSecond(1e12))
        #expect(half.achieved.bandwidth[.dram] == BytesPerSecond(0.9e12))
        #expect(half.achieved.compute[.fp16] == FlopsPerSecond(70e12))
        #expect(half.power.limit == Watts(150))
        #expect(complaint { _ = try whole.inMode("haff") } == "sample@haff: \"sample\" has no mode \"haff\"; did you mean \"half\"?")
    }

    @Test("Jetson AGX Orin at 30 W has half its units at 0.48 of the clock: 10.2 of 42.6 TFLOP/s")
    func jetson() throws {
        let peak = try #require(try library.device("jetson-agx-orin-64gb@30W").engine(.tensor)?.peak(.fp16))
        #expect((peak.value / 10.23e12 - 1).magnitude < 0.01)
        #expect(complaint { _ = try library.device("t4@30W") } == "t4@30W: \"t4\" has no modes")
    }

    @Test("Scaling a resource scales it and nothing else", arguments: Device.Resource.allCases)
    func scaling(_ resource: Device.Resource) throws {
        let before = try device(sampleDevice), after = before.scaled(resource, by: 1.25)
        #expect(after.engine(.tensor)!.peak(.fp16)! / before.engine(.tensor)!.peak(.fp16)! == (resource == .compute ? 1.25 : 1))
        #expect(after.achieved.compute[.fp16]! / before.achieved.compute[.fp16]! == (resource == .compute ? 1.25 : 1))
        #expect(after.level(.dram)!.bandwidth! / before.level(.dram)!.bandwidth! == (resource == .memoryBandwidth ? 1.25 : 1))
        #expect(after.achieved.bandwidth[.dram]! / before.achieved.bandwidth[.dram]! == (resource == .memoryBandwidth ? 1.25 : 1))
        #expect(after.level(.l2)!.bandwidth! / before.level(.l2)!.bandwidth! == (resource == .cacheBandwidth ? 1.25 : 1))
        #expect(after.ports[0].bandwidth / before.ports[0].bandwidth == (resource == .linkBandwidth ? 1.25 : 1))
        #expect(before.kernel.floor! / after.kernel.floor! == (resource == .launch ? 1.25 : 1))
        #expect(after.level(.dram)!.capacity == before.level(.dram)!.capacity)

        let pair = try system(sampleSystem)
        #expect(pair.scaled(resource, by: 2).links[0].bandwidth / pair.links[0].bandwidth == (resource == .linkBandwidth ? 2 : 1))
        let eager = try runtime(sampleRuntime)
        #expect(eager.hostPerKernel / eager.scaled(resource, by: 2).hostPerKernel == (resource == .launch ? 2 : 1))
    }

    @Test("What a file leaves open comes from its family, then from its kind, and is listed; what it states stays")
    func inheritance() throws {
        let l4 = try library.device("l4"), ada = try library.architecture("ada"), gpu = try library.architecture("gpu")
        #expect(l4.kernel.graphGap == ada.kernel.graphGap)
        #expect(l4.power.perFlop[.bf16] == gpu.perFlop[.bf16])
        #expect(l4.inherited.contains("kernel.graphGap") && l4.inherited.contains("power.perFlop.bf16"))
        let h100 = try library.device("h100-sxm")
        #expect(h100.kernel.graphGap == Seconds(1.26e-6) && !h100.inherited.contains("kernel.graphGap"))
        #expect(h100.inherited == ["achieved.compute.fp16", "achieved.compute.int8"])
    }

    @Test("An inherited value obeys the rules that a stated one does", arguments: library.ids(.devices))
    func inheritedIsSound(_ id: String) throws {
        let device = try library.device(id)
        if let limit = device.power.limit {
            #expect((device.power.idle ?? .zero) <= (device.power.active ?? limit) && (device.power.active ?? .zero) < limit)
        }
        for (format, reached) in device.achieved.compute {
            #expect(reached <= device.engines.compactMap { $0.peak(format) }.max()!)
        }
        if let reached = device.achieved.bandwidth[.dram] { #expect(reached <= device.level(.dram)!.bandwidth!) }
    }

    @Test("The longest path is the source, a section covers what is in it, and not its namesakes")
    func provenance() {
        let provenance = Provenance(sources: ["": "a", "memory[2]": "b", "memory[2].latency": "c"], recalled: ["power"])
        #expect(provenance.source(of: "memory[2].latency") == "c")
        #expect(provenance.source(of: "memory[2].capacity") == "b")
        #expect(provenance.source(of: "memory[20].capacity") == "a")
        #expect(provenance.isRecalled("power.idle") && !provenance.isRecalled("powerless"))
    }
}
