import Documents
import Hardware
@testable import Measurement
import ReferenceKernels
import Testing

@Suite("Measurements of this machine")
struct HostRunsTests {
    private let plan = TimingPlan(warmUp: 1, leastRepeats: 1, mostRepeats: 1, budget: 0)

    private func read(_ records: [MeasuredRecord]) throws -> [MeasuredRow] {
        let (read, file) = try rows(of: MeasuredRecord.header + records.enumerated().map { $1.line(id: "c\($0)") }.joined())
        #expect(file.malformed == 0 && read.count == records.count)
        return read
    }

    @Test("Attention that was timed here is a row that compare maps to attention of the same size")
    func attention() throws {
        let timed = try KernelSweep(families: [.attentionDecode], plan: plan, largest: 8 << 20).run()
        let records = timed.map { MeasuredRecord($0, date: "2025-01-01") }
        #expect(!records.isEmpty)
        let device = try predictor().device(of: "epyc-7763")
        for (kernel, row) in zip(timed, try read(records)) {
            #expect(row.phase == "attn_decode" && row.value > 0 && row.device == "host")
            let run = try KernelRun.attention(RowReading(row), decode: true, on: device)
            // What is written to the cache comes on top of what the kernel itself has to move.
            #expect(run.flops.value >= kernel.flops.value && run.flops.value < 1.1 * kernel.flops.value)
        }
    }

    @Test("A decoder gives a prefill and a step at the mean context; one that streams is offload")
    func decoder() throws {
        let shape = DecoderShape(layers: 1, hidden: 32, heads: 4, kvHeads: 2, intermediate: 64, vocabulary: 50)
        let records = MeasuredRecord.records(try DecoderSweep(shape, prompt: 4, steps: 3, prefills: 1).run(), date: "2025-01-01")
        #expect(records.map(\.family) == ["prefill", "decode"] && records.map(\.metric) == ["batch_ttft", "tpot"])
        #expect(records.map(\.inputLength) == [4, 6])
        let streamed = MeasuredRecord.records(try DecoderSweep(shape, prompt: 4, steps: 1, prefills: 1, streamingFolder: "/tmp").run(), date: "2025-01-01")
        #expect(streamed.allSatisfy { $0.family == "offload" })
        _ = try read(records + streamed)
    }
}

extension Predictor {
    fileprivate consuming func device(of label: String) throws(RowError) -> Device { var copy = self; return try copy.device(label) }
}
