/// Predictions beside measurements, as many as a picture can show: each row has the same chance of being among them.
///
/// Times are in seconds whatever unit their row has; rows of other quantities are counted and left out.
public struct ComparisonSample: Sendable {
    public struct Point: Sendable {
        /// Seconds.
        public var measured: Double
        public var predicted: Double
        /// Index into `series`.
        public var series: Int
    }

    /// More points cannot be told apart.
    private static let mostPoints = 4000
    private static let mostSeries = 7

    public let column: String
    private var reservoir: Reservoir<Point>
    /// Values of the column in the order in which they came; what comes after the sixth shares the last.
    public private(set) var series: [String] = []
    /// Rows that were predicted, and rows of other quantities than time.
    public private(set) var predicted = 0
    public private(set) var left = 0

    public var points: [Point] { reservoir.kept }

    /// - Parameter column: each of its values is a series of its own.
    public init(by column: String, seed: UInt64 = 1) {
        self.column = column
        reservoir = Reservoir(capacity: Self.mostPoints, seed: seed)
    }

    public mutating func add(_ row: MeasuredRow, _ outcome: Result<Prediction, RowError>) {
        guard case .success(let prediction) = outcome else { return }
        add(measured: row.value, predicted: prediction.value, unit: row.unit, to: Comparison.value(of: column, in: row))
    }

    /// - Parameters:
    ///   - unit: of both; what is no time is only counted.
    ///   - name: of the series.
    public mutating func add(measured: Double, predicted value: Double, unit: String, to name: String) {
        guard let scale = ["s": 1.0, "ms": 1e-3, "us": 1e-6][unit] else {
            left += 1
            return
        }
        var place = series.firstIndex(of: name) ?? series.count
        if place == series.count {
            if series.count < Self.mostSeries - 1 { series.append(name) } else if series.count < Self.mostSeries { series.append("others") }
            place = min(place, series.count - 1)
        }
        predicted += 1
        reservoir.offer(Point(measured: measured * scale, predicted: value * scale, series: place))
    }
}
