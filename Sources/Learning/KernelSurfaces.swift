import CostModels
import LearnedModels

/// The surfaces of the kernels of a training set, with and without what a row's own shape contributed.
struct KernelSurfaces {
    private let axes: SurfaceAxes
    /// By label of the kernel on its device.
    private let whole: [String: KernelSurface]
    /// By row what the surface says without the rows of its shape.
    private var apart: [Int: SurfaceValue] = [:]

    /// Fewer rows than this have no surface.
    private static let fewest = 30
    /// Height of the cones: more than anything is apart, so that the level is free.
    private static let reach = 256.0
    /// How much a measurement scatters by itself, as the length of way that would let it differ as much.
    private static let noise = 0.15
    /// Measurements that lie further than this, in log₂, from what all others say of them scatter by more (Cauchy's weights; Holland and
    /// Welsch, Communications in Statistics 1977): what a library did otherwise for one size is no news of the next.
    /// Of 0.02 to 0.2 this erred least on shapes left out.
    private static let usualError = 0.05

    /// - Parameter rows: places of the rows that may be known of.
    init?(_ set: TrainingSet, rows: [Int]) {
        guard let axes = SurfaceAxes(of: set.family, features: set.names) else { return nil }
        self.axes = axes
        var whole: [String: KernelSurface] = [:]
        for (label, places) in Dictionary(grouping: rows, by: { KernelCodes.label(.kernelOnDevice, set.rows[$0]) }) where places.count >= Self.fewest {
            var points: [Float] = []
            for row in places { set.features(of: row).withUnsafeBufferPointer { axes.add($0, to: &points) } }
            let count = places.count, distances = Self.distances(points, count, axes.count)
            let targets = places.map { Double(set.rows[$0].target) }
            var noise = [Double](repeating: Self.noise, count: count), inverse: [Double] = [], weights: [Double] = []
            /// Whether the points could be fitted, each with its own noise.
            func fit() -> Bool {
                inverse = distances.map { Self.reach - $0 }
                for i in 0..<count { inverse[i * count + i] += noise[i] }
                guard SymmetricMatrix.invert(&inverse, size: count) else { return false }
                weights = (0..<count).map { i in (0..<count).reduce(0) { $0 + inverse[i * count + $1] * targets[$1] } }
                return true
            }
            guard fit() else { continue }
            for i in 0..<count {
                let error = weights[i] / inverse[i * count + i] / Self.usualError
                noise[i] = Self.noise * (1 + error * error)
            }
            guard fit() else { continue }
            whole[label] = KernelSurface(points: points, dimensions: axes.count, weights: weights, level: Self.reach * weights.reduce(0, +))
            for own in Dictionary(grouping: 0..<count, by: { set.rows[places[$0]].shape }).values {
                // What is left out errs by the inverse of its own part of the inverse (Dubrule, Mathematical Geology 1983).
                var part = own.flatMap { i in own.map { inverse[i * count + $0] } }
                guard own.count < count, SymmetricMatrix.invert(&part, size: own.count) else { continue }
                let outside = Swift.Set(own)
                for (i, row) in own.enumerated() {
                    let error = own.indices.reduce(0) { $0 + part[i * own.count + $1] * weights[own[$1]] }
                    var nearest = Double.infinity
                    for other in 0..<count where distances[row * count + other] < nearest && !outside.contains(other) { nearest = distances[row * count + other] }
                    apart[places[row]] = SurfaceValue(residual: Float(targets[row] - error), distance: Float(nearest))
                }
            }
        }
        self.whole = whole
    }

    private static func distances(_ points: [Float], _ count: Int, _ dimensions: Int) -> [Double] {
        var distances = [Double](repeating: 0, count: count * count)
        for i in 0..<count {
            for j in 0..<i {
                var square = 0.0
                for axis in 0..<dimensions {
                    let way = Double(points[i * dimensions + axis]) - Double(points[j * dimensions + axis])
                    square += way * way
                }
                (distances[i * count + j], distances[j * count + i]) = (square.squareRoot(), square.squareRoot())
            }
        }
        return distances
    }

    /// The surface of a row's kernel; nil where too little is known of it.
    func surface(of row: TrainingSet.Row) -> KernelSurface? { whole[KernelCodes.label(.kernelOnDevice, row)] }

    /// - Parameter asUnseen: without what rows of its shape contributed, of rows that were learned from.
    func value(_ set: TrainingSet, _ row: Int, asUnseen: Bool) -> SurfaceValue? {
        asUnseen ? apart[row] : surface(of: set.rows[row]).map { value(on: $0, set.features(of: row)) }
    }

    func value(on surface: KernelSurface, _ features: ArraySlice<Float>) -> SurfaceValue {
        features.withUnsafeBufferPointer { axes.value(on: surface, of: $0) }
    }
}
