import Dispatch
import Orrery

/// How many operators a second the learned model answers for, in batches, and how long a decode step takes at its fidelity.
@main
struct LearnedBenchmark {
    static func main() throws {
        let library = try Library(), model = try library.learnedModel()
        let devices = try ["h100-sxm", "b200", "b300", "l40s"].map { try library.device($0) }
        let sites: [KernelSite] = (0..<100_000).map { index in
            let m = 1 + index % 977, n = 128 * (1 + index % 89), k = 128 * (1 + index / 89 % 97)
            return KernelSite(.gemm, operators: [.matmul(Matmul(m: m, n: n, k: k, activations: .bf16, weights: .bf16))], on: devices[index % devices.count],
                              labels: KernelLabels(software: "vllm"))
        }
        let batch = 4096, batches = (sites.count + batch - 1) / batch
        _ = model.estimate(Array(sites.prefix(batch)))
        print("Products of 100,000 shapes on four devices, batches of \(batch), operators a second")
        for threads in [1, 2] {
            let rate = rate(of: sites.count) {
                DispatchQueue.concurrentPerform(iterations: threads) { thread in
                    for place in stride(from: thread, to: batches, by: threads) {
                        _ = model.estimate(Array(sites[place * batch..<min(sites.count, (place + 1) * batch)]))
                    }
                }
            }
            print("\(threads) thread\(threads == 1 ? " " : "s")  \(Int(rate))\(threads == 2 ? "   (limit 200000)" : "")")
        }
        let scenario = try library.scenario(of: "llama-3.1-70b-decode", fidelity: .learned)
        var times: [Double] = []
        for _ in 0..<20 { times.append(1 / rate(of: 1) { _ = try? scenario.report([]) }) }
        print("Llama-3.1-70B decode step, learned, in process: \(Seconds(times.sorted()[10])) (limit 20 ms)")
    }

    private static func rate(of count: Int, _ work: () -> Void) -> Double {
        let clock = ContinuousClock()
        let elapsed = clock.measure(work).components
        return Double(count) / (Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
    }
}
