import CostModels
import Hardware
import Operators
import Quantities
import Testing

extension Fixture {
    /// Four cores of 100 GFLOP/s each.
    static let processor = read("processor", """
        { "name": "CPU", "kind": "cpu", "architecture": "none", "clock": { "boost": "2 GHz" }, "units": 4,
          "engines": { "vector": { "rates": { "fp32": "25 FMA/cycle" }, "registers": 32 } },
          "memory": [
            { "level": "l1", "per": "unit", "capacity": "32 KiB", "bandwidth": "200 GB/s", "latency": "1 ns" },
            { "level": "l2", "per": "unit", "capacity": "1 MiB", "bandwidth": "100 GB/s", "latency": "5 ns" },
            { "level": "l3", "per": "device", "capacity": "32 MiB", "bandwidth": "200 GB/s", "unitBandwidth": "60 GB/s", "latency": "20 ns" },
            { "level": "dram", "per": "device", "capacity": "64 GB", "bandwidth": "50 GB/s", "unitBandwidth": "20 GB/s", "latency": "100 ns" } ],
          "kernel": { "floor": "2 us" }, "sources": { "": "test" } }
        """)
}

@Suite("Processors in the cycle model")
struct ProcessorTests {
    private let runtime = Runtime(id: "test", name: "test", fusions: [.attention, .splitContext], weightOnly: [TensorFormat(bits: 4, number: .int4)])

    private func demand(_ operation: Operator, _ change: (inout Runtime) -> Void = { _ in }) -> Demand {
        var runtime = runtime
        change(&runtime)
        return Cycle().demand(of: operation, on: Fixture.processor, under: runtime)
    }

    private func product(_ m: Int, _ n: Int = 4096, _ k: Int = 4096, _ weights: TensorFormat = .fp32) -> Operator {
        .matmul(Matmul(m: m, n: n, k: k, activations: .fp32, weights: weights))
    }

    /// A sum of two arrays that are together so large with their result.
    private func sum(bytes: Double) -> Operator {
        .elementwise(Elementwise(.add, rows: 1, width: Int(bytes / 12), flopsPerElement: 1,
                                 moved: Traffic(activationsRead: Bytes(bytes * 2 / 3), activationsWritten: Bytes(bytes / 3))))
    }

    @Test("One row streams the weights at the bandwidth of the memory; many rows pack them and go at the rate of the cores")
    func streamedAndPacked() {
        let one = demand(product(1)), many = demand(product(1200))
        #expect(one.choice == .streamed && many.choice == .packed(rows: 12))
        #expect(abs(one.busy.value - 4096 * 4096 * 4 / 50e9) < 0.01 * one.busy.value && one.boundBy == .memory)
        let arithmetic = 2 * 1200.0 * 4096 * 4096 / 400e9
        #expect(many.engineTime.value >= arithmetic && many.engineTime.value < 1.05 * arithmetic && many.boundBy == .compute)
    }

    @Test("A library that streams up to eight rows streams eight and packs nine")
    func declaredChoice() {
        func choice(_ m: Int) -> Choice { demand(product(m)) { $0.streamingRows = 8 }.choice }
        #expect(choice(8) == .streamed && choice(9) == .packed(rows: 12))
    }

    @Test("A library that goes over all weights for every row reads them from memory as often as there are rows, unless the cores' own caches hold them")
    func passes() {
        func again(_ m: Int, _ n: Int) -> (cache: Seconds, memory: Seconds) {
            let d = demand(product(m, n)) { $0.streamingRows = 3; $0.rowsPerPass = 1 }
            return (d.cacheTime, d.memoryTime)
        }
        #expect(abs(again(3, 4096).memory / again(1, 4096).memory - 3) < 0.01)
        #expect(abs(again(3, 64).memory / again(1, 64).memory - 1) < 0.05 && again(3, 64).cache > again(1, 64).cache)
    }

    @Test("Rows of a product are padded to whole register tiles: 13 rows cost as much arithmetic as 24")
    func padding() {
        func engine(_ m: Int) -> Seconds { demand(product(m)) { $0.streamingRows = 0 }.engineTime }
        #expect(engine(13) == engine(24) && engine(24) < engine(25))
    }

    @Test("Weights of four bits are read in an eighth of the time, but unpacking them is work of the cores")
    func narrowWeights() {
        let wide = demand(product(1)), narrow = demand(product(1, 4096, 4096, TensorFormat(bits: 4, number: .int4)))
        #expect(abs(narrow.memoryTime.value / wide.memoryTime.value - 0.125) < 1e-3)
        #expect(narrow.engineTime > wide.engineTime)
    }

    @Test("What was touched just before costs less a byte the smaller it is: 24 KB, 1 MB, 12 MB and 96 MB lie in four levels")
    func levels() {
        let sizes = [24e3, 1e6, 12e6, 96e6]
        let perByte = sizes.map { size in demand(sum(bytes: size)) { $0.parallelGrain = 100_000_000 }.busy.value / size }
        for (smaller, larger) in zip(perByte, perByte.dropFirst()) { #expect(smaller < larger) }
        let last = demand(sum(bytes: 96e6))
        #expect(abs(last.memoryTime.value - 96e6 / 50e9) < 1e-6 && last.boundBy == .memory)
    }

    @Test("Little work stays on one core and pays for no hand-over; a runtime may say what counts as little")
    func grain() {
        #expect(demand(sum(bytes: 1200)).latency == .zero)
        let shared = demand(sum(bytes: 12e6))
        #expect(shared.latency == Seconds(2e-6) && shared.occupancy == 1)
        let alone = demand(sum(bytes: 12e6)) { $0.parallelGrain = 1_000_000 }
        // One core draws 60 GB/s of the shared cache instead of its quarter of more.
        #expect(alone.latency == .zero && alone.duration > shared.duration && abs(alone.occupancy - 0.25) < 1e-12)
    }

    @Test("A single sequence with one key head keeps one core busy unless its context is split")
    func splitContext() {
        let attention = Operator.attention(Attention(batch: 1, queries: 1, context: 8192, heads: 8, kvHeads: 1, keyDimension: 128, valueDimension: 128,
                                                     activations: .fp32, cache: .fp32))
        let split = demand(attention), whole = demand(attention) { $0.fusions = [.attention] }
        #expect(split.occupancy == 1 && whole.occupancy == 0.25 && split.duration < whole.duration)
    }

    @Test("No operator is faster than its physical bound, nor slower for more bandwidth", arguments: [1, 7, 64, 500])
    func laws(_ m: Int) {
        let operators = [product(m), product(m, 96, 128), product(m, 512, 512, TensorFormat(bits: 4, number: .int4)), sum(bytes: Double(m) * 1e5),
                         .attention(Attention(batch: 2, queries: m, context: m + 100, heads: 8, kvHeads: 2, keyDimension: 64, valueDimension: 64, activations: .fp32, cache: .fp32)),
                         .grouped(GroupedMatmul(tokens: [m, 1, 3], n: 256, k: 512, activations: .fp32, weights: .fp32))]
        let faster = [Device.Resource.memoryBandwidth, .cacheBandwidth, .compute, .launch].map { Fixture.processor.scaled($0, by: 1.5) }
        for operation in operators {
            let own = demand(operation)
            #expect(own.violation(of: Roofline().demand(of: operation, on: Fixture.processor, under: runtime), model: "cycle", what: "") == nil)
            for device in faster { #expect(Cycle().demand(of: operation, on: device, under: runtime).duration <= own.duration * (1 + 1e-12)) }
        }
    }
}
