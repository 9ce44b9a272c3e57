import ResultsStore
import Synchronization

/// Hands out batches of places and writes their answers in order, whoever finishes first.
final class SweepQueue: Sendable {
    struct Batch: Sendable {
        var number: Int
        var places: ArraySlice<Int>
    }

    private struct State: ~Copyable {
        let writer: RunWriter
        /// Answered, but a batch before it is not.
        var waiting: [Int: [PointRecord]] = [:]
        /// The batch to be written next.
        var next = 0
        var done: Int
        var answered = 0
        var failure: (any Error)?
        var lastReport: ContinuousClock.Instant
    }

    private let places: [Int]
    private let size: Int
    private let total: Int
    private let handedOut = Atomic<Int>(0)
    private let isBroken = Atomic<Bool>(false)
    private let state: Mutex<State>
    private let known: Mutex<Set<PointKey>>
    private let progress: @Sendable (Sweep.Progress) -> Void
    private let start = ContinuousClock.now

    init(_ places: [Int], batch: Int, done: Int, total: Int, writer: RunWriter, known: Set<PointKey>, progress: @escaping @Sendable (Sweep.Progress) -> Void) {
        self.places = places
        size = batch
        self.total = total
        state = Mutex(State(writer: writer, done: done, lastReport: .now))
        self.known = Mutex(known)
        self.progress = progress
    }

    /// The next batch, nil when there is none or something went wrong.
    func take() -> Batch? {
        guard !isBroken.load(ordering: .relaxed) else { return nil }
        let number = handedOut.add(1, ordering: .relaxed).oldValue, start = number * size
        guard start < places.count else { return nil }
        return Batch(number: number, places: places[start..<min(start + size, places.count)])
    }

    /// Whether the file holds a point already.
    func isKnown(_ key: PointKey) -> Bool { known.withLock { $0.contains(key) } }

    /// Takes the answers of a batch, fewer where the sweep is being stopped, and writes what is due.
    func deliver(_ batch: Batch, _ answers: () throws -> [PointRecord]) {
        let result = Result { try answers() }
        state.withLock { state in
            do {
                let records = try result.get()
                state.waiting[batch.number] = records
                // After a batch that was cut short nothing more is written: what follows would leave a gap.
                while state.failure == nil, let due = state.waiting.removeValue(forKey: state.next) {
                    try state.writer.write(due)
                    known.withLock { $0.formUnion(due.lazy.map(\.key)) }
                    state.done += due.count
                    state.answered += due.count
                    let first = state.next * size
                    if due.count < min(size, places.count - first) { break }
                    state.next += 1
                }
                report(&state)
            } catch {
                if state.failure == nil { state.failure = error }
                isBroken.store(true, ordering: .relaxed)
            }
        }
    }

    private func report(_ state: inout State) {
        guard state.lastReport.duration(to: .now) > .milliseconds(100) else { return }
        state.lastReport = .now
        progress(current(state))
    }

    private func current(_ state: borrowing State) -> Sweep.Progress {
        .init(done: state.done, total: total, elapsed: start.duration(to: .now).seconds, answered: state.answered)
    }

    /// Where the sweep ended.
    ///
    /// - Throws: what kept it from going on.
    func finish() throws -> Sweep.Progress {
        let (failure, progress) = state.withLock { ($0.failure, current($0)) }
        if let failure { throw failure }
        self.progress(progress)
        return progress
    }
}
