import Orrery
import Testing

@Suite("Exact figures on shipped files")
struct ExactTests {
    private let library: Library

    init() throws { library = try Catalogue.shared.get().library }

    @Test("OPT-175B at 3 bit holds about 65 GB of weights and fits one A100 80 GB; in 16 bit it does not, and the answer says what would")
    func threeBit() throws {
        func answer(_ id: String) throws -> Report { try library.scenario(of: id).report() }
        let narrow = try answer("opt-175b-3bit"), wide = try answer("opt-175b-fp16")
        let weights = try #require(narrow.memory.first { $0.group == "gpu" }).weights.value
        #expect(narrow.fits && abs(weights / 1e9 - 66.5) < 2.5, "\(weights) B")
        #expect(!wide.fits && wide.timing == nil && wide.advice.contains { $0.contains("3bit") || $0.contains("2bit") })
        #expect(try #require(wide.memory.first { $0.group == "gpu" }).weights.value > 340e9)
    }

    @Test("A row of 64 columns multiplied in all banks of the shipped GDDR6-AiM takes 228 of its clocks")
    func aim() throws {
        let memory = try library.device("gddr6-aim").mainMemory
        let timing = try #require(PIMTiming(memory.timing)), clock = try #require(memory.organisation?.clock)
        #expect(abs(timing.row(columns: 64) * clock.value - 228) < 1e-6)
    }

    @Test("Logits on one channel of the shipped NeuPIMs take ⌈E/512⌉·100 + ⌈E/512⌉·⌈seq/32⌉·184 cycles", arguments: [(64, 1), (512, 32), (4096, 385), (5120, 2048)])
    func neuPIMs(_ embedding: Int, _ keys: Int) throws {
        let memory = try library.device("neupims").mainMemory
        let shape = try #require(memory.organisation)
        let train = try #require(BankTrain(memory, banks: shape.banks, width: 2) { _ in 0 })
        let chunks = (embedding + 511) / 512, tiles = (keys + 31) / 32
        #expect(abs(train.channelTime(length: embedding, outputs: keys) * shape.clock.value - Double(chunks * 100 + chunks * tiles * 184)) < 1e-6)
    }

    @Test("On the shipped A6000 a token of decode costs 201.6 and 100.8 times one of prefill at batch 1 and 2, weights only (SARATHI, about 200 and 100)",
          arguments: [(1, 201.6), (2, 100.8)])
    func sarathi(_ batch: Int, _ ratio: Double) throws {
        let device = try library.device("a6000"), runtime = try library.runtime("cuda-graph")
        // So large a reduction that activations, which stay in the cache, do not matter.
        func perToken(_ rows: Int) -> Double {
            let product = Matmul(m: rows, n: 5120, k: 5120, activations: .fp16, weights: .fp16)
            return Roofline().demand(of: .matmul(product), on: device, under: runtime).busy.value / Double(rows)
        }
        #expect(abs(perToken(batch) / perToken(512) / ratio - 1) < 0.01)
    }

    @Test("A ring all-reduce sends 2(n − 1)/n of the buffer through each port", arguments: [2, 4, 8, 16])
    func ring(_ n: Int) {
        let exchange = Collective(.allReduce, participants: n, bytes: Bytes(1e9), format: .bf16)
        #expect(abs(exchange.wireBytes.value - 2e9 * Double(n - 1) / Double(n)) < 1)
    }
}
