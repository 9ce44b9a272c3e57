import ReferenceKernelsC

/// How long something took, over repetitions.
public struct Timing: Sendable, Equatable {
    /// Seconds of one execution: median and quartiles over the repetitions.
    public var median, lowerQuartile, upperQuartile: Double
    public var fastest: Double
    public var repeats: Int
    /// How far the medians of the rounds lie apart, over the median of all; 0 for a single round.
    public var drift = 0.0

    /// Interquartile range over the median.
    public var spread: Double { median > 0 ? (upperQuartile - lowerQuartile) / median : 0 }

    /// - Parameter rounds: samples of each round; at least one.
    init(rounds: [[Double]]) {
        self.init(samples: rounds.flatMap { $0 })
        let medians = rounds.map { Timing(samples: $0).median }
        if let least = medians.min(), let most = medians.max(), median > 0 { drift = (most - least) / median }
    }

    /// - Parameter samples: seconds; at least one.
    init(samples: [Double]) {
        let sorted = samples.sorted()
        // Linear interpolation between order statistics (Hyndman and Fan 1996, type 7).
        func quantile(_ p: Double) -> Double {
            let at = p * Double(sorted.count - 1), low = Int(at)
            return low + 1 < sorted.count ? sorted[low] + (at - Double(low)) * (sorted[low + 1] - sorted[low]) : sorted[low]
        }
        (lowerQuartile, median, upperQuartile) = (quantile(0.25), quantile(0.5), quantile(0.75))
        fastest = sorted[0]
        repeats = sorted.count
    }
}

/// When a measurement has been repeated often enough.
public struct TimingPlan: Sendable {
    /// Executions before the first that counts.
    public var warmUp: Int
    public var leastRepeats, mostRepeats: Int
    /// Seconds of repetitions after which it ends in any case, the least number done.
    public var budget: Double
    /// Interquartile range over the median at which it may end earlier.
    public var spread: Double
    /// An execution shorter than this is repeated within one sample, so that the clock and interrupts do not count.
    public var shortestSample: Double

    public init(warmUp: Int = 1, leastRepeats: Int = 5, mostRepeats: Int = 200, budget: Double = 0.25, spread: Double = 0.02, shortestSample: Double = 20e-6) {
        self.warmUp = warmUp
        self.leastRepeats = max(1, leastRepeats)
        self.mostRepeats = max(mostRepeats, self.leastRepeats)
        self.budget = budget
        self.spread = spread
        self.shortestSample = shortestSample
    }

    /// Times `body`, which is given the number of the execution, so that it can take turns among several operands.
    public func time(_ body: (Int) throws(KernelError) -> Void) throws(KernelError) -> Timing {
        return Timing(samples: try samples(body))
    }

    /// Seconds of single executions, one number for each repetition.
    ///
    /// Repetitions during which a thread waited for a processor that others had are left out, as far as there are enough
    /// others within six times the budget.
    public func samples(_ body: (Int) throws(KernelError) -> Void) throws(KernelError) -> [Double] {
        var execution = 0
        func run(_ count: Int) throws(KernelError) -> Double {
            let start = rk_now()
            for _ in 0..<count { try body(execution); execution += 1 }
            return (rk_now() - start) / Double(count)
        }
        for _ in 0..<max(1, warmUp) { _ = try run(1) }
        let once = try run(1)
        let inner = once >= shortestSample ? 1 : min(10_000, Int((shortestSample / max(once, 1e-9)).rounded(.up)))
        var samples = WatchedSamples()
        let start = rk_now()
        while samples.count < mostRepeats {
            samples.add(try run(inner), times: Double(inner))
            guard samples.count >= leastRepeats else { continue }
            let spent = rk_now() - start, clean = samples.undisturbed
            if spent >= 6 * budget { break }
            guard clean.count >= leastRepeats else { continue }
            if spent >= budget || Timing(samples: clean).spread <= spread { break }
        }
        return samples.best(atLeast: leastRepeats)
    }
}

/// Samples with how long threads waited for a processor during each.
struct WatchedSamples {
    private var seconds: [Double] = []
    /// Part of the sample that threads waited; the wait of one that still waits at its end shows in the next.
    private var waiting: [Double] = []
    private var before: Double

    /// More than this and the sample is not the kernel's own time.
    static let tolerated = 0.01

    init() {
        rk_watch_threads()
        before = rk_waited()
    }

    var count: Int { seconds.count }

    mutating func add(_ sample: Double, times: Double = 1) {
        let now = rk_waited()
        seconds.append(sample)
        waiting.append((now - before) / max(sample * times, 1e-9))
        before = now
    }

    private func disturbance(_ place: Int) -> Double { max(waiting[place], place + 1 < waiting.count ? waiting[place + 1] : 0) }

    var undisturbed: [Double] { seconds.indices.filter { disturbance($0) <= Self.tolerated }.map { seconds[$0] } }

    /// The undisturbed samples, or so many of the least disturbed where there are fewer.
    func best(atLeast least: Int) -> [Double] {
        let clean = undisturbed
        guard clean.count < least else { return clean }
        return seconds.indices.sorted { disturbance($0) < disturbance($1) }.prefix(least).map { seconds[$0] }
    }
}
