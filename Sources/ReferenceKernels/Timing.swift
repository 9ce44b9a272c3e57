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
        var samples: [Double] = []
        let start = rk_now()
        while samples.count < mostRepeats {
            samples.append(try run(inner))
            guard samples.count >= leastRepeats else { continue }
            if rk_now() - start >= budget || Timing(samples: samples).spread <= spread, samples.count >= leastRepeats { break }
        }
        return samples
    }
}
