/// Predictions of rows that differ in nothing but the measured figure, as many as fit a bounded memory.
///
/// A file of millions of rows has few circumstances, measured again and again. When the memo is full a new one takes the
/// place of any other: so some are always found again, in whatever order rows come.
struct PredictionMemo {
    /// What is predicted before the measured figure is looked at.
    struct Answer {
        var outcome: Result<Prediction, RowError>
        /// The metric as a time, and the time that no run can be faster than; nil where the figure is not held against it.
        var least: (measure: RunMeasure, time: Double)?
    }

    static let capacity = 1 << 15
    /// A row with more text is predicted again each time.
    static let longestKey = 1024

    private var places: [String: Int] = [:]
    private var keys: [String] = []
    private var answers: [Answer] = []
    private var columns: [String] = []
    private var random = SplitMix(seed: 1)

    /// The text of a row without its name and figures, nil where it is too long to be kept.
    mutating func key(of row: MeasuredRow) -> String? {
        if columns != row.header.names {
            self = PredictionMemo()
            columns = row.header.names
        }
        var key = row.unit
        for (place, field) in row.fields.enumerated() where !row.header.figures.contains(place) {
            key += "\u{1F}"
            key += field
            guard key.utf8.count <= Self.longestKey else { return nil }
        }
        return key
    }

    subscript(_ key: String) -> Answer? {
        get { places[key].map { answers[$0] } }
        set {
            guard let newValue else { return }
            if let place = places[key] {
                answers[place] = newValue
            } else if keys.count < Self.capacity {
                places[key] = keys.count
                keys.append(key)
                answers.append(newValue)
            } else {
                let place = Int.random(in: 0..<Self.capacity, using: &random)
                places[keys[place]] = nil
                places[key] = place
                (keys[place], answers[place]) = (key, newValue)
            }
        }
    }
}
