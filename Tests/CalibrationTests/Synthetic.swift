@testable import Calibration
import CostModels
import Hardware
import Measurement
import Operators
import Quantities

/// Rows made with known constants, so that a fit can be held against the truth.
enum Synthetic {
    static let truth: [KernelCalibration.Parameter: Double] = [.overhead: 6e-6, .memoryEfficiency: 0.7, .engineEfficiency: 0.8, .perInput: 4e-13]

    static var constants: KernelConstants { KernelConstants { truth[$0] ?? $0.neutral } }

    static func device() throws -> Device { try Library(folder).device("h100-sxm") }

    /// The folder of the package.
    static var folder: String { #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } }

    static func product(_ m: Int, _ n: Int, _ k: Int) -> Operator { .matmul(Matmul(m: m, n: n, k: k, activations: .bf16, weights: .bf16)) }

    static func work(_ operation: Operator, on device: Device) -> KernelWorkload {
        let runtime = Runtime(id: "test", name: "test", launch: .graph)
        return KernelWorkload(operation, Cycle().demand(of: operation, on: device, under: runtime),
                              bound: Roofline().demand(of: operation, on: device, under: runtime).duration)
    }

    /// Products of many shapes, their times by `constants`, with a spread of `noise` as a part of the time.
    static func products(noise: Double, on device: Device) -> [KernelSample] {
        var samples: [KernelSample] = [], state: UInt64 = 7
        /// About normal, from -3 to 3: a sum of uniform numbers.
        func spread() -> Double {
            var sum = -6.0
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                sum += Double(state >> 11) / Double(1 << 53)
            }
            return sum
        }
        for m in [1, 16, 64, 256, 1024, 4096, 16384] {
            for (n, k) in [(1024, 1024), (4096, 4096), (6144, 4096), (4096, 14336), (28672, 4096), (8192, 8192), (2048, 16384), (16384, 2048), (12288, 3072), (512, 7168)] {
                var sample = KernelSample(measured: 1, fixed: 2e-6, works: [work(product(m, n, k), on: device)], shape: UInt64(n * 100_000 + k))
                sample.measured = sample.predicted(under: constants) * (1 + noise * spread())
                samples.append(sample)
            }
        }
        return samples
    }
}
