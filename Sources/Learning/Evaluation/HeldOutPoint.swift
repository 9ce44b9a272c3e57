import LearnedModels

/// A measurement beside what was predicted without it.
public struct HeldOutPoint: Sendable {
    /// How the model knew what it was asked about.
    public enum Kind: String, CaseIterable, Sendable {
        case shape, sibling, kin, stranger, software
    }

    /// In seconds.
    public var measured: Double
    public var predicted: Double
    public var kind: Kind
    /// The device, or the software where that was held out.
    public var group: String
    /// How far measurements are expected to lie below and above here, in log₂, but for a factor that quantiles give.
    var below: Double
    var above: Double
    /// Points of one part give no quantile to each other.
    var part: Int

    /// |log₂ of measured ÷ predicted| in units of what is expected on its side.
    var relative: Double { measured > predicted ? log2(measured / predicted) / above : log2(predicted / measured) / below }
    public var error: Double { abs(predicted / measured - 1) }
}

/// How often measurements lie within split-conformal intervals, each point's from quantiles of points that it has nothing to do
/// with: for shapes those of the same device in the other half of the shapes, for devices those of the other devices.
struct Coverage {
    /// Fewer say too little of a device of its own.
    private static let fewest = 50

    private let points: [HeldOutPoint]
    /// By point which list is its own.
    private var places: [Int] = []
    private var lists: [[Double]] = []

    init(_ points: [HeldOutPoint]) {
        self.points = points
        var known: [String: Int] = [:]
        for point in points {
            let name = "\(point.kind.rawValue)|\(point.group)|\(point.part)"
            if let place = known[name] {
                places.append(place)
            } else {
                known[name] = lists.count
                places.append(lists.count)
                lists.append(Self.others(than: point, in: points))
            }
        }
    }

    private static func others(than point: HeldOutPoint, in points: [HeldOutPoint]) -> [Double] {
        func list(_ wanted: (HeldOutPoint) -> Bool) -> [Double] { points.filter(wanted).map(\.relative).sorted() }
        guard point.kind == .shape else {
            let others = list { $0.kind == point.kind && $0.group != point.group }
            return others.count >= fewest ? others : list { $0.group != point.group }
        }
        let others = list { $0.kind == .shape && $0.part != point.part && $0.group == point.group }
        return others.count >= fewest ? others : list { $0.kind == .shape && $0.part != point.part }
    }

    /// Part of the points within the interval of a level, and the median of its width ÷ prediction; nil where nothing gives quantiles.
    func at(_ level: Double, where wanted: (HeldOutPoint) -> Bool = { _ in true }) -> (part: Double, width: Double)? {
        // With n points the ⌈(n + 1)·level⌉-th covers a new one with that probability.
        let quantiles = lists.map { list in list.isEmpty ? nil : list[min(list.count, Int((Double(list.count + 1) * level).rounded(.up))) - 1] }
        var inside = 0, widths: [Double] = []
        for (point, place) in zip(points, places) where wanted(point) {
            guard let quantile = quantiles[place] else { continue }
            widths.append(exp2(min(30, quantile * point.above)) - exp2(-quantile * point.below))
            if point.relative <= quantile { inside += 1 }
        }
        return widths.isEmpty ? nil : (Double(inside) / Double(widths.count), widths.sorted()[widths.count / 2])
    }
}
