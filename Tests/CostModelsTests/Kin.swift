@testable import CostModels
import Hardware
import Operators
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

    /// - Parameter widening: how much more its matrix engine does in a cycle than the one of an A100.
    private func device(_ id: String, clock: Double = 1e9, widening: Double = 1) -> Device {
        var device = Fixture.a100
        device.id = id
        device.clock.boost = Hertz(clock)
        for place in device.engines.indices where device.engines[place].kind == .tensor {
            let rate = device.engines[place].rates[.bf16] ?? .zero
            device.engines[place].clock = Hertz(clock)
            device.engines[place].rates[.bf16] = rate * widening
        }
        return device
    }

    /// Seconds that a kernel takes for what the model has take 1 µs in latency, 4 µs on the matrix engine and 3 µs in memory.
    private func seconds(_ calibration: Calibration?, named name: String = "k") throws -> Double {
        let kernel = try #require(calibration?.kernel(for: KernelKey(.gemm, format: "bf16 × bf16"), named: name))
        let demand = Demand(latency: Seconds(1e-6), engine: .tensor, engineTime: Seconds(4e-6), memoryTime: Seconds(3e-6))
        let product = Operator.matmul(Matmul(m: 64, n: 64, k: 64, activations: .bf16, weights: .bf16))
        return kernel.constants.apply(to: demand, of: product, bound: Seconds(1e-9)).duration.value
    }

    @Test("Of one who says 8 µs and one who says 18 µs it is the geometric mean: 12 µs")
    func geometricMean() throws {
        let one = device("one"), two = device("two")
        let donors = [(calibration(of: one, kernel([.overhead: 3e-6])), one), (calibration(of: two, kernel([.overhead: 9e-6, .memoryEfficiency: 0.375])), two)]
        let mean = try #require(Calibration.mean(of: donors, for: one))
        #expect(abs(try seconds(mean) - 12e-6) < 1e-15)
        #expect(mean.applies(to: one))
        #expect(mean.kin == ["one.vllm", "two.vllm"])
        #expect(mean.title == "mean of one.vllm, two.vllm, inherited by one")
    }

    @Test("An overhead is cycles: 10 µs at 1 GHz are 5 µs at 2 GHz; a part of a bandwidth stays what it is")
    func cycles() throws {
        let slow = device("slow", clock: 1e9), fast = device("fast", clock: 2e9)
        #expect(abs(try seconds(.mean(of: [(calibration(of: slow, kernel([.overhead: 10e-6])), slow)], for: fast)) - 10e-6) < 1e-15)
        #expect(abs(try seconds(.mean(of: [(calibration(of: slow, kernel([.memoryEfficiency: 0.3])), slow)], for: fast)) - 11e-6) < 1e-15)
    }

    @Test("At half of a peak other instructions take as long as the engine; beside one of half the width half as long, beside one of twice the width as long")
    func otherInstructions() throws {
        let narrow = device("narrow"), wide = device("wide", widening: 2), half = kernel([.engineEfficiency: 0.5])
        #expect(abs(try seconds(.mean(of: [(calibration(of: narrow, half), narrow)], for: narrow)) - 9e-6) < 1e-15)
        #expect(abs(try seconds(.mean(of: [(calibration(of: narrow, half), narrow)], for: wide)) - 9e-6) < 1e-15)
        #expect(abs(try seconds(.mean(of: [(calibration(of: wide, half), wide)], for: narrow)) - 7e-6) < 1e-15)
    }

    @Test("A kernel that one of them has not is the mean of those that do its work: its own there, the usual one of the format elsewhere")
    func otherNames() throws {
        let one = device("one"), two = device("two")
        let donors = [(calibration(of: one, kernel([.overhead: 3e-6], name: "new"), kernel([.overhead: 27e-6], name: "old")), one),
                      (calibration(of: two, kernel([.overhead: 13e-6], name: "old")), two)]
        let mean = try #require(Calibration.mean(of: donors, for: one))
        #expect(abs(try seconds(mean, named: "new") - 12e-6) < 1e-15)
        #expect(abs(try seconds(mean, named: "old") - 24e-6) < 1e-15)
        #expect(mean.kernel(for: KernelKey(.gemm, format: "fp8 × fp8"), named: "") == nil)
    }

    @Test("Exchanges are a fabric's and a host's floor is a host's: neither carries over")
    func fabricsStay() throws {
        let one = device("one")
        let mean = try #require(Calibration.mean(of: [(calibration(of: one, kernel([.linkEfficiency: 0.5], .collective, format: "all-reduce"), kernel([.hostFloor: 1e-3])), one)], for: one))
        #expect(mean.kernels.map(\.key.family) == [.gemm])
        #expect(mean.kernels[0].constants[.hostFloor] == 0)
        #expect(abs(try seconds(mean) - 5e-6) < 1e-15)
        #expect(Calibration.mean(of: [], for: one) == nil)
    }
}
