import Dispatch
import Documents
import ResultsStore
import Synchronization

extension Sweep {
    /// How far a sweep is.
    public struct Progress: Sendable {
        public var done: Int
        public var total: Int
        /// Seconds since it was begun or gone on with.
        public var elapsed: Double
        /// Points answered since then.
        public var answered: Int

        public var rate: Double { elapsed > 0 ? Double(answered) / elapsed : 0 }
        public var secondsLeft: Double? { rate > 0 ? Double(total - done) / rate : nil }
    }

    public struct Outcome: Sendable {
        public var run: Int64
        public var progress: Progress
        /// It was stopped before all points were answered.
        public var wasStopped: Bool
    }

    /// Seconds that one point takes, measured at a few that lie far apart; the answers are thrown away.
    ///
    /// - Parameter limit: seconds after which no further point is tried.
    public func secondsPerPoint(samples: Int = 16, limit: Double = 1) throws -> Double {
        let bench = Bench(grid, library), clock = ContinuousClock(), start = clock.now
        let count = places.isEmpty ? grid.places : places.count
        var tried = 0, spent = 0.0
        for sample in 0..<min(samples, count) where tried == 0 || start.duration(to: clock.now).seconds < limit {
            // Golden-ratio steps: far apart on every axis, however few are tried.
            let index = Int(Double(count) * (Double(sample) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1))
            func place(_ index: Int) -> Int { places.isEmpty ? index : places[index] }
            // A neighbour reads the files that the place itself will find read.
            _ = bench.question(grid.choices(at: place(index > 0 ? index - 1 : min(1, count - 1))), salt: salt)
            let begin = clock.now
            _ = try bench.answer(bench.question(grid.choices(at: place(index)), salt: salt), keepingOperators: keepsOperators)
            spent += begin.duration(to: clock.now).seconds
            tried += 1
        }
        return spent / Double(max(1, tried))
    }

    /// Answers all places, or those that are missing.
    ///
    /// Places are handed out in batches and written in their order, each batch in one transaction, so that the file is the same
    /// whatever the number of workers and wherever it was interrupted.
    ///
    /// - Parameters:
    ///   - jobs: workers, each on a thread of its own.
    ///   - resuming: go on with a run that the file holds a part of.
    ///   - batch: seconds of work in one batch, which is what a killed process loses of each worker.
    ///   - progress: called now and then, from any thread.
    ///   - shouldStop: asked between points; the points answered so far are kept.
    public func run(into store: ResultsStore, jobs: Int = 1, resuming: Bool = false, secondsPerPoint: Double? = nil, batch: Double = 0.2,
                    progress: @escaping @Sendable (Progress) -> Void = { _ in }, shouldStop: @escaping @Sendable () -> Bool = { false }) throws -> Outcome {
        let writer = try store.begin(declaration, resuming: resuming)
        if case .search(let points, let seed) = grid.strategy {
            return try search(points: points, seed: seed, writer, jobs: jobs, progress: progress, shouldStop: shouldStop)
        }
        let done = try writer.donePlaces()
        let missing = done.isEmpty ? places : Self.difference(places, done)
        let each = try secondsPerPoint ?? self.secondsPerPoint(limit: 0.2)
        let size = max(1, min(1000, Int(batch / max(each, 1e-6)), missing.count / max(1, 4 * jobs)))
        let queue = SweepQueue(missing, batch: size, done: done.count, total: places.count, writer: writer, known: try writer.knownPoints(), progress: progress)
        Self.work(jobs) { _ in
            let bench = Bench(grid, library)
            while let batch = queue.take(), !shouldStop() {
                queue.deliver(batch) {
                    var records: [PointRecord] = []
                    records.reserveCapacity(batch.places.count)
                    for place in batch.places {
                        if shouldStop() { break }
                        records.append(try record(at: place, on: bench, unless: queue.isKnown))
                    }
                    return records
                }
            }
        }
        let progress = try queue.finish()
        if progress.done == progress.total { try writer.finish() }
        return Outcome(run: writer.run, progress: progress, wasStopped: progress.done < progress.total)
    }

    func record(at place: Int, on bench: Bench, unless isKnown: (PointKey) -> Bool) throws -> PointRecord {
        let question = bench.question(grid.choices(at: place), salt: salt)
        let answer = isKnown(question.key) ? nil : try bench.answer(question, keepingOperators: keepsOperators)
        return PointRecord(place: place, key: question.key, answer: answer)
    }

    /// Runs a body on so many threads, this one among them, and waits for all.
    static func work(_ jobs: Int, _ body: @Sendable (Int) -> Void) {
        guard jobs > 1 else { return body(0) }
        DispatchQueue.concurrentPerform(iterations: jobs, execute: body)
    }

    /// What is in the first and not in the second; both in their order.
    private static func difference(_ all: [Int], _ done: [Int]) -> [Int] {
        let done = Set(done)
        return all.filter { !done.contains($0) }
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
