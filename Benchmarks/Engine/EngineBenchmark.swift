import Foundation

/// Speed of the event engine, beside C++ and SimPy in the same run: `Benchmarks/run-engine`.
///
/// Ratios are of medians over alternating repeats. Every outcome is checked; exit code 1 when one is wrong.
@main
struct EngineBenchmark {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let python = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "python3"
    let repeats = 5
    var allAgree = true

    static func main() {
        var benchmark = EngineBenchmark()
        benchmark.compareHoldModel()
        benchmark.comparePipeline()
        benchmark.measureOperators()
        exit(benchmark.allAgree ? 0 : 1)
    }

    mutating func check(_ outcome: Outcome, is expected: [Int64], _ name: String) {
        guard outcome.checks != expected else { return }
        print("WRONG: \(name) arrives at \(outcome.checks), expected \(expected)")
        allAgree = false
    }
}

// MARK: Event queue

extension EngineBenchmark {
    /// Sum of ids and last time after 10⁷ events of the hold model; the same for every correct engine.
    static let published: [(population: Int, checks: [Int64])] = [
        (1, [0, 5_243_890_912_837]),
        (1_000, [4_994_814_018, 5_244_068_093]),
        (100_000, [500_077_052_493, 52_612_739]),
    ]

    mutating func compareHoldModel() {
        let events = 10_000_000
        let limit = compiledLimit()
        defer { if let limit { try? FileManager.default.removeItem(atPath: limit) } }
        if limit == nil { print("g++ is not there: no comparison with C++") }
        print("Hold model, \(events) events, million events a second")
        print("population     queue    engine  branchless C++  std::priority_queue  queue/branchless  queue/std")
        for (population, checks) in Self.published {
            var seconds: [String: [Double]] = [:]
            for _ in 0 ..< repeats {
                for name in ["queue", "engine", "branchless", "library"] {
                    let result: Outcome? = switch name {
                    case "queue": hold(population: population, events: events)
                    case "engine": holdTimers(population: population, events: events)
                    default: limit.flatMap { outcome(of: [$0, name, "\(population)", "\(events)"]) }
                    }
                    guard let result else { continue }
                    check(result, is: checks, "\(name) at population \(population)")
                    seconds[name, default: []].append(result.seconds)
                }
            }
            func rate(_ name: String) -> Double { seconds[name].map { Double(events) / median($0) * 1e-6 } ?? .nan }
            print(
                right("\(population)", 10), right(format(rate("queue"), 1), 9), right(format(rate("engine"), 1), 9),
                right(format(rate("branchless"), 1), 15), right(format(rate("library"), 1), 20),
                right(format(rate("queue") / rate("branchless"), 2), 17),
                right(format(rate("queue") / rate("library"), 2), 10))
        }
    }

    /// Path of the compiled C++ limit; `nil` without a compiler.
    func compiledLimit() -> String? {
        let source = sources.appendingPathComponent("limit.cpp").path
        let program = FileManager.default.temporaryDirectory
            .appendingPathComponent("event-queue-limit-\(ProcessInfo.processInfo.processIdentifier)").path
        let compile = ["g++", "-O3", "-march=native", "-std=c++20", source, "-o", program]
        return output(of: compile) == nil ? nil : program
    }
}

// MARK: Pipeline and operators

extension EngineBenchmark {
    mutating func comparePipeline() {
        let customers = 50_000, scale = 40
        let script = sources.appendingPathComponent("pipeline.py").path
        var ours: [Double] = [], theirs: [Double] = []
        for _ in 0 ..< repeats {
            ours.append(pipeline(customers: scale * customers).seconds / Double(scale))
            guard let simpy = outcome(of: [python, script, "\(customers)"]) else { break }
            check(simpy, is: pipeline(customers: customers).checks, "SimPy's pipeline of \(customers) customers")
            theirs.append(simpy.seconds)
        }
        // Three events of the model a customer: it arrives, leaves station 0, leaves station 1.
        let events = 3 * Double(customers) * 1e-6
        print("\nPipeline of two FIFO stations, million events a second: \(format(events / median(ours), 2))")
        if theirs.isEmpty {
            print("SimPy is not there: no comparison")
        } else {
            print("SimPy: \(format(events / median(theirs), 3)); ratio \(format(median(theirs) / median(ours), 0))")
        }
    }

    mutating func measureOperators() {
        let nodes = 1_000_000
        print("\nOperators (two timers, one activity over five resources), ns each")
        for (streams, sharing) in [(1, false), (64, false), (2, true), (3, true), (4, true)] {
            let runs = (0 ..< repeats).map { _ in operators(streams: streams, sharing: sharing, nodes: nodes) }
            for run in runs { check(run, is: [Int64(nodes), runs[0].checks[1]], "operators of \(streams) streams") }
            let name = "\(streams) stream\(streams == 1 ? "" : "s")" + (sharing ? " in contention" : ", uncontended")
            let nanoseconds = median(runs.map(\.seconds)) / Double(nodes) * 1e9
            print(name.padding(toLength: 28, withPad: " ", startingAt: 0), right(format(nanoseconds, 0), 6))
        }
    }
}
