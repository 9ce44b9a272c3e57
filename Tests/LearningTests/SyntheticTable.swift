import CostModels
import Foundation
import Hardware
import LearnedModels
import Measurement
import Operators
import Quantities

/// An operator table made with a known law on top of the cycle model, so that learning can be held against the truth.
struct SyntheticTable {
    let folder: String
    let path: String
    static let library = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

    /// Products by rows: under 100 rows a kernel of the library takes 1.9 times what the cycle model says, else 1.2 times.
    static func law(_ rows: Int) -> Double { rows < 100 ? 1.9 : 1.2 }

    /// - Parameters:
    ///   - devices: labels, with a factor on every time.
    ///   - noise: spread of the measurements as a part of the time.
    ///   - frameworks: with a factor on every time.
    ///   - watts: power by rows of a product; nil for a table without power.
    init(devices: [(label: String, id: String, factor: Double)], shapes: [(Int, Int)], noise: Double = 0.01, frameworks: [(label: String, factor: Double)] = [("VLLM", 1)],
         watts: ((Int) -> Double)? = nil) throws {
        folder = NSTemporaryDirectory() + "orrery-learning-\(UUID().uuidString)"
        path = folder + "/table.csv"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let library = try Library(Self.library)
        var text = "op,device,framework,version,kernel_source,dtype,m,n,k,latency_ms,power\n", state: UInt64 = 11
        for (label, id, factor) in devices {
            let device = try library.device(id)
            let prepared = Cycle.Prepared(for: device, under: .ofMeasuredKernels)
            for (framework, slowness) in frameworks { for (n, k) in shapes {
                for m in [1, 4, 16, 48, 96, 160, 512, 2048] {
                    state = state &* 6364136223846793005 &+ 1442695040888963407
                    let scatter = 1 + noise * (Double(state >> 40) / Double(1 << 24) * 2 - 1) * 1.7
                    let time = prepared.demand(of: .matmul(Matmul(m: m, n: n, k: k, activations: .bf16, weights: .bf16))).duration.value
                    let power = watts.map { "\($0(m) * scatter)" } ?? ""
                    text += "gemm,\(label),\(framework),0.1,linear,bfloat16,\(m),\(n),\(k),\(time * Self.law(m) * factor * slowness * scatter * 1e3),\(power)\n"
                }
            } }
        }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    static let shapes = [1024, 2048, 3072, 4096, 6144].flatMap { n in [1024, 2560, 4096, 8192, 14336].map { (n, $0) } }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
