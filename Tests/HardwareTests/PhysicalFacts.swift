import Hardware
import Quantities
import Testing

@Suite("Physical facts of shipped devices")
struct PhysicalFacts {
    /// Engine peaks as their makers state them, in operations per second.
    static let peaks: [(String, Engine.Kind, NumberFormat, Double)] = [
        ("a100-sxm-80gb", .tensor, .fp16, 312e12), ("a100-sxm-80gb", .tensor, .int8, 624e12), ("a100-sxm-80gb", .vector, .fp32, 19.5e12),
        ("h100-sxm", .tensor, .bf16, 989.4e12), ("h100-sxm", .tensor, .fp8, 1978.9e12), ("h100-pcie", .tensor, .fp16, 756e12),
        ("b200", .tensor, .fp4, 9000e12), ("v100-sxm2-32gb", .tensor, .fp16, 125e12), ("t4", .tensor, .int8, 130e12),
        ("a6000", .tensor, .fp16, 154.8e12), ("rtx-3090", .tensor, .fp16, 71.2e12), ("rtx-4090", .tensor, .fp8, 330.3e12),
        ("mi300x", .tensor, .bf16, 1307.4e12), ("jetson-agx-orin-64gb", .tensor, .int8, 85.2e12), ("tpu-v4", .systolic, .bf16, 275e12),
        ("ascend-910c", .tensor, .fp16, 752e12), ("neupims", .systolic, .fp16, 262.1e12), ("neupims", .bank, .fp16, 32.8e12),
        ("gddr6-aim", .bank, .bf16, 1e12), ("gddr6-aim-card", .bank, .bf16, 16e12), ("hbm-pim", .bank, .fp16, 1.2e12),
        ("xeon-8480plus", .tensor, .bf16, 114.7e12), ("instcsd", .storage, .fp16, 4 * 13.3e9),
    ]

    @Test("An engine's count, rate and clock multiply to the peak that its maker states", arguments: peaks)
    func peak(_ id: String, _ kind: Engine.Kind, _ format: NumberFormat, _ stated: Double) throws {
        let peak = try #require(try library.device(id).engine(kind)?.peak(format))
        #expect((peak.value / stated - 1).magnitude < 0.03)
    }

    /// Bandwidth in GB/s and capacity in GB of the main memory.
    static let memories: [(String, Double, Double)] = [
        ("a100-sxm-40gb", 1555, 40), ("a100-sxm-80gb", 2039, 80), ("a100-pcie-80gb", 1935, 80), ("h100-sxm", 3350, 80), ("h100-nvl", 3938, 94),
        ("h200-sxm", 4800, 141), ("gh200-96gb", 4000, 96), ("gh200-144gb", 4900, 144), ("b200", 7700, 180), ("rtx-3090", 936, 24),
        ("a6000", 768, 48), ("l4", 300, 24), ("mi300x", 5300, 192), ("jetson-tx2", 59.7, 8), ("grace", 512, 480), ("neupims", 1024, 32),
        ("gddr6-aim", 64, 1), ("instcsd", 11.2, 2000), ("samsung-980pro", 7, 1000),
    ]

    @Test("The main memory is the one people name the part by", arguments: memories)
    func memory(_ id: String, _ bandwidth: Double, _ capacity: Double) throws {
        let memory = try library.device(id).mainMemory
        #expect(memory.bandwidth == BytesPerSecond(bandwidth * 1e9))
        #expect(memory.capacity == Bytes(capacity * 1e9))
    }

    @Test("A latency in cycles is one of the device's boost clock: 33.2 cycles at 1.41 GHz are 23.5 ns")
    func cycles() throws {
        let latency = try #require(try library.device("a100-sxm-80gb").level(.l1)?.latency)
        #expect((latency.value - 33.2 / 1.41e9).magnitude < 1e-15)
    }

    @Test("The banks of AiM read sixteen times what its pins carry: 2 channels × 16 banks × 32 B a nanosecond")
    func internalBandwidth() throws {
        let aim = try library.device("gddr6-aim")
        let bank = try #require(aim.engine(.bank)), rate = try #require(bank.rates[.bf16])
        let operands = rate.value / 2 * 2 * bank.clock.value * Double(bank.count)
        #expect(operands / aim.mainMemory.bandwidth!.value == 16)
    }

    @Test("What is sustained at the power limit comes back from the energy per operation: 794.5 TFLOP/s on an H100", arguments: [
        ("h100-sxm", 794.5e12, 36.0), ("h200-sxm", 783.5e12, 35.0), ("a100-sxm-80gb", 271.2e12, 12.0), ("b200", 1745e12, 78.0),
    ])
    func sustained(_ id: String, _ rate: Double, _ dram: Double) throws {
        let device = try library.device(id)
        let best = try #require(device.achieved.compute[.bf16]), energy = try #require(device.power.perFlop[.bf16])
        let limit = try #require(device.power.limit), active = try #require(device.power.active)
        // Dynamic power at a rate goes with its cube: the rate itself times the square of the clock that it needs.
        let drawn = active.value + dram + energy.value * rate * (rate / best.value) * (rate / best.value)
        #expect((drawn / limit.value - 1).magnitude < 0.01)
    }

    @Test("The tensor cores of a Hopper part are quoted below its boost clock, its vector lanes at it")
    func hopperClocks() throws {
        for id in ["h100-sxm", "h100-pcie", "h200-sxm", "gh200-96gb"] {
            let device = try library.device(id)
            #expect(device.engine(.tensor)!.clock < device.clock.boost)
            #expect(device.engine(.vector)!.clock == device.clock.boost)
        }
    }

    @Test("Every shipped device states its peaks or derives them, and names a host that can drive it", arguments: library.ids(.devices))
    func hosts(_ id: String) throws {
        let device = try library.device(id)
        guard let host = device.host else { return }
        #expect(try library.device(host).kind == .cpu)
        let system = try library.system(ofDevice: id)
        #expect(system.links.count == 1, "no port of \(id) fits \(host)")
        #expect(system.host?.device.id == host)
    }
}
