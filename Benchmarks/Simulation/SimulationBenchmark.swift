import Foundation
import Orrery

/// Times what a user waits for: one decode step of large models in process, the cost of one operator, the whole command.
///
/// Each figure is the median of many runs after a warm-up, beside the limit that the project holds itself to.
@main
struct SimulationBenchmark {
    static func main() throws {
        let library = try Library()
        print("figure                                                   median      limit")
        try step("Llama-3.1-70B decode step, cycle, in process", job: "llama-3.1-70b-decode", in: library, limit: 5e-3)
        try step("DeepSeek-V3 decode step on 16 H100 with EP, cycle", job: "deepseek-v3-ep16", in: library, limit: 50e-3)
        try rooflineOperator(in: library, limit: 200e-9)
        try command(["simulate", "llama-3.1-70b-decode"], limit: 150e-3)
        try command(["simulate", "deepseek-v3-ep16"], limit: 150e-3)
        print("peak memory of this process: \(peakMemory) MiB (limit 100)")
    }

    /// Lowering and running one step; reading the files is not part of it.
    static func step(_ name: String, job id: String, in library: Library, limit: Double) throws {
        let job = try library.job(id)
        guard let systemName = job.system, let runtimeName = job.runtime else { return }
        let system = try library.system(systemName), runtime = try library.runtime(runtimeName)
        let seconds = try median(of: 50) {
            let plan = try Plan(lowering: job, onto: system, under: runtime)
            let run = try JobRun(plan, on: system, under: runtime, with: Cycle())
            precondition(run.latency > .zero)
        }
        show(name, seconds, limit)
    }

    /// One product of an 8B model's feed-forward network on an H100.
    static func rooflineOperator(in library: Library, limit: Double) throws {
        let device = try library.device("h100-sxm"), runtime = try library.runtime("cuda-graph")
        let roofline = Roofline()
        var total = Seconds.zero
        let count = 100_000
        let seconds = median(of: 9) {
            for m in 1...count {
                let operation = Operator.matmul(Matmul(m: m & 1023 + 1, n: 14336, k: 4096, activations: .bf16, weights: .bf16))
                total += roofline.demand(of: operation, on: device, under: runtime).duration
            }
        }
        precondition(total > .zero)
        show("roofline, one operator", seconds / Double(count), limit)
    }

    /// The built command as a process of its own, output thrown away. Spawned by hand: Foundation's `Process` looks for the
    /// end of its child only now and then.
    static func command(_ arguments: [String], limit: Double) throws {
        let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("orrery").path
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        let words = ([executable] + arguments).map { strdup($0) }
        defer { words.forEach { free($0) } }
        let seconds = median(of: 20) {
            var process = pid_t(), status = Int32(0)
            precondition(posix_spawn(&process, executable, &actions, nil, words + [nil], environ) == 0)
            precondition(waitpid(process, &status, 0) == process && status == 0)
        }
        show("orrery \(arguments.joined(separator: " "))", seconds, limit)
    }

    static func median(of count: Int, _ body: () throws -> Void) rethrows -> Double {
        try body()
        let clock = ContinuousClock()
        let times = try (0..<count).map { _ in
            let time = try clock.measure(body)
            return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
        }
        return times.sorted()[count / 2]
    }

    static func show(_ name: String, _ seconds: Double, _ limit: Double) {
        func pad(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
        let mark = seconds <= limit ? "" : "  over the limit"
        print(name + pad("\(Seconds(seconds))", 63 - name.count) + pad("\(Seconds(limit))", 11) + mark)
    }

    /// Most resident memory so far, in MiB.
    static var peakMemory: Int {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
              let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
              let kibibytes = Int(line.filter(\.isNumber))
        else { return 0 }
        return kibibytes / 1024
    }
}
