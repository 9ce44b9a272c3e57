import ResultsStore
import Synchronization

extension Sweep {
    /// Searches instead of trying all; goes on where it was interrupted, since it takes the same way again with the answers that
    /// the file already has.
    func search(points: Int, seed: UInt64, _ writer: RunWriter, jobs: Int, progress: @escaping @Sendable (Progress) -> Void,
                shouldStop: @escaping @Sendable () -> Bool) throws -> Outcome {
        let clock = ContinuousClock(), start = clock.now
        let before = try writer.answers()
        var answered = 0, done = 0
        func report() { progress(Progress(done: done, total: size, elapsed: start.duration(to: clock.now).seconds, answered: answered)) }
        let benches = (0..<jobs).map { _ in Bench(grid, library) }
        var search = Search(self, points: points, seed: seed) { places in
            let missing = places.filter { before[$0] == nil }
            let records = try self.evaluate(missing, on: benches)
            try writer.write(records)
            answered += records.count
            done += places.count
            report()
            var fresh: [Int: PointRecord.Answer] = [:]
            for record in records { fresh[record.place] = record.answer }
            return places.compactMap { before[$0] ?? fresh[$0] }
        }
        let isComplete = try search.run(shouldStop: shouldStop)
        if isComplete { try writer.finish() }
        return Outcome(run: writer.run, progress: Progress(done: done, total: isComplete ? done : size, elapsed: start.duration(to: clock.now).seconds, answered: answered),
                       wasStopped: !isComplete)
    }

    /// Answers of places, in their order, whoever worked them out.
    private func evaluate(_ places: [Int], on benches: [Bench]) throws -> [PointRecord] {
        let next = Atomic<Int>(0)
        let results = Mutex<[Int: Result<PointRecord, any Error>]>([:])
        Self.work(benches.count) { worker in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < places.count else { break }
                let result = Result { try record(at: places[index], on: benches[worker], unless: { _ in false }) }
                results.withLock { $0[index] = result }
            }
        }
        return try results.withLock { results in try places.indices.compactMap { try results[$0]?.get() } }
    }
}
