import Documents
import Hardware
import Quantities
import ReferenceKernels
import Testing

private func rate(_ best: Double) -> HostProbe.Rate { HostProbe.Rate(best: best, median: best * 0.97) }

private func level(_ name: HostProbe.Level.Name, _ capacity: Int, _ instances: Int, one: Double, all: Double, latency: Double) -> HostProbe.Level {
    func bandwidth(_ read: Double) -> HostProbe.Bandwidth {
        HostProbe.Bandwidth(read: rate(read), write: rate(read * 0.5), copy: rate(read * 0.9), triad: rate(read * 0.85))
    }
    return HostProbe.Level(name: name, capacity: capacity, instances: instances, workingSet: capacity / 2, oneCore: bandwidth(one), allCores: bandwidth(all),
                           latency: latency, latencyInSmallPages: name == .dram ? latency * 1.3 : nil)
}

/// Four cores at 3 GHz with two 256-bit multiply-adds a cycle.
private let probe = HostProbe(
    processor: "A \"quoted\" processor\u{7}", cores: 4, instructionSet: "avx2", lanes: 8, clockOfOne: 3.0e9, clockOfAll: 2.9e9,
    flopsOfOne: rate(95e9), flopsOfAll: rate(377e9),
    levels: [
        level(.l1, 48 << 10, 4, one: 181.23456e9, all: 720.98765e9, latency: 1.3e-9), level(.l2, 1 << 20, 4, one: 90e9, all: 366.1e9, latency: 4.4e-9),
        level(.l3, 32 << 20, 2, one: 40e9, all: 150e9, latency: 15e-9), level(.dram, 64 << 30, 1, one: 21e9, all: 60.00049e9, latency: 101e-9),
    ],
    handOff: 1.7e-6, handOffAsleep: 40e-6, hugePages: "madvise",
    disk: HostProbe.Disk(folder: "/tmp", capacity: 500_000_000_000, direct: true, bandwidth: rate(2.5e9), latency: 88e-6), date: "2026-01-31")

@Suite("The host probe", .serialized)
struct ProbeTests {
    @Test("A probe becomes a device that passes every check and says what was measured")
    func specificationIsSound() throws {
        let device = try Device(reading: Document(file: "host.json", text: Array(probe.deviceSpecification().utf8)))
        #expect(device.kind == .cpu)
        #expect(device.units == 4)
        #expect(device.clock.boost == Hertz(3e9))
        // 95 GFLOP/s at 3 GHz are 31.7 a cycle: two vectors of eight multiply-adds.
        #expect(device.engine(.vector)?.rates[.fp32] == FlopsPerCycle(32.0))
        #expect(device.memory.map(\.level) == [.l1, .l2, .l3, .dram])
        #expect(device.memory.map(\.scope) == [.unit, .unit, .device, .device])
        #expect(device.level(.l3)?.capacity == Bytes(64 << 20))
        let dram = try #require(device.level(.dram)?.bandwidth), achieved = try #require(device.achieved.bandwidth[.dram])
        #expect((60.0e9...60.01e9).contains(dram.value))
        #expect(achieved.value <= 60.00049e9)
        #expect(device.kernel.floor.map { ($0.value - 1.7e-6).magnitude < 1e-10 } == true)
        #expect(device.provenance.source(of: "memory[3].bandwidth")?.contains("measured on this host by orrery measure cpu on 2026-01-31") == true)
        #expect(device.provenance.recalled.isEmpty)
    }

    @Test("A disk becomes a storage device that passes every check")
    func storageIsSound() throws {
        let text = try #require(probe.storageSpecification())
        let device = try Device(reading: Document(file: "host-disk.json", text: Array(text.utf8)))
        #expect(device.kind == .storage)
        #expect(device.mainMemory.bandwidth == BytesPerSecond(2.5e9))
        #expect(device.mainMemory.latency.map { ($0.value - 88e-6).magnitude < 1e-12 } == true)
        var without = probe
        without.disk = nil
        #expect(without.storageSpecification() == nil)
    }

    @Test("A clock that cannot be counted, and medians above the bound, still make a sound device")
    func oddProbes() throws {
        var odd = probe
        (odd.clockOfOne, odd.clockOfAll) = (nil, nil)
        odd.flopsOfAll = HostProbe.Rate(best: 400e9, median: 400e9)
        odd.levels[0].allCores.read = HostProbe.Rate(best: 9e12, median: 9e12)
        odd.levels[3].oneCore.triad = HostProbe.Rate(best: 61e9, median: 70e9)
        let device = try Device(reading: Document(file: "host.json", text: Array(odd.deviceSpecification(name: "host").utf8)))
        #expect(device.name == "host")
        let peak = try #require(device.engine(.vector)?.peak(.fp32))
        #expect(peak.value >= 399e9)
    }

    @Test("This machine can be probed, and what comes out is ordered as physics has it")
    func thisMachine() throws {
        var steps: [String] = []
        let probe = try HostProbe.run(HostProbe.Plan(budget: 0.002, diskFolder: "/tmp", diskBytes: 16 << 20, memoryBytes: 8 << 20)) { steps.append($0) }
        #expect(steps.count >= 4)
        #expect(probe.cores >= 1)
        #expect(probe.clockOfOne.map { (0.2e9...10e9).contains($0) } ?? true)
        #expect(probe.flopsOfOne.best >= probe.flopsOfOne.median)
        #expect(probe.levels.last?.name == .dram)
        for level in probe.levels {
            #expect(level.capacity > 0 && level.latency > 0 && level.oneCore.read.best > 0 && level.allCores.triad.median > 0)
        }
        #expect(probe.disk != nil || probe.diskNote != nil)
        #expect(probe.date.count == 10)
        _ = try Device(reading: Document(file: "host.json", text: Array(probe.deviceSpecification().utf8)))
    }

    @Test("A folder that cannot be written to leaves the disk out and says why")
    func noDisk() throws {
        let probe = try HostProbe.run(HostProbe.Plan(budget: 0.001, diskFolder: "/nonexistent", diskBytes: 1, memoryBytes: 1 << 20))
        #expect(probe.disk == nil)
        #expect(probe.diskNote?.hasPrefix("/nonexistent: ") == true)
    }
}
