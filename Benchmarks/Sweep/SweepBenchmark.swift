import Foundation
import Orrery

/// What a sweep costs, beside the limits that the project holds itself to; or how good the search is.
///
///     SweepBenchmark            100,000 points at roofline and 10,000 at cycle, on one core and on two
///     SweepBenchmark landscapes FOLDER    records what all points of the shipped grids answer, for the tests of the search
///     SweepBenchmark search     every shipped grid: the best of all points, and the best of a search with a twentieth of them
@main
struct SweepBenchmark {
    static func main() throws {
        let library = try Library()
        switch CommandLine.arguments.dropFirst().first {
        case "search": try search(library)
        case "landscapes": try landscapes(library, in: CommandLine.arguments.last ?? ".")
        default: try speed(library)
        }
    }

    // MARK: Speed

    /// Eight machines, five models, and what one asks of them.
    static func grid(batches: String, prompts: String, _ costModel: String) throws -> Grid {
        let text = """
            { "name": "\(costModel)", "job": { "model": "llama-3.1-8b", "phase": "decode", "prompt": 1024 }, "costModel": "\(costModel)",
              "axes": {
                "system": ["hgx-h100", "hgx-h200", "hgx-b200", "dgx-a100", "mi300x-platform", "cloudmatrix384", "workstation-4x3090", "gh200-superchip"],
                "model": ["llama-3.1-8b", "llama-3.1-70b", "qwen3-32b", "mistral-7b-v0.3", "mixtral-8x7b"],
                "job.batch": \(batches), "job.prompt": \(prompts),
                "job.precision.weights, job.precision.activations": [["bf16", "bf16"], ["int8", "int8"], ["int4/g128", "fp16"]],
                "job.parallelism.tensor": [1, 2, 4, 8]
              },
              "objectives": ["tpot", "energyPerToken", "throughput"] }
            """
        return try Grid(reading: Document(file: "\(costModel).json", text: Array(text.utf8)))
    }

    static func speed(_ library: Library) throws {
        let folder = NSTemporaryDirectory() + "orrery-sweep-benchmark-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        print("sweep            points  one core  two cores  limit  times faster  B a metric row")
        for (grid, limit) in [(try grid(batches: "[1, 2, 4, 8, 16, 32, 64, 128, 192, 256]", prompts: "{ \"from\": 256, \"to\": 8192, \"count\": 21 }", "roofline"), 60.0),
                              (try grid(batches: "[1, 4, 16, 64, 128, 192, 256]", prompts: "[512, 2048, 8192]", "cycle"), 120.0)] {
            let sweep = try Sweep(grid, in: library)
            var times: [Double] = [], bytes = 0.0
            for jobs in [1, 2] {
                let path = "\(folder)/\(grid.name)-\(jobs).db", start = ContinuousClock.now
                do {
                    let store = try ResultsStore(writing: path)
                    _ = try sweep.run(into: store, jobs: jobs)
                    try store.settle()
                }
                let time = start.duration(to: .now)
                times.append(Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18)
                let answer = try ResultsStore(reading: path).query("SELECT count(*) FROM metrics")
                guard case .integer(let rows)? = answer.rows.first?.first else { continue }
                let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
                bytes = Double(size) / Double(rows)
            }
            let columns = [("\(sweep.places.count)", 10), (fixed(times[0], decimals: 1) + " s", 10), (fixed(times[1], decimals: 1) + " s", 11), ("\(Int(limit)) s", 7),
                           (fixed(times[0] / times[1], decimals: 2), 14), (fixed(bytes, decimals: 1), 16)]
            print(grid.name.padding(toLength: 12, withPad: " ", startingAt: 0) + columns.map { String(repeating: " ", count: max(1, $1 - $0.count)) + $0 }.joined())
        }
        print("peak memory of this process: \(peakMemory) MiB (limit 1024)")
    }

    /// Most resident memory so far, in MiB.
    static var peakMemory: Int {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
              let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }), let kibibytes = Int(line.filter(\.isNumber)) else { return 0 }
        return kibibytes / 1024
    }

    // MARK: Search

    static func search(_ library: Library) throws {
        let folder = NSTemporaryDirectory() + "orrery-search-benchmark-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        print("How much worse than the best of all points the best of a search is, with a twentieth of them, over ten seeds")
        for path in library.sweeps {
            let grid = try Grid(reading: Document(contentsOf: path))
            let all = try best(of: grid, library, "\(folder)/\(grid.id).db")
            let points = all.count / 20
            var worst = [Double](repeating: 0, count: grid.objectives.count), sums = worst
            for seed in 1...10 {
                let found = try best(of: grid.with(.search(points: points, seed: UInt64(seed))), library, "\(folder)/\(grid.id)-\(seed).db")
                for index in worst.indices {
                    let gap = abs(found.values[index] / all.values[index] - 1)
                    worst[index] = max(worst[index], gap)
                    sums[index] += gap / 10
                }
            }
            let gaps = grid.objectives.indices.map { "\(grid.objectives[$0].metric) \(fixed(sums[$0] * 100, decimals: 1)) %, at worst \(fixed(worst[$0] * 100, decimals: 1)) %" }
            print("  \(grid.id), \(points) of \(all.count): " + gaps.joined(separator: "; "))
        }
    }

    /// One line a point: place, outcome, and the figures that objectives and constraints ask for, with the memory.
    static func landscapes(_ library: Library, in folder: String) throws {
        for path in library.sweeps {
            let grid = try Grid(reading: Document(contentsOf: path)), database = NSTemporaryDirectory() + "orrery-landscape-\(getpid())-\(grid.id).db"
            defer { try? FileManager.default.removeItem(atPath: database) }
            let store = try ResultsStore(writing: database)
            _ = try Sweep(grid, in: library).run(into: store, jobs: 2)
            let sweep = try store.sweep()
            var names = grid.objectives.map(\.metric) + ["memory", "memoryFree"]
            names += grid.constraints.map(\.metric).filter { !names.contains($0) }
            names = names.enumerated().filter { names.firstIndex(of: $0.element) == $0.offset }.map(\.element)
            var file = try OutputFile("\(folder)/\(grid.id).txt")
            try file.write((["place", "outcome"] + names).joined(separator: " ") + "\n")
            for point in sweep.points {
                let values = names.map { sweep.value($0, of: point).map { significant($0, digits: 6) } ?? "-" }
                try file.write(([String(point.place), String(point.outcome.rawValue)] + values).joined(separator: " ") + "\n")
            }
            try file.close()
            print("\(grid.id): \(sweep.points.count) points")
        }
    }

    static func best(of grid: Grid, _ library: Library, _ path: String) throws -> (values: [Double], count: Int) {
        let store = try ResultsStore(writing: path)
        _ = try Sweep(grid, in: library).run(into: store, jobs: 2)
        let sweep = try store.sweep()
        return (sweep.objectives.map { objective in sweep.best(for: objective).flatMap { sweep.value(objective.metric, of: $0) } ?? .infinity }, sweep.points.count)
    }
}
