/// Takes the features of a site one after the other, always in the same order.
protocol FeatureSink {
    mutating func add(_ name: StaticString, _ value: Double)
}

/// Keeps the values.
struct FeatureValues: FeatureSink {
    private(set) var values: [Float] = []

    init() { values.reserveCapacity(112) }

    mutating func add(_ name: StaticString, _ value: Double) { values.append(value.isFinite ? Float(value) : .nan) }
    mutating func append(_ others: [Float]) { values += others }
}

/// Writes the values into a row that has room for so many, and counts those that do not fit.
struct FeatureRow: FeatureSink {
    private let row: UnsafeMutableBufferPointer<Float>
    private(set) var count = 0

    init(_ row: UnsafeMutableBufferPointer<Float>) { self.row = row }

    @inline(__always)
    mutating func add(_ name: StaticString, _ value: Double) { add(value.isFinite ? Float(value) : .nan) }

    @inline(__always)
    mutating func add(_ value: Float) {
        if count < row.count { row[count] = value }
        count += 1
    }
}

/// Keeps the names; one that comes again gets a number.
struct FeatureNames: FeatureSink {
    private(set) var names: [String] = []

    mutating func add(_ name: StaticString, _ value: Double) {
        let before = names.count { $0 == name.description || $0.hasPrefix("\(name) #") }
        names.append(before == 0 ? name.description : "\(name) #\(before + 1)")
    }
}
