@testable import Calibration
import CostModels
import Hardware
import Operators
import Quantities
import Testing

@Suite("Fitting kernels")
struct RecoveryTests {
    private let parameters = KernelKey.Family.gemm.parameters(onProcessor: false)

    @Test("Constants with which rows were made are found again within three standard errors")
    func recovery() throws {
        let fit = try #require(KernelFit(Synthetic.products(noise: 0.02, on: try Synthetic.device()), parameters))
        for (parameter, value) in Synthetic.truth {
            let found = try #require(fit.fitted[parameter], "\(parameter) was dropped")
            #expect(abs(found.value - value) <= 3 * found.error + 1e-3 * value, "\(parameter): \(found.value) ± \(found.error), made with \(value)")
        }
    }

    @Test("Rows without noise are predicted to a thousandth")
    func exact() throws {
        let samples = Synthetic.products(noise: 0, on: try Synthetic.device())
        let fit = try #require(KernelFit(samples, parameters))
        for sample in samples { #expect(abs(sample.predicted(under: fit.constants) / sample.measured - 1) < 1e-3) }
    }

    @Test("With one row in nine ten times as long, the others are still predicted to a tenth in the median")
    func robust() throws {
        var samples = Synthetic.products(noise: 0.01, on: try Synthetic.device())
        let good = samples.indices.filter { $0 % 9 != 3 }
        for place in samples.indices where place % 9 == 3 { samples[place].measured *= 10 }
        let fit = try #require(KernelFit(samples, parameters))
        #expect(KernelFit.median(good.map { abs(samples[$0].predicted(under: fit.constants) / samples[$0].measured - 1) }) < 0.1)
    }

    @Test("The same rows give the same constants, bit for bit")
    func deterministic() throws {
        let samples = Synthetic.products(noise: 0.05, on: try Synthetic.device())
        let first = try #require(KernelFit(samples, parameters)), second = try #require(KernelFit(samples, parameters))
        #expect(first.fitted == second.fitted)
    }

    @Test("A fit has no more parameters than one for eight rows, and seven rows have none")
    func fewRows() throws {
        let samples = Synthetic.products(noise: 0.02, on: try Synthetic.device())
        let fit = try #require(KernelFit(Array(samples.prefix(20)), parameters))
        #expect(fit.fitted.count <= 2)
        #expect(KernelFit(Array(samples.prefix(7)), parameters) == nil)
        let refused = KernelFitting(Array(samples.prefix(7)), key: KernelKey(.gemm, format: "bf16 × bf16"), kernel: "")
        #expect(refused.calibrations.isEmpty)
        #expect(refused.refusal?.contains("7 rows are too few") == true)
    }

    @Test("Rows of fewer than five shapes are refused, because none can be held back")
    func fewShapes() throws {
        var samples = Synthetic.products(noise: 0.02, on: try Synthetic.device())
        for place in samples.indices { samples[place].shape %= 3 }
        #expect(KernelFitting(samples, key: KernelKey(.gemm, format: "bf16 × bf16"), kernel: "").refusal?.contains("different shapes are too few") == true)
    }

    @Test("Every row is predicted by a fit that had not seen its shape")
    func heldOut() throws {
        let samples = Synthetic.products(noise: 0.02, on: try Synthetic.device())
        let fitting = KernelFitting(samples, key: KernelKey(.gemm, format: "bf16 × bf16"), kernel: "test")
        #expect(fitting.heldOut.allSatisfy { $0 != nil })
        let calibration = try #require(fitting.calibrations.first)
        #expect(calibration.validation.rows == samples.count)
        #expect(calibration.validation.medianAPE < 0.04)
        // A fit that has seen a row knows its noise, too.
        #expect(calibration.training.mape < calibration.validation.mape)
    }

    @Test("On a processor heads that share a cached one are no kernel of their own, however many rows are of them; head dimensions are")
    func oneLoop() throws {
        var samples = Synthetic.products(noise: 0.02, on: try Synthetic.device())
        for place in samples.indices {
            samples[place].onProcessor = true
            samples[place].variant = "all keys, head \(place % 2 == 0 ? 64 : 128), \(place % 4 < 2 ? KernelKey.sharedHeads : KernelKey.loneHeads)"
        }
        let variants = KernelFitting(samples, key: KernelKey(.attentionDecode, format: "fp32, cache fp32"), kernel: "").calibrations.map(\.key.variant)
        #expect(variants.contains("all keys, head 64") && variants.contains("all keys, head 128"))
        #expect(!variants.contains { $0.hasSuffix("heads") })
    }

    @Test("Of two rows of one call the fit sees the faster, which no host launched; both are scored")
    func repeats() throws {
        var samples = Synthetic.products(noise: 0, on: try Synthetic.device())
        for place in samples.indices { samples[place].call = UInt64(place) }
        let launched = samples.map { sample in
            var sample = sample
            sample.measured += 20e-6
            return sample
        }
        let fitting = KernelFitting(launched + samples, key: KernelKey(.gemm, format: "bf16 × bf16"), kernel: "test")
        let calibration = try #require(fitting.calibrations.first)
        for sample in samples { #expect(abs(sample.predicted(under: calibration.constants) / sample.measured - 1) < 1e-3) }
        #expect(calibration.rows == samples.count * 2 && calibration.validation.rows == samples.count * 2 && calibration.validation.mape > 0.05)
    }

    @Test("Calls that none of which is shorter than the host takes to launch one get a floor, not an overhead")
    func hostFloor() throws {
        var samples = Synthetic.products(noise: 0, on: try Synthetic.device())
        for place in samples.indices { samples[place].measured = max(samples[place].measured, 170e-6) }
        let fitting = KernelFitting(samples, key: KernelKey(.gemm, format: "bf16 × bf16"), kernel: "eager")
        let floor = try #require(fitting.calibrations.first?.fitted[.hostFloor])
        #expect(abs(floor.value / 170e-6 - 1) < 0.02)
    }

    @Test("On a processor the constants of streamed weights are found again: the bandwidth they reach and the start of every stream")
    func processor() throws {
        let device = try Library(Synthetic.folder).device("epyc-7763")
        let truth: [KernelCalibration.Parameter: Double] = [.memoryEfficiency: 0.7, .perColumn: 30e-9]
        let constants = KernelConstants { truth[$0] ?? $0.neutral }
        var samples: [KernelSample] = []
        for (place, n) in [256, 512, 896, 1024, 1536, 2048, 4096, 8192, 3072, 768, 640, 5120].enumerated() {
            for k in [512, 2048, 4096] {
                let operation = Operator.matmul(Matmul(m: 1, n: n, k: k, activations: .fp32, weights: .fp32))
                var sample = KernelSample(measured: 1, fixed: 0, works: [Synthetic.work(operation, on: device)], shape: UInt64(n * 10_000 + k), onProcessor: true)
                sample.measured = sample.predicted(under: constants) * (1 + 0.004 * Double((place * 7 + k) % 5 - 2))
                samples.append(sample)
            }
        }
        let fit = try #require(KernelFit(samples, KernelKey.Family.gemm.parameters(onProcessor: true)))
        for sample in samples { #expect(abs(sample.predicted(under: fit.constants) / sample.measured - 1) < 0.03) }
        #expect(abs((fit.fitted[.memoryEfficiency]?.value ?? 0) / 0.7 - 1) < 0.05)
        #expect(abs((fit.fitted[.perColumn]?.value ?? 0) / 30e-9 - 1) < 0.1)
        // A third parameter explains nothing that these two do not.
        #expect(fit.fitted.count <= 3)
    }

    @Test("What does not overlap adds up: with none of it hidden, arithmetic and memory take their sum")
    func overlap() throws {
        let device = try Library(Synthetic.folder).device("epyc-7763")
        let work = Synthetic.work(.matmul(Matmul(m: 4, n: 4096, k: 4096, activations: .fp32, weights: .fp32)), on: device)
        func time(_ overlap: Double) -> Double { work.duration(under: KernelConstants { $0 == .overlap ? overlap : $0.neutral }) }
        let hidden = time(1), half = time(0.5), none = time(1e-6)
        #expect(hidden < half && half < none)
        #expect(abs((none - hidden) - 2 * (half - hidden)) < 1e-3 * (none - hidden))
    }
}
