import Quantities
import ReferenceKernels
import Testing

private let quick = TimingPlan(warmUp: 1, leastRepeats: 1, mostRepeats: 1, budget: 0, shortestSample: 0)

@Suite("Sweeps", .serialized)
struct SweepTests {
    @Test("A sweep measures every case it announced, with work, bytes and what ran")
    func elementwise() throws {
        var announced: [String] = []
        let measured = try KernelSweep(families: [.elementwise, .copy], plan: quick, rounds: 1, diskFolder: nil, largest: 4 << 20).run { _, _, label in announced.append(label) }
        #expect(announced.count == measured.count)
        #expect(Set(announced).count == announced.count)
        #expect(Set(measured.map(\.kernel)) == ["rms_norm", "layer_norm", "softmax", "silu_mul", "gelu", "add", "rotary", "embedding", "router", "permute", "combine", "copy"])
        for one in measured {
            #expect(one.timing.median > 0 && one.bytes.value > 0 && !one.implementation.isEmpty && !one.shape.isEmpty, "\(one.kernel)")
        }
        let copy = try #require(measured.first { $0.kernel == "copy" })
        #expect(copy.bytes == Bytes(2 * 64 << 10))
    }

    @Test("Every round goes through all cases once, each in another order, and a kernel's time is over all rounds")
    func rounds() throws {
        var announced: [String] = []
        let measured = try KernelSweep(families: [.copy], plan: quick, rounds: 3, diskFolder: nil, largest: 4 << 20).run { _, _, label in announced.append(label) }
        let count = measured.count
        #expect(announced.count == 3 * count && count > 3)
        let orders = (0..<3).map { Array(announced[$0 * count..<($0 + 1) * count]) }
        for order in orders { #expect(Set(order) == Set(orders[0])) }
        #expect(orders[0] != orders[1] && orders[1] != orders[2])
        #expect(measured.allSatisfy { $0.timing.repeats >= 3 && $0.timing.drift >= 0 })
    }

    @Test("A decoder run times prefills and steps at the contexts it states, in memory and streaming")
    func decoder() throws {
        let shape = DecoderShape(layers: 2, hidden: 64, heads: 4, kvHeads: 2, intermediate: 96, vocabulary: 77, weights: .int4(group: 32))
        for folder in [nil, "/tmp"] {
            let run = try DecoderSweep(shape, prompt: 9, steps: 4, prefills: 2, streamingFolder: folder).run()
            #expect(run.contexts == 10...14)
            // Steps that other work disturbed are left out, and prefills repeated.
            #expect((2...6).contains(run.prefill.repeats) && (2...4).contains(run.decode.repeats))
            #expect(run.streams == (folder != nil))
        }
        #expect(throws: KernelError.self) { try DecoderSweep(shape, prompt: 0, steps: 1).run() }
        #expect(throws: KernelError.self) { try DecoderSweep(shape, prompt: 1, steps: 1, streamingFolder: "/nonexistent").run() }
    }
}
