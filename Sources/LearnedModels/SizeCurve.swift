import CostModels

/// How a kernel's residual runs over the size of what it is given: the median of the measurements at each size, straight lines
/// from one to the next, and flat beyond the ends.
///
/// A protocol, a ring or a slot size changes at sizes of its own on each device and under each library: where neighbours in
/// size were measured they say more of an exchange than any feature of it.
public struct SizeCurve: Sendable, Equatable {
    /// log₂ of the sizes, ascending.
    public private(set) var sizes: [Float]
    /// log₂ of measured ÷ base at each.
    public private(set) var values: [Float]

    /// Through the median of the points of each size; nil without points.
    public init?(through points: [(size: Float, value: Float)]) {
        guard !points.isEmpty else { return nil }
        sizes = []
        values = []
        for (size, all) in Dictionary(grouping: points, by: \.size).sorted(by: { $0.key < $1.key }) {
            let sorted = all.map(\.value).sorted()
            sizes.append(size)
            values.append((sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2)
        }
    }

    public func value(at size: Float) -> Float {
        let next = sizes.firstIndex { $0 >= size } ?? sizes.count
        if next == 0 { return values[0] }
        if next == sizes.count { return values[next - 1] }
        let part = (size - sizes[next - 1]) / (sizes[next] - sizes[next - 1])
        return values[next - 1] + part * (values[next] - values[next - 1])
    }

    /// Way to the nearest size that was measured.
    public func distance(from size: Float) -> Float { sizes.reduce(.infinity) { min($0, abs($1 - size)) } }
}

extension SizeCurve {
    func write(to writer: inout ByteWriter) {
        writer.word(UInt32(sizes.count))
        for (size, value) in zip(sizes, values) {
            writer.number(size)
            writer.number(value)
        }
    }

    init(reading reader: inout ByteReader) throws(TreeError) {
        sizes = []
        values = []
        for _ in 0..<(try reader.count(4096)) {
            sizes.append(try reader.number())
            values.append(try reader.number())
        }
        guard !sizes.isEmpty, zip(sizes, sizes.dropFirst()).allSatisfy({ $0 < $1 }), (sizes + values).allSatisfy(\.isFinite) else {
            throw TreeError("has a curve over sizes that do not ascend")
        }
    }
}

/// Where a site lies on the curves of its kernel.
public struct CurvePlace: Sendable, Equatable {
    /// What else tells one curve of a kernel from another.
    public struct Fixed: Hashable, Sendable {
        public var values: [Float]

        public init(_ values: [Float]) { self.values = values }
    }

    /// log₂ of the size.
    public var size: Float
    /// The coarsest curve first.
    public var levels: [Fixed]

    public init(size: Float, levels: [Fixed]) {
        self.size = size
        self.levels = levels
    }

    /// What trees are told: by level the value, not a number where there is no curve, and how far from the nearest size that
    /// was measured the finest lies.
    public func columns(on curves: [Fixed: SizeCurve]) -> (values: [Float], finest: Float?) {
        var values: [Float] = [], distance = Float.nan, finest: Float?
        for level in levels {
            guard let curve = curves[level] else {
                values.append(.nan)
                continue
            }
            finest = curve.value(at: size)
            distance = curve.distance(from: size)
            values.append(finest ?? .nan)
        }
        return (values + [distance], finest)
    }
}

extension LearnedFamily {
    /// How many curves of a family are told of a site, and the columns they take in the rows of its trees.
    static func curveLevels(of family: KernelKey.Family) -> Int {
        switch family {
        case .collective: 1
        case .expertExchange: 2
        default: 0
        }
    }

    /// Whether trees learn what is left of the finest curve instead of the residual. Collectives move little from their curves;
    /// exchanges of experts run on several, each of which knows a part.
    public static func startsFromCurve(_ family: KernelKey.Family) -> Bool { family == .collective }

    static func curveColumns(of family: KernelKey.Family) -> Int { curveLevels(of: family) == 0 ? 0 : curveLevels(of: family) + 1 }
}
