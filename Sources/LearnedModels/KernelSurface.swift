import CostModels
import LearnedTreesC

/// How a kernel's residual runs over all the sizes of its work together: a sum of cones that stand on the measurements (kriging with the
/// linear variogram; Matheron, "Principles of geostatistics", Economic Geology 1963).
///
/// Trees cut at sizes, and know of a network that nobody measured only on which side of each cut it lies; between the networks that
/// one kernel was measured with, the surface goes straight from one to the next.
public struct KernelSurface: Sendable, Equatable {
    /// Coordinates of the points, block by block, and what the distance to each counts.
    private(set) var points: [Float]
    private(set) var weights: [Float]
    private(set) var level: Float
    let dimensions: Int

    /// Where points are missing in the last block: too far to be the nearest.
    private static let nowhere: Float = 1e15
    private static let lanes = Int(lt_lanes)

    /// - Parameters:
    ///   - points: coordinates of one point after the other.
    ///   - weights: by point.
    public init(points: [Float], dimensions: Int, weights: [Double], level: Double) {
        let count = weights.count, blocks = (count + Self.lanes - 1) / Self.lanes
        self.dimensions = dimensions
        self.points = .init(repeating: Self.nowhere, count: blocks * Self.lanes * dimensions)
        self.weights = .init(repeating: 0, count: blocks * Self.lanes)
        self.level = Float(level)
        for point in 0..<count {
            let block = point / Self.lanes, lane = point % Self.lanes
            self.weights[point] = Float(weights[point])
            for i in 0..<dimensions { self.points[(block * dimensions + i) * Self.lanes + lane] = points[point * dimensions + i] }
        }
    }

    /// log₂ of measured ÷ base, and the distance of the nearest measurement, at each of some places.
    ///
    /// - Parameter places: coordinates of one after the other.
    func values(at places: [Float]) -> [SurfaceValue] {
        let count = places.count / dimensions
        var sums = [Float](repeating: 0, count: count), least = sums
        lt_surface(count, &sums, &least, points, weights, weights.count / Self.lanes, dimensions, places)
        return zip(sums, least).map { SurfaceValue(residual: level - $0, distance: $1) }
    }

    /// The same for copies of one surface.
    var identity: Int { points.withUnsafeBufferPointer { Int(bitPattern: $0.baseAddress) } }
}

public struct SurfaceValue: Sendable, Equatable {
    public var residual: Float
    public var distance: Float

    public init(residual: Float, distance: Float) {
        self.residual = residual
        self.distance = distance
    }
}

/// The features that are coordinates of a family's surfaces.
public struct SurfaceAxes: Sendable {
    private let features: [(place: Int, scale: Float)]
    public var count: Int { features.count }

    /// Columns that a surface takes in the rows of trees: its value, and the distance of the nearest measurement.
    public static let columns = 2
    /// How much of a surface's value stands under what trees add: half of their errors are its own.
    public static let part = 0.5

    /// By family, how far apart a doubling of a size, or all of a share, is. Each was tried larger, smaller and left away, as
    /// long as surfaces alone erred less on shapes left out; for products on 12,000 rows of fourteen kernels.
    private static let scales: [KernelKey.Family: [(name: String, scale: Float)]] = [
        .gemm: [("rows", 2), ("columns", 1), ("depth", 2), ("base, us", 2), ("latency share", 6), ("memory share", 6), ("engine share", 6), ("cache share", 3),
                ("occupancy", 4), ("alignment", 0.4), ("alignment #2", 0.4), ("alignment #3", 0.8), ("rows modulo #2", 0.075), ("tile rows", 1), ("tile columns", 0.5),
                ("split", 1), ("waves", 2), ("waves #2", 1)],
        .experts: [("tokens", 1), ("experts", 1), ("choices", 0.67), ("hidden", 1), ("width", 1), ("active experts", 0.7), ("rows an expert", 1), ("largest / mean", 1),
                   ("rows / tokens", 1), ("largest", 1), ("base / bound", 0.7), ("latency share", 3), ("memory share", 3)],
    ]

    /// Nil where the family has no surfaces, or a feature is missing.
    public init?(of family: KernelKey.Family, features names: [String]) {
        guard let scales = Self.scales[family] else { return nil }
        features = scales.compactMap { one in names.firstIndex(of: one.name).map { ($0, one.scale) } }
        guard features.count == scales.count else { return nil }
    }

    /// Adds where a row of features lies.
    public func add(_ row: UnsafeBufferPointer<Float>, to places: inout [Float]) {
        for (feature, scale) in features { places.append(row[feature].isFinite ? row[feature] * scale : 0) }
    }

    public func value(on surface: KernelSurface, of row: UnsafeBufferPointer<Float>) -> SurfaceValue {
        var place: [Float] = []
        add(row, to: &place)
        return surface.values(at: place)[0]
    }
}

/// Inverses of symmetric positive definite matrices.
public enum SymmetricMatrix {
    /// - Parameter matrix: `size` rows of as many; its inverse afterwards.
    /// - Returns: whether it is positive definite.
    public static func invert(_ matrix: inout [Double], size: Int) -> Bool {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: size * max(size, 8)) { lt_invert(&matrix, size, $0.baseAddress) != 0 }
    }
}

extension KernelSurface {
    func write(to writer: inout ByteWriter) {
        writer.word(UInt32(dimensions))
        writer.word(UInt32(weights.count))
        writer.number(level)
        for value in weights + points { writer.number(value) }
    }

    init(reading reader: inout ByteReader) throws(TreeError) {
        dimensions = try reader.count(64)
        let count = try reader.count(1 << 20)
        level = try reader.number()
        weights = []
        points = []
        for _ in 0..<count { weights.append(try reader.number()) }
        for _ in 0..<count * dimensions { points.append(try reader.number()) }
        guard count % Self.lanes == 0, dimensions > 0, level.isFinite, (weights + points).allSatisfy(\.isFinite) else { throw TreeError("has a surface whose points are no numbers") }
    }
}
