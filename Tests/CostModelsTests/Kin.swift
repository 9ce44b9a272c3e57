@testable import CostModels
import Hardware
import Quantities
import Testing

/// What a device of an architecture that nobody measured takes over from others.
@Suite("Kernels of other architectures")
struct Kin {
    private func kernel(_ values: [KernelCalibration.Parameter: Double], _ family: KernelKey.Family = .gemm, format: String = "bf16 × bf16", name: String = "k") -> KernelCalibration {
        let score = KernelCalibration.Score(rows: 10, medianAPE: 0.1, mape: 0.2)
        return KernelCalibration(key: KernelKey(family, format: format), kernel: name, fitted: values.mapValues { .init(value: $0, error: 0) }, rows: 10, training: score, validation: score)
    }

    private func calibration(of device: Device, _ kernels: KernelCalibration...) -> Calibration {
        Calibration(device: device.id, runtime: "vllm", version: "0", date: "2026-01-01", sources: [], kernels: kernels)
    }

    private func device(_ id: String, clock: Double) -> Device {
        var device = Fixture.a100
        device.id = id
        device.clock.boost = Hertz(clock)
        return device
    }

    @Test("Seconds are means of cycles, efficiencies of their inverses: 2 µs at 1 GHz and 4 µs at 2 GHz are 2.5 µs at 2 GHz, 0.5 and 1 are ⅔")
    func meanOfCycles() throws {
        let slow = device("slow", clock: 1e9), fast = device("fast", clock: 2e9)
        let donors = [(calibration(of: slow, kernel([.overhead: 2e-6, .memoryEfficiency: 0.5])), slow), (calibration(of: fast, kernel([.overhead: 4e-6])), fast)]
        let mean = try #require(Calibration.mean(of: donors, for: fast))
        let constants = try #require(mean.kernel(for: KernelKey(.gemm, format: "bf16 × bf16"), named: "k")).constants
        #expect(abs(constants[.overhead] - 2.5e-6) < 1e-15)
        #expect(abs(constants[.memoryEfficiency] - 2.0 / 3) < 1e-12)
        #expect(constants[.latency] == 1)
        #expect(mean.applies(to: fast))
        #expect(mean.kin == ["slow.vllm", "fast.vllm"])
        #expect(mean.title == "mean of slow.vllm, fast.vllm, inherited by fast")
    }

    @Test("A kernel that one of them has not is the mean of those that do its work: its own there, the usual one of the format elsewhere")
    func otherNames() throws {
        let one = device("one", clock: 1e9), two = device("two", clock: 1e9)
        let donors = [(calibration(of: one, kernel([.overhead: 1e-6], name: "new"), kernel([.overhead: 9e-6], name: "old")), one), (calibration(of: two, kernel([.overhead: 3e-6], name: "old")), two)]
        let mean = try #require(Calibration.mean(of: donors, for: one))
        func overhead(_ name: String) throws -> Double { try #require(mean.kernel(for: KernelKey(.gemm, format: "bf16 × bf16"), named: name)).constants[.overhead] }
        #expect(abs(try overhead("new") - 2e-6) < 1e-15)
        #expect(abs(try overhead("old") - 6e-6) < 1e-15)
        #expect(mean.kernel(for: KernelKey(.gemm, format: "fp8 × fp8"), named: "") == nil)
    }

    @Test("Exchanges are a fabric's and a host's floor is a host's: neither carries over")
    func fabricsStay() throws {
        let one = device("one", clock: 1e9)
        let mean = try #require(Calibration.mean(of: [(calibration(of: one, kernel([.linkEfficiency: 0.5], .collective, format: "all-reduce"), kernel([.hostFloor: 1e-3])), one)], for: one))
        #expect(mean.kernels.map(\.key.family) == [.gemm])
        #expect(mean.kernels[0].constants[.hostFloor] == 0)
        #expect(Calibration.mean(of: [], for: one) == nil)
    }
}
