import CostModels
import Documents
import Foundation
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

    /// The processor of a test, with a drive beside it, in a folder of its own.
    private func folder() throws -> String {
        let folder = NSTemporaryDirectory() + "orrery-host-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try """
            { "name": "host", "kind": "cpu", "architecture": "cpu", "clock": { "boost": "3 GHz" }, "units": 2,
              "engines": { "vector": { "rates": { "fp32": "16 FMA/cycle" }, "registers": 32 } },
              "memory": [ { "level": "l1", "per": "unit", "capacity": "32 KiB", "bandwidth": "200 GB/s" },
                { "level": "l3", "per": "device", "capacity": "32 MiB", "bandwidth": "100 GB/s", "unitBandwidth": "60 GB/s" },
                { "level": "dram", "per": "device", "capacity": "16 GB", "bandwidth": "40 GB/s", "unitBandwidth": "20 GB/s" } ],
              "kernel": { "floor": "1 us" }, "sources": { "": "test" } }
            """.write(toFile: folder + "/host.json", atomically: true, encoding: .utf8)
        try """
            { "name": "drive", "kind": "storage", "architecture": "storage",
              "memory": [ { "level": "flash", "per": "device", "capacity": "1 TB", "bandwidth": "2 GB/s", "latency": "100 us" } ], "sources": { "": "test" } }
            """.write(toFile: folder + "/host-drive.json", atomically: true, encoding: .utf8)
        return folder
    }

    @Test("Every row that is measured here is predicted, no faster than its bound, with the device that lies beside the file")
    func everyRow() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let sweep = KernelSweep(plan: plan, rounds: 1, diskFolder: NSTemporaryDirectory(), largest: 2 << 20, mostFlops: 3e7)
        var records = try sweep.run().map { MeasuredRecord($0, date: "2025-01-01") }
        let shape = DecoderShape(layers: 2, hidden: 64, heads: 4, kvHeads: 2, intermediate: 128, vocabulary: 96)
        var mixture = shape, narrow = shape
        (mixture.experts, mixture.expertsPerToken) = (4, 2)
        narrow.weights = .int4(group: 128)
        for one in [DecoderSweep(shape, prompt: 5, steps: 2, prefills: 1), DecoderSweep(mixture, batch: 2, prompt: 5, steps: 2, prefills: 1),
                    DecoderSweep(narrow, prompt: 5, steps: 2, prefills: 1), DecoderSweep(shape, prompt: 5, steps: 2, prefills: 1, streamingFolder: NSTemporaryDirectory())] {
            records += MeasuredRecord.records(try one.run(), date: "2025-01-01")
        }
        var predictor = try predictor()
        predictor.folders = [folder]
        var phases: Set<String> = []
        for row in try read(records) {
            let prediction = try predictor.predict(row)
            #expect(prediction.value > 0 && prediction.value.isFinite)
            if let bound = prediction.bound { #expect(prediction.value >= bound * (1 - 1e-6), "\(row.phase) \(row["op_params"] ?? "")") }
            phases.insert(row.phase)
        }
        #expect(phases == ["gemm", "attn_prefill", "attn_decode", "moe_gemm", "elementwise", "copy", "offload", "prefill", "decode"])
    }

    @Test("A decoder whose weights come from a drive of half the speed takes up to twice as long, and no less than reading them")
    func streaming() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var record = MeasuredRecord(family: "offload", phase: "decode", metric: "tpot", value: 100, unit: "ms")
        (record.device, record.precision, record.batch, record.inputLength, record.outputLength) = ("host", "fp32", 1, 128, 1)
        record.software = "reference-kernels (avx2, 2 threads)"
        record.parameters = [("layers", 4), ("hidden", 1024), ("heads", 16), ("kv_heads", 4), ("head_dim", 64), ("inter", 2816), ("vocabulary", 8192)]
            .map { JSON.Member(key: $0.0, value: JSON($0.1)) } + [JSON.Member(key: "storage", value: "host-drive")]
        let (rows, read) = try rows(of: MeasuredRecord.header + record.line(id: "d1"))
        #expect(read.malformed == 0)
        func seconds() throws -> Double {
            var predictor = try predictor()
            predictor.folders = [folder]
            return try predictor.predict(try #require(rows.first)).value * 1e-3
        }
        let fast = try seconds()
        let weights = 4.0 * Double(1024 * 64 * (2 * 16 + 2 * 4) + 3 * 1024 * 2816) * 4
        #expect(fast >= weights / 2e9)
        let path = folder + "/host-drive.json"
        try String(contentsOfFile: path, encoding: .utf8).replacingOccurrences(of: "2 GB/s", with: "1 GB/s").write(toFile: path, atomically: true, encoding: .utf8)
        let slow = try seconds()
        #expect(slow > 1.5 * fast && slow <= 2.01 * fast)
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
