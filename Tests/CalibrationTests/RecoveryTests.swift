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

    @Test("Calls that none of which is shorter than the host takes to launch one get a floor, not an overhead")
    func hostFloor() throws {
        var samples = Synthetic.products(noise: 0, on: try Synthetic.device())
        for place in samples.indices { samples[place].measured = max(samples[place].measured, 170e-6) }
        let fitting = KernelFitting(samples, key: KernelKey(.gemm, format: "bf16 × bf16"), kernel: "eager")
        let floor = try #require(fitting.calibrations.first?.fitted[.hostFloor])
        #expect(abs(floor.value / 170e-6 - 1) < 0.02)
    }
}
