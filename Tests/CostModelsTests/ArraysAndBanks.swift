import Hardware
import Operators
import Quantities
import Testing
@testable import CostModels

private let cycle = Cycle()

private func near(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool { abs(a - b) <= tolerance * max(abs(a), abs(b)) }

@Suite("Arrays and banks") struct ArraysAndBanks {
    private let single = Systolic(rows: 128, columns: 128, dataflow: .weightStationary)
    private let double = Systolic(rows: 128, columns: 128, dataflow: .weightStationary, doubleBuffered: true)

    @Test("With a second set of weights four folds of 256 rows take 3·256 + (256 + 382) cycles, without it 4·638; counted from 0")
    func secondSet() {
        #expect(double.cycles(m: 256, n: 256, k: 256) == 3 * 256 + 638 - 1)
        #expect(single.cycles(m: 256, n: 256, k: 256) == 4 * 638 - 1)
    }

    @Test("Few rows do not hurry the next tile: it takes as many cycles to shift in as the array has rows")
    func shiftingIn() {
        let folds = 16.0
        #expect(double.cycles(m: 1, n: 512, k: 512) == (folds - 1) * 128 + 1 + 382 - 1)
        #expect(double.cycles(m: 128, n: 512, k: 512) - double.cycles(m: 1, n: 512, k: 512) == 127)
    }

    @Test("A second set of weights never slows a product, and changes nothing for a single fold", arguments: [1, 64, 128, 300, 5000])
    func neverSlower(_ m: Int) {
        for (n, k) in [(1, 1), (128, 128), (129, 128), (500, 900), (4096, 4096)] {
            #expect(double.cycles(m: m, n: n, k: k) <= single.cycles(m: m, n: n, k: k))
        }
        #expect(double.cycles(m: m, n: 128, k: 128) == single.cycles(m: m, n: 128, k: 128))
    }

    @Test("A long run on double-buffered arrays keeps more than 99 % of their cells busy; with single weights of 256 rows it is 256 of 638 cycles")
    func utilisation() {
        let ideal = 256.0 * 4096 * 4096 / (128 * 128)
        #expect(ideal / double.cycles(m: 256, n: 4096, k: 4096) > 0.99)
        #expect(near(ideal / single.cycles(m: 256, n: 4096, k: 4096), 256.0 / 638, 1e-4))
    }

    @Test("Arrays that outnumber the folds share the rows: one tile of weights on eight arrays takes an eighth of the rows each")
    func sharedRows() {
        #expect(double.cycles(m: 4096, n: 128, k: 128, batch: 1, arrays: 8) == 512 + 382 - 1)
        #expect(double.cycles(m: 4096, n: 128, k: 128, batch: 1, arrays: 1) == 4096 + 382 - 1)
    }

    @Test("Entering and leaving all-bank mode and the last results: 2·32 + 50 clocks on GDDR6-AiM")
    func once() throws {
        var timing = Fixture.aim.mainMemory.timing
        timing["tMODCH"] = Seconds(32 * 0.5e-9)
        timing["tCL"] = Seconds(50 * 0.5e-9)
        #expect(near(try #require(PIMTiming(timing)).once / 0.5e-9, 114))
    }

    @Test("Where rows open four at a time a row train of 32 banks takes at least 8·tFAW; an activation for all banks is free of that")
    func fourAtATime() throws {
        let plain: [String: Seconds] = ["tRCD": Seconds(14e-9), "tRP": Seconds(14e-9), "tRAS": Seconds(34e-9), "tCCD": Seconds(2e-9), "tFAW": Seconds(30e-9)]
        let bankwise = try #require(PIMTiming(plain))
        #expect(near(bankwise.row(columns: 16, banks: 32), 240e-9))
        #expect(near(bankwise.row(columns: 16, banks: 4), bankwise.row(columns: 16)))
        let together = try #require(PIMTiming(plain.merging(["tRCDRDMAC": Seconds(28e-9)]) { $1 }))
        #expect(near(together.row(columns: 16, banks: 32), together.row(columns: 16)))
    }

    @Test("A byte read in its bank costs bank energy, once for every vector it is multiplied with; only activations pay for the pins")
    func bankEnergy() {
        var device = Fixture.neupims
        device.engines.removeAll { $0.kind == .systolic }
        device.memory.removeFirst()
        device.power.perByte[.dram] = JoulesPerByte(28.7e-12)
        device.power.perBankByte = JoulesPerByte(4.4e-12)
        func joules(_ rows: Int) -> Double {
            let product = Matmul(m: rows, n: 4096, k: 1024, activations: .fp16, weights: .fp16)
            return cycle.demand(of: .matmul(product), on: device, under: Fixture.graph).energy.memory.value
        }
        let weights = 4096.0 * 1024 * 2, activations = (4096.0 + 1024) * 2
        #expect(near(joules(1), weights * 4.4e-12 + activations * 28.7e-12))
        #expect(near(joules(3), 3 * joules(1)))
    }

    @Test("A grouped kernel of one 128×128 tile multiplies 128 rows for a single token, six tiles of 768 columns on six units")
    func oneTile() {
        var runtime = Fixture.graph
        let experts = GroupedMatmul(tokens: [1], n: 768, k: 3072, activations: .fp32, weights: .fp32)
        let best = Cycle(limitsPower: false).demand(of: .grouped(experts), on: Fixture.a100, under: runtime)
        runtime.groupedTiles = [.fp32: Runtime.Tile(rows: 128, columns: 128)]
        let only = Cycle(limitsPower: false).demand(of: .grouped(experts), on: Fixture.a100, under: runtime)
        // 64 FMA a cycle in each unit at 1.41 GHz.
        #expect(near(only.engineTime.value, 128 * 128 * 3072 / (64 * 1.41e9)))
        #expect(only.engine == .vector)
        #expect(only.choice == .tile(rows: 128, columns: 128, splitK: 1))
        #expect(best.duration < only.duration)
    }
}
