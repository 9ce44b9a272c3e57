@testable import Calibration
import CostModels
import Documents
import Hardware
@testable import Measurement
import Operators
import Quantities
import Testing

@Suite("Passes of whole models, and power")
struct WholeModelTests {
    private typealias Parameter = WholeCalibration.Parameter

    private func constants(_ values: [Parameter: Double]) -> WholeConstants { WholeConstants { values[$0] ?? $0.neutral } }

    private func part(_ values: [Parameter: Double]) -> WholeCalibration {
        let score = KernelCalibration.Score(rows: 40, medianAPE: 0.05, mape: 0.1)
        return WholeCalibration(fitted: values.mapValues { .init(value: $0, error: $0 / 10) }, rows: 40, training: score, validation: score)
    }

    @Test("The host of a decode step takes its share for every layer and sequence, a prefill for every token, a stream for its clients")
    func host() {
        let some = constants([.step: 1e-3, .layer: 1e-5, .sequence: 2e-5, .token: 3e-6, .stream: 1e-4, .job: 0.5])
        func time(_ shape: StepShape) -> Double { some.host(of: shape).value }
        #expect(abs(time(StepShape(sequences: 8, tokens: 8, layers: 32, decodes: true)) - (1e-3 + 32e-5 + 16e-5)) < 1e-12)
        #expect(abs(time(StepShape(sequences: 8, tokens: 8, layers: 32, decodes: true, streams: true)) - (1e-3 + 32e-5 + 16e-5 + 8e-4)) < 1e-12)
        #expect(abs(time(StepShape(sequences: 8, tokens: 1000, layers: 32, decodes: false)) - (1e-3 + 32e-5 + 3e-3 + 0.5)) < 1e-12)
    }

    @Test("No constants make a kernel of a pass faster than its bound, and a product goes no faster than its part of the peak", arguments: [1, 64, 4096])
    func kernels(m: Int) throws {
        let device = try Synthetic.device(), product = Synthetic.product(m, 4096, 4096), runtime = Runtime(id: "test", name: "test", launch: .graph)
        let demand = Cycle().demand(of: product, on: device, under: runtime), bound = Roofline().demand(of: product, on: device, under: runtime)
        #expect(constants([.latency: 0]).applied(to: demand, of: product, bound: bound).duration >= bound.duration)
        let slow = constants([.productEfficiency: 0.01]).applied(to: demand, of: product, bound: bound)
        #expect(slow.duration.value >= 100 * bound.engineTime.value * (1 - 1e-12))
    }

    @Test("A file says again what was written, and names an efficiency above 1 and an unknown parameter")
    func file() throws {
        let written = Calibration(device: "h100-sxm", runtime: "vllm", version: "0.1.0", date: "2026-01-31", sources: [.init(file: "rows.csv", rows: 100)], kernels: [],
                                  steps: part([.step: 1e-3, .memoryEfficiency: 0.8]), power: part([.board: 110, .traffic: 1.3]))
        let text = written.json.text()
        let read = try Calibration(reading: Document(file: "c.json", text: text.utf8))
        #expect(read.steps?.fitted == written.steps?.fitted && read.power?.fitted == written.power?.fitted)
        for (wrong, message) in [("\"value\": 0.8", "memoryEfficiency"), ("\"step\"", "did you mean")] {
            let broken = wrong == "\"step\"" ? text.replacing("\"step\":", with: "\"stepp\":") : text.replacing(wrong, with: "\"value\": 1.8")
            do {
                _ = try Calibration(reading: Document(file: "c.json", text: broken.utf8))
                Issue.record("\(wrong) was accepted")
            } catch { #expect("\(error)".contains(message)) }
        }
    }

    // MARK: Fitting

    /// Decode steps of one model as rows of a file, with the samples that a fit sees.
    private func samples(batches: [Int]) throws -> [WholeSample] {
        let library = try Library(Synthetic.folder)
        var predictor = Predictor(library, costs: Cycle(), calibrations: .none)
        let header = try MeasuredHeader(["device", "model", "precision", "phase_family", "batch", "input_len", "output_len", "metric", "value", "unit", "software"], file: "rows.csv")
        var samples: [WholeSample] = []
        for model in ["llama-3.2-1b", "llama-3.2-3b", "llama-2-7b", "llama-3-8b", "qwen3-14b"] {
            for batch in batches {
                let fields = ["h100-sxm", model, "fp16", "decode", "\(batch)", "512", "64", "tpot", "1e9", "ms", "vLLM"]
                samples.append(WholeSample(try predictor.modelWork(of: MeasuredRow(fields, under: header, index: samples.count + 1))))
            }
        }
        return samples
    }

    private static let before: [Parameter: Double] = [.memoryEfficiency: 0.8, .step: 1e-3, .sequence: 2e-5]

    @Test("A fit finds the constants that made the rows, a few rows that went wrong notwithstanding")
    func recovers() throws {
        let truth = constants([.memoryEfficiency: 0.6, .step: 4e-3, .sequence: 1e-4])
        var rows = try samples(batches: [1, 4, 16, 64, 128])
        for place in rows.indices { rows[place].measured = rows[place].figure(under: truth) * (place % 11 == 5 ? 4 : 1) }
        let fitting = WholeFitting(rows, from: Self.before) { $0.figure(under: $1) }
        let found = try #require(fitting.calibration).constants
        #expect(abs(found[.memoryEfficiency] / 0.6 - 1) < 0.05)
        #expect(abs(found[.step] / 4e-3 - 1) < 0.05)
        #expect(abs(found[.sequence] / 1e-4 - 1) < 0.1)
        #expect(try #require(fitting.calibration).validation.medianAPE < 0.05)
    }

    @Test("Three rows are refused; a parameter that the rows say nothing of stays where it was")
    func refused() throws {
        var rows = try samples(batches: [1, 8])
        let truth = constants([.memoryEfficiency: 0.7, .step: 2e-3, .sequence: 2e-5])
        for place in rows.indices { rows[place].measured = rows[place].figure(under: truth) }
        #expect(WholeFitting(Array(rows.prefix(3)), from: Self.before) { $0.figure(under: $1) }.calibration == nil)
        let fit = try #require(WholeFit(rows, Self.before.merging([.token: 3e-6]) { $1 }) { $0.figure(under: $1) })
        #expect(abs((fit.fitted[.token]?.value ?? 0) / 3e-6 - 1) < 0.01)
    }
}
