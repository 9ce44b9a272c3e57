@testable import Calibration
@testable import CostModels
import Documents
import Hardware
import Operators
import Quantities
import Testing

@Suite("Plans of attention kernels")
struct PlanTests {
    private let runtime = Runtime(id: "test", name: "test", launch: .graph, fusions: [.splitContext])

    private func decode(batch: Int, context: Int, heads: Int, kvHeads: Int, window: Int = 0) -> Attention {
        Attention(batch: batch, queries: 1, context: context, heads: heads, kvHeads: kvHeads, keyDimension: 128, valueDimension: 128, window: window,
                  activations: .bf16, cache: .bf16)
    }

    private func demand(_ o: Attention, _ plan: AttentionPlan?) throws -> Demand {
        Cycle.Prepared(for: try Synthetic.device(), under: runtime, limitsPower: false).demandAndBound(of: .attention(o), plan: plan).demand
    }

    @Test("A context that stays whole is read by one unit, one that is cut by as many as it has parts")
    func whole() throws {
        let o = decode(batch: 1, context: 65_536, heads: 8, kvHeads: 1)
        let cut = AttentionPlan.Cut(blocksPerUnit: nil, parts: 64, keys: 128)
        let whole = try demand(o, AttentionPlan(shared: .whole)), parts = try demand(o, AttentionPlan(shared: cut))
        #expect(abs(whole.feedTime.value / parts.feedTime.value / 64 - 1) < 1e-9)
        #expect(parts.choice == .contextSplit(queries: 16, parts: 64))
    }

    @Test("Parts fill the units: one block for each of 132 leaves 8 chains 16 parts, two blocks 33, and never less than the fewest keys each")
    func filling() {
        func parts(_ blocks: Int, keys: Int, of visible: Double) -> Double {
            AttentionPlan.Cut(blocksPerUnit: blocks, parts: 128, keys: keys).parts(of: 8, on: 132, visible: visible)
        }
        #expect(parts(1, keys: 128, of: 65_536) == 16)
        #expect(parts(2, keys: 128, of: 65_536) == 33)
        #expect(parts(2, keys: 128, of: 512) == 4)
        #expect(parts(2, keys: 128, of: 1) == 1)
    }

    @Test("Heads of a group that is too large for a block read the cache once each")
    func unpacked() throws {
        let o = decode(batch: 64, context: 8192, heads: 64, kvHeads: 1)
        let packed = try demand(o, AttentionPlan(heads: 64, shared: .whole)), alone = try demand(o, AttentionPlan(heads: 32, shared: .whole))
        #expect((alone.cacheBytes.value - o.traffic.activations.value) / (packed.cacheBytes.value - o.traffic.activations.value) == 64)
        #expect(alone.memoryBytes.value >= packed.memoryBytes.value)
    }

    @Test("A kernel that ignores the window takes as long as it would without one")
    func ignoredWindow() throws {
        func prompt(window: Int) -> Attention {
            Attention(batch: 2, queries: 16_384, context: 16_384, heads: 32, kvHeads: 8, keyDimension: 128, valueDimension: 128, window: window, activations: .bf16, cache: .bf16)
        }
        let ignoring = AttentionPlan(ignoresWindow: true)
        #expect(try demand(prompt(window: 1024), ignoring).duration == demand(prompt(window: 0), nil).duration)
        #expect(try demand(prompt(window: 1024), nil).duration.value < 0.3 * demand(prompt(window: 0), nil).duration.value)
    }

    /// Rows made by a kernel that cuts shared heads only, as FlashAttention-2 does, with constants that are known.
    private func rows(_ plan: AttentionPlan, _ constants: KernelConstants) throws -> [KernelSample] {
        let device = try Synthetic.device()
        var samples: [KernelSample] = []
        for (heads, kvHeads) in [(8, 8), (4, 4), (2, 2), (1, 1), (16, 16), (8, 1), (16, 2), (32, 8), (64, 8), (40, 8), (12, 2), (24, 4)] {
            for batch in [1, 4, 16, 64, 256] {
                for context in [64, 512, 2048, 8192, 32_768] {
                    let o = decode(batch: batch, context: context, heads: heads, kvHeads: kvHeads)
                    var sample = KernelSample(measured: 1, fixed: 2e-6, works: [Synthetic.work(.attention(o), on: device)], shape: UInt64(heads * 100 + kvHeads))
                    sample.addWays(of: [.attention(o)], on: device, under: runtime)
                    let noise: Int = (batch * 7 + context / 64 * 3 + heads) % 5 - 2
                    sample.measured = sample.under(plan).predicted(under: constants) * (1 + 0.01 * Double(noise))
                    samples.append(sample)
                }
            }
        }
        return samples
    }

    @Test("The plan and the constants of a kernel are found again in rows that it made, and without the plan its rows cannot be explained")
    func recovery() throws {
        let plan = AttentionPlan(shared: .init(blocksPerUnit: 2, parts: 128, keys: 128), lone: .whole)
        let truth: [KernelCalibration.Parameter: Double] = [.overhead: 5e-6, .memoryEfficiency: 0.8, .feed: 9, .combine: 4e-6]
        let samples = try rows(plan, KernelConstants { truth[$0] ?? $0.neutral })
        let found = try #require(KernelPlanning.best(of: samples, .attentionDecode))
        #expect(found.lone == plan.lone)
        #expect(found.shared == plan.shared)
        let fitting = KernelFitting(samples, key: KernelKey(.attentionDecode, format: "bf16, cache bf16"), kernel: "k")
        let calibration = try #require(fitting.calibrations.first)
        #expect(calibration.plan == found)
        #expect(calibration.validation.mape < 0.03)
        for (parameter, value) in truth {
            let fitted = try #require(calibration.fitted[parameter], "\(parameter) was dropped")
            #expect(abs(fitted.value / value - 1) < 0.15, "\(parameter): \(fitted.value), made with \(value)")
        }
        let unplanned = try #require(KernelFit(samples, KernelKey.Family.attentionDecode.parameters(onProcessor: false)))
        #expect(KernelFitting.score(samples.map { ($0.predicted(under: unplanned.constants), $0.measured) }).mape > 0.1)
    }

    private func calibration(_ key: KernelKey, plan: AttentionPlan? = nil, rows: Int = 10) -> KernelCalibration {
        let score = KernelCalibration.Score(rows: rows, medianAPE: 0.1, mape: 0.1)
        return KernelCalibration(key: key, kernel: "k", plan: plan, fitted: [.overhead: .init(value: 1e-6, error: 1e-7)], rows: rows, training: score, validation: score)
    }

    private func file(_ kernels: [KernelCalibration]) -> Calibration {
        Calibration(device: "h100-sxm", runtime: "vllm", version: "0.1.0", date: "2026-01-31", sources: [.init(file: "rows.csv", rows: 100)], kernels: kernels)
    }

    @Test("Of the calibrations of a kernel the one of the closest variant is taken, and none of another variant")
    func variants() throws {
        let names = ["", "all keys", "all keys, head 128", "all keys, head 128, shared heads", "window, head 128"]
        let costs = file(names.map { calibration(KernelKey(.attentionDecode, format: "bf16, cache bf16", variant: $0)) })
        func variant(_ o: Attention) -> String? { costs.kernel(for: .attention(o))?.key.variant }
        #expect(variant(decode(batch: 1, context: 100, heads: 8, kvHeads: 2)) == "all keys, head 128, shared heads")
        #expect(variant(decode(batch: 1, context: 100, heads: 8, kvHeads: 8)) == "all keys, head 128")
        #expect(variant(decode(batch: 1, context: 100, heads: 8, kvHeads: 8, window: 64)) == "window, head 128")
        var wide = decode(batch: 1, context: 100, heads: 8, kvHeads: 8)
        (wide.keyDimension, wide.valueDimension) = (1280, 1280)
        #expect(variant(wide) == "all keys")
    }

    @Test("A plan is written and read again as it was, and a cut into no parts is an error at its place")
    func reading() throws {
        let plan = AttentionPlan(heads: 32, shared: .init(blocksPerUnit: 4, parts: 128, keys: 128), lone: .whole, ignoresWindow: true)
        let costs = file([calibration(KernelKey(.attentionDecode, format: "bf16, cache bf16"), plan: plan)])
        let again = try Calibration(reading: Document(file: "c.json", json: costs.json))
        #expect(again.kernels.first?.plan == plan)
        let error = #expect(throws: DocumentError.self) {
            try AttentionPlan(reading: Document(file: "c.json", json: ["shared": ["parts": 0, "keys": 1]]))
        }
        #expect(error?.path == "shared.parts")
    }

    @Test("With its calibration attention is costed as the kernel cuts it, never below the physical bound")
    func applied() throws {
        let device = try Synthetic.device(), o = decode(batch: 2, context: 16_384, heads: 8, kvHeads: 1)
        func time(_ plan: AttentionPlan) -> Seconds {
            Cycle(calibration: file([calibration(KernelKey(.attentionDecode, format: "bf16, cache bf16"), plan: plan)])).demand(of: .attention(o), on: device, under: runtime).duration
        }
        let cut = AttentionPlan(shared: .init(blocksPerUnit: 1, parts: 128, keys: 128))
        #expect(time(AttentionPlan(shared: .whole)).value > 3 * time(cut).value)
        #expect(time(cut) >= Roofline().demand(of: .attention(o), on: device, under: runtime).duration)
    }
}
