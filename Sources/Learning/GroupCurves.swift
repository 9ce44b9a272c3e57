import CostModels
import LearnedModels

/// The curves over size of the kernels of a training set, with and without what a row's own shape contributes.
struct GroupCurves {
    typealias Curves = [CurvePlace.Fixed: SizeCurve]

    /// By label of the kernel on its device.
    private let all: [String: Curves]
    /// The same without the shapes of one part of the rows.
    private let apart: [[String: Curves]]
    private static let parts = 10

    /// - Parameter rows: places of the rows that may be known of.
    init(_ set: TrainingSet, rows: [Int]) {
        let usable = rows.filter { set.rows[$0].curve != nil }
        all = Self.curves(set, usable)
        apart = usable.isEmpty ? [] : (0..<Self.parts).map { part in Self.curves(set, usable.filter { Self.part(set.rows[$0]) != part }) }
    }

    private static func part(_ row: TrainingSet.Row) -> Int { Int(row.shape / 31 % UInt64(parts)) }

    private static func curves(_ set: TrainingSet, _ rows: [Int]) -> [String: Curves] {
        Dictionary(grouping: rows) { KernelCodes.label(.kernelOnDevice, set.rows[$0]) }.mapValues { places in
            var points: [CurvePlace.Fixed: [(size: Float, value: Float)]] = [:]
            for place in places {
                guard let curve = set.rows[place].curve else { continue }
                for level in curve.levels { points[level, default: []].append((curve.size, set.rows[place].target)) }
            }
            return points.compactMapValues { SizeCurve(through: $0) }
        }
    }

    /// The curves of a row's kernel.
    ///
    /// - Parameter asUnseen: without what rows of its shape contributed: trees must learn to trust curves as far as they can be
    ///   trusted for a shape that nobody measured.
    func curves(of row: TrainingSet.Row, asUnseen: Bool) -> Curves {
        let label = KernelCodes.label(.kernelOnDevice, row)
        guard asUnseen else { return all[label] ?? [:] }
        return apart.isEmpty ? [:] : apart[Self.part(row)][label] ?? [:]
    }
}

/// Rows as trees read them, and what their answers are added to.
struct TreeRows {
    private(set) var values: [Float] = []
    private(set) var width = 0
    /// log₂ of the factor on the base that curves say; 0 where there is none, or the family does not start from them.
    private(set) var offsets: [Float] = []
    private let startsFromCurve: Bool
    private let hasSurfaces: Bool

    init(of family: KernelKey.Family, hasSurfaces: Bool) {
        startsFromCurve = LearnedFamily.startsFromCurve(family)
        self.hasSurfaces = hasSurfaces
    }

    mutating func add(_ features: ArraySlice<Float>, codes: [Float], place: CurvePlace?, curves: GroupCurves.Curves, surface: SurfaceValue? = nil) {
        let start = values.count
        values += features
        values += codes
        var offset: Float = 0
        if let place {
            let (columns, finest) = place.columns(on: curves)
            values += columns
            if startsFromCurve { offset = finest ?? 0 }
        }
        if hasSurfaces {
            values += [surface?.residual ?? .nan, surface?.distance ?? .nan]
            offset += Float(SurfaceAxes.part) * (surface?.residual ?? 0)
        }
        offsets.append(offset)
        width = values.count - start
    }

    /// The values without what surfaces say.
    var blinded: [Float] {
        var values = values
        for row in offsets.indices { for column in width - SurfaceAxes.columns..<width { values[row * width + column] = .nan } }
        return values
    }

    /// What trees say of the rows, with their offsets.
    func predictions(of trees: TreeEnsemble) -> [Float] { zip(trees.predict(values), offsets).map { $0 + $1 } }
}
