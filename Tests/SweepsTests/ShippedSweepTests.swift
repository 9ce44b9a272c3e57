import Foundation
import Orrery
import Testing
@testable import Sweeps

struct ShippedSweepTests {
    /// At the roofline, which is enough to show that they run.
    @Test("Every shipped grid runs: of places spread over it some have figures, and no answer is faster than the bound", arguments: try library.get().sweeps)
    func runs(_ path: String) throws {
        let sweep = try Sweep(Grid(reading: Document(contentsOf: path)).with(.sobol(points: 24)), in: library.get())
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try ResultsStore(writing: folder + "/a.db")
        let outcome = try sweep.run(into: store, jobs: 2)
        #expect(outcome.progress.done == sweep.places.count && !outcome.wasStopped)
        let results = try store.sweep()
        #expect(results.count(.computed) > 4)
        #expect(results.count(.invalid) == 0, "\(results.points.compactMap(\.reason))")
        for point in results.points where point.outcome == .computed {
            #expect(try #require(results.value("latency", of: point)) >= (try #require(results.value("bound", of: point))))
        }
    }

    /// Landscapes are what all points of the shipped grids answered when they were recorded ("SweepBenchmark landscapes" does that).
    @Test("With a twentieth of the evaluations a search comes within 2 % of the best of all points, in every objective of every shipped grid",
          arguments: try library.get().sweeps, [1, 2] as [UInt64])
    func searches(_ path: String, seed: UInt64) throws {
        let grid = try Grid(reading: Document(contentsOf: path)), landscape = try Landscape(of: grid.id)
        #expect(landscape.answers.count == grid.chosenPlaces().count, "the grid has changed since its landscape was recorded")
        let budget = landscape.answers.count / 20
        var evaluations = 0
        var search = Search(try Sweep(grid.with(.search(points: budget, seed: seed)), in: library.get()), points: budget, seed: seed) { places in
            evaluations += places.count
            return try places.map { try #require(landscape.answers[$0]) }
        }
        _ = try search.run { false }
        #expect(evaluations <= budget)
        for (index, objective) in grid.objectives.enumerated() {
            let best = try #require(landscape.best(objective, grid.constraints))
            let found = search.population.filter { $0.violation == 0 }.map { $0.costs[index] }.min().map { objective.goal == .min ? $0 : -$0 }
            let gap = abs(try #require(found) / best - 1)
            #expect(gap <= 0.02, "\(objective.metric): \(found ?? .nan) instead of \(best)")
        }
    }
}

/// What all points of a grid answer, as it was recorded.
struct Landscape {
    var answers: [Int: PointRecord.Answer] = [:]

    init(of id: String) throws {
        let file = try #require(Bundle.module.path(forResource: id, ofType: "txt", inDirectory: "Landscapes"))
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        let names = lines[0].split(separator: " ").dropFirst(2).map { name in Metric.allCases.firstIndex { $0.rawValue == name } }
        for line in lines.dropFirst() {
            let fields = line.split(separator: " ")
            var answer = PointRecord.Answer(outcome: .init(rawValue: try #require(Int(fields[1]))) ?? .invalid, values: Metric.allCases.map { _ in .nan })
            for (index, field) in zip(names, fields.dropFirst(2)) { answer.values[try #require(index)] = Double(field) ?? .nan }
            answers[try #require(Int(fields[0]))] = answer
        }
    }

    /// The best of the points that keep all constraints.
    func best(_ objective: SweepResults.Objective, _ constraints: [SweepResults.Constraint]) -> Double? {
        func value(_ metric: String, _ answer: PointRecord.Answer) -> Double { answer.values[Metric.allCases.firstIndex { $0.rawValue == metric } ?? 0] }
        let kept = answers.values.filter { answer in answer.outcome == .computed && constraints.allSatisfy { $0.holds(value($0.metric, answer)) } }
        let values = kept.map { value(objective.metric, $0) }
        return objective.goal == .min ? values.min() : values.max()
    }
}
