#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How far predictions lie from measurements, over any number of pairs in constant memory.
///
/// The absolute percentage error of a pair is |predicted − measured| ÷ measured; all values are fractions, 0.1 for 10 %.
public struct ErrorStatistics: Sendable {
    /// Rows met, predicted or not.
    public private(set) var given = 0
    public private(set) var predicted = 0
    private var sum = 0.0
    private var logarithms = 0.0
    private var quantiles = QuantileSketch()

    public init() {}

    /// A row without a prediction.
    public mutating func addUnpredicted() { given += 1 }

    /// - Parameters: both positive and finite.
    public mutating func add(predicted prediction: Double, measured: Double) {
        given += 1
        predicted += 1
        let error = abs(prediction / measured - 1)
        sum += error
        logarithms += log(prediction / measured)
        quantiles.add(error)
    }

    /// Mean absolute percentage error, nil without any prediction.
    public var mape: Double? { predicted > 0 ? sum / Double(predicted) : nil }
    public var medianAPE: Double? { quantiles.quantile(0.5) }
    public var p90APE: Double? { quantiles.quantile(0.9) }
    /// Geometric mean of predicted ÷ measured, less 1: above 0 when predictions are too large.
    public var bias: Double? { predicted > 0 ? exp(logarithms / Double(predicted)) - 1 : nil }
}

/// Quantiles of non-negative numbers: exact for the first few thousand, to half a percent for more.
///
/// Beyond that numbers are counted in buckets whose bounds grow by 1 % (Masson, Rim and Lee, "DDSketch", VLDB 2019).
struct QuantileSketch: Sendable {
    static let exactLimit = 4096
    private static let growth = 0.01
    /// Smaller errors are all alike.
    private static let smallest = 1e-9

    private var exact: [Double] = []
    private var buckets: [Int: Int] = [:]
    private(set) var count = 0

    mutating func add(_ value: Double) {
        count += 1
        if count <= Self.exactLimit {
            exact.append(value)
        } else {
            if !exact.isEmpty {
                for value in exact { buckets[Self.bucket(value), default: 0] += 1 }
                exact = []
            }
            buckets[Self.bucket(value), default: 0] += 1
        }
    }

    /// The value below which a part `p` of all values lies; between two values by linear interpolation.
    func quantile(_ p: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = p * Double(count - 1)
        if !exact.isEmpty {
            let sorted = exact.sorted(), below = Int(rank)
            let above = min(below + 1, count - 1)
            return sorted[below] + (rank - Double(below)) * (sorted[above] - sorted[below])
        }
        var seen = 0
        for (bucket, members) in buckets.sorted(by: { $0.key < $1.key }) {
            seen += members
            if Double(seen) > rank { return Self.middle(of: bucket) }
        }
        return nil
    }

    private static func bucket(_ value: Double) -> Int { Int((log(max(value, smallest)) / log1p(growth)).rounded(.down)) }
    private static func middle(of bucket: Int) -> Double { exp((Double(bucket) + 0.5) * log1p(growth)) }
}
