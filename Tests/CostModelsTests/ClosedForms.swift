import Hardware
import Operators
import Quantities
import Testing
@testable import CostModels

private let roofline = Roofline()
private let cycle = Cycle()

private func near(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool { abs(a - b) <= tolerance * max(abs(a), abs(b)) }

@Suite("Closed forms") struct ClosedForms {
    @Test("A 256³ product takes 2,039 cycles on one 128×128 output-stationary array: four folds of 510, counted from 0")
    func outputStationary() {
        let array = Systolic(rows: 128, columns: 128, dataflow: .outputStationary)
        #expect(array.cycles(m: 256, n: 256, k: 256) == 2039)
        #expect(array.folds(m: 256, n: 256, k: 256) == (4, 510))
    }

    @Test("A weight-stationary fold loads its rows first: 128 + (m + 254) cycles for each of ⌈k/128⌉·⌈n/128⌉")
    func weightStationary() {
        let weights = Systolic(rows: 128, columns: 128, dataflow: .weightStationary)
        #expect(weights.folds(m: 64, n: 300, k: 129) == (6, 64 + 256 + 126))
        let inputs = Systolic(rows: 128, columns: 128, dataflow: .inputStationary)
        #expect(inputs.folds(m: 300, n: 64, k: 129) == (6, 64 + 256 + 126))
    }

    @Test("One array with data beside it: the model's engine time is the closed form")
    func systolicDemand() {
        var device = Fixture.npu
        device.engines[0].count = 1
        let product = Matmul(m: 256, n: 256, k: 256, activations: .bf16, weights: .bf16)
        let demand = cycle.demand(of: .matmul(product), on: device, under: Fixture.graph)
        #expect(near(demand.engineTime.value, 2039e-9))
        #expect(demand.engine == .systolic)
    }

    @Test("A row of 64 columns multiplied in all banks of GDDR6-AiM takes 228 clocks: 56 + 64·2 + 12 + 32")
    func aimRow() throws {
        let timing = try #require(PIMTiming(Fixture.aim.mainMemory.timing))
        #expect(near(timing.row(columns: 64) / 0.5e-9, 228))
        // A row that is opened for one column still stays open for tRAS: 54 + 32.
        #expect(near(timing.row(columns: 1) / 0.5e-9, max(56 + 2 + 12, 54) + 32))
    }

    @Test("NeuPIMs' logits on one channel: ⌈E/512⌉·100 + ⌈E/512⌉·⌈seq/32⌉·184 cycles",
          arguments: [(128, 1), (512, 32), (513, 33), (1024, 700), (12288, 2048)])
    func neupimsLogits(_ embedding: Int, _ keys: Int) throws {
        let device = Fixture.neupims
        let place = try #require(device.engines.firstIndex { $0.kind == .bank })
        let train = try #require(Cycle.Prepared(for: device, under: Fixture.graph).bankTrain(place, stored: .fp16, .fp16))
        let chunks = Double((embedding + 511) / 512), tiles = Double((keys + 31) / 32)
        #expect(near(train.channelTime(length: embedding, outputs: keys) / 1e-9, chunks * 100 + chunks * tiles * 184))
    }

    @Test("Refresh takes tRFC of every tREFI away from the banks")
    func refresh() throws {
        let timing = try #require(PIMTiming(Fixture.aim.mainMemory.timing))
        #expect(near(timing.availability, 1 - 210.0 / 3333))
    }

    @Test("A product on banks repeats for every row of A")
    func banksRepeat() {
        func time(_ rows: Int) -> Double {
            let product = Matmul(m: rows, n: 4096, k: 1024, activations: .bf16, weights: .bf16)
            return cycle.demand(of: .matmul(product), on: Fixture.aim, under: Fixture.graph).engineTime.value
        }
        #expect(near(time(7), 7 * time(1)))
    }

    @Test("Per-token cost of decode over prefill, weights only, is peak ÷ (bandwidth × batch): 201.6 and 100.8 on SARATHI's A6000",
          arguments: [(1, 201.6), (2, 100.8)])
    func sarathi(_ batch: Int, _ expected: Double) {
        // Square weights of fp16, activations without bytes worth the name: a prefill far beyond the ridge, a decode far below.
        let side = 16384
        func perToken(_ tokens: Int) -> Double {
            var product = Matmul(m: tokens, n: side, k: side, activations: .fp16, weights: .fp16)
            product.activations = TensorFormat(bits: 1e-9, number: .fp16)
            let demand = roofline.demand(of: .matmul(product), on: Fixture.a6000, under: Fixture.graph)
            return demand.duration.value / Double(tokens)
        }
        #expect(abs(perToken(batch) / perToken(4096) - expected) < 0.05)
    }

    @Test("Flash reads: the first page waits for its sensing, then channels move pages back to back",
          arguments: [1, 8, 9, 256, 257, 100_000])
    func flash(_ pages: Int) throws {
        let flash = FlashPipeline(channels: 8, diesPerChannel: 8, planes: 4, page: Bytes(4096.0), sense: Seconds(40e-6), transfer: Seconds(4096 / 1.4e9))
        // 32 planes of 2.9 µs of transfer hide 40 µs of sensing: the channel never waits again.
        let perChannel = Double((pages + 7) / 8)
        #expect(near(flash.time(pages: pages).value, 40e-6 + perChannel * 4096 / 1.4e9))
        #expect(near(flash.bandwidth.value, 11.2e9))
    }

    @Test("Dies that sense too slowly set the pace: bandwidth is pages ÷ (tR + their own transfers) of each die")
    func slowDies() {
        let flash = FlashPipeline(channels: 1, diesPerChannel: 2, planes: 1, page: Bytes(16384.0), sense: Seconds(90e-6), transfer: Seconds(10e-6))
        // Two pages every 100 µs.
        #expect(near(flash.time(pages: 2001).value - flash.time(pages: 1).value, 1000 * 100e-6))
    }
}
