#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Quantities
import ReferenceKernels

/// Bandwidth of the streaming kernels over that of plain reads on the same machine, measured in turn. The best of many
/// passes counts, as in STREAM, since other work on the machine only ever slows; medians stand beside it. Exit code 1
/// when a kernel misses its bar.
@main
struct KernelBenchmark {
    static func main() throws {
        print("\(Kernels.instructionSet), \(Kernels.threads) threads, DRAM read by turns with each kernel\n")
        print(row("kernel", "GB/s", "read GB/s", "ratio", "of medians", "bar"))
        var missed = false
        for one in try StreamingKernel.all() {
            let (kernel, read) = try one.comparedWithReads()
            let ratio = kernel.best / read.best
            missed = missed || ratio < one.bar
            print(row(one.name, fixed(kernel.best / 1e9, decimals: 1), fixed(read.best / 1e9, decimals: 1), fixed(ratio, decimals: 2),
                      fixed(kernel.median / read.median, decimals: 2),
                      "\(one.bar) \(ratio < one.bar ? "missed" : "met")"))
        }
        print("\nproduct m × n × k        GFLOP/s   of the peak of chained multiply-adds")
        for line in try products() { print(line) }
        guard missed else { return }
        print("\na kernel misses its bar; on a machine that does other work at the same time, run it again when it is quiet")
        exit(1)
    }

    private static func row(_ cells: String...) -> String {
        zip(cells, [34, 9, 11, 8, 12, 10]).map { $0 + String(repeating: " ", count: max(1, $1 - $0.count)) }.joined()
    }

    private static func products() throws -> [String] {
        let peak = HostProbe.peakFlops().best
        try? BLAS.load()
        var lines: [String] = []
        for (m, n, k) in [(512, 2048, 2048), (64, 4096, 4096)] {
            for format in [WeightFormat.fp32, .int4(group: 128)] {
                let w = try WeightMatrix(random: n, k, format: format, seed: 1)
                let x = try FloatBuffer.random(m * k, seed: 2), y = try FloatBuffer(count: m * n)
                for backend in [Kernels.Backend.own, .openBLAS] where backend == .own || format == .fp32 && BLAS.name != nil {
                    let timing = try TimingPlan(budget: 1).time { (_) throws(KernelError) in try Kernels.matmul(y, x, w, m: m, backend: backend) }
                    let rate = 2 * Double(m * n * k) / timing.fastest
                    lines.append("\(m) × \(n) × \(k) \(format), \(backend == .own ? "own" : BLAS.name ?? "")  \(fixed(rate / 1e9, decimals: 0))  \(fixed(rate / peak, decimals: 2))")
                }
            }
        }
        return lines
    }
}
