#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Quantities

/// Two figures of many points against each other: the chosen ones one by one, the others as a crowd.
///
/// However many others there are, they are drawn as cells of a fixed grid, the darker the more points stand in them, so that a
/// hundred thousand take no more room than a few thousand.
public struct ScatterChart: Chart {
    public struct Point: Sendable {
        public var x: Double
        public var y: Double
        /// Index into `series`.
        public var series: Int
        /// Written beside it where there is room.
        public var label: String
        /// Everything about it, for who points at it.
        public var tip: String

        public init(x: Double, y: Double, series: Int = 0, label: String, tip: String) {
            self.x = x
            self.y = y
            self.series = series
            self.label = label
            self.tip = tip
        }
    }

    public enum Better: Sendable { case lower, higher }

    public var name: String
    public var title: String
    public var note: String
    public var x: (title: String, measure: Measure, better: Better)
    public var y: (title: String, measure: Measure, better: Better)
    public var points: [Point]
    /// The crowd.
    public var others: [(x: Double, y: Double)]
    public var series: [String]
    /// What the points and the crowd are called in the legend.
    public var crowd: String
    /// Whether the points are a front of just these two figures, which a staircase joins.
    public var joined: Bool
    public var table: ChartTable

    private static let cell = 7.0

    public func draw(width: Double) -> Drawing {
        var sheet = Drawing(width: width)
        let narrow = width < 480
        let top = legend(&sheet) + 34, bottom = top + (narrow ? 300 : 380)
        let vertical = Self.axis(y, points.map(\.y) + others.map(\.y), from: bottom, to: top, ticks: 7)
        let left = vertical.labelWidth + 10
        let horizontal = Self.axis(x, points.map(\.x) + others.map(\.x), from: left, to: width - 12, ticks: Int((width - left) / 70))
        horizontal.drawBelow(&sheet, top: top, bottom: bottom)
        vertical.drawLeft(&sheet, left: left, right: width - 12)
        crowd(horizontal.scale, vertical.scale, &sheet)
        var taken = joined ? staircase(horizontal.scale, vertical.scale, &sheet) : []
        for point in points {
            let (px, py) = (horizontal.scale(point.x), vertical.scale(point.y)), hue = Hue.series(point.series)
            sheet.symbol(point.series, px, py, radius: 5, classes: "f\(hue.place) halo", tip: .init(text: point.tip, values: [("x", point.x), ("y", point.y)]))
            taken.append(Box(x: px - 6, y: py - 6, width: 12, height: 12))
        }
        let frame = Box(x: left, y: top, width: width - left, height: bottom - top)
        for point in points where !point.label.isEmpty {
            Label.place(point.label, near: (horizontal.scale(point.x), vertical.scale(point.y)), distance: 9, in: frame, avoiding: &taken, &sheet)
        }
        sheet.height = bottom + 42
        return sheet
    }

    /// Logarithmic where the values span more than a factor of 12; otherwise from a round value below the least, or from zero
    /// where that is near.
    static func axis(_ figure: (title: String, measure: Measure, better: Better), _ values: [Double], from start: Double, to end: Double, ticks: Int) -> Axis {
        let title = figure.title + (figure.better == .lower ? ", less is better" : ", more is better")
        let finite = values.filter(\.isFinite)
        let least = finite.min() ?? 0, most = finite.max() ?? 1
        if least > 0, most / least > 12 { return Axis(title, figure.measure, .logarithmic(Scale.decades(covering: finite), from: start, to: end), ticks: ticks) }
        let span = most > least ? most - least : max(abs(most), 1) * 0.2
        let low = least >= 0 && least < span ? 0 : least - span * 0.08
        return Axis(title, figure.measure, .linear(low...(most + span * 0.08), from: start, to: end), ticks: ticks)
    }

    private func legend(_ sheet: inout Drawing) -> Double {
        var (at, row) = (0.0, 8.0)
        func advance(_ text: String, mark: (inout Drawing, Double, Double) -> Void) {
            let room = 34 + TextMetrics.width(of: text, size: Drawing.fontSize)
            if at > 0, at + room > sheet.width { (at, row) = (0, row + 20) }
            mark(&sheet, at + 7, row)
            sheet.text(text, at + 19, row + 4, classes: "m")
            at += room
        }
        for (index, name) in series.enumerated() where points.contains(where: { $0.series == index }) {
            advance(name) { $0.symbol(index, $1, $2, radius: 5, classes: "f\(Hue.series(index).place)") }
        }
        if !others.isEmpty { advance(crowd) { $0.rectangle($1 - 5, $2 - 5, 10, 10, classes: "crowd") } }
        return row + 6
    }

    /// The others, counted in cells.
    private func crowd(_ x: Scale, _ y: Scale, _ sheet: inout Drawing) {
        struct Place: Hashable {
            var column: Int
            var row: Int
        }
        var counts: [Place: Int] = [:]
        for point in others where point.x.isFinite && point.y.isFinite && (x.kind == .linear || point.x > 0) && (y.kind == .linear || point.y > 0) {
            counts[Place(column: Int((x(point.x) / Self.cell).rounded(.down)), row: Int((y(point.y) / Self.cell).rounded(.down))), default: 0] += 1
        }
        let most = Double(counts.values.max() ?? 1)
        for (place, count) in counts.sorted(by: { ($0.key.row, $0.key.column) < ($1.key.row, $1.key.column) }) {
            let strength = 1 + min(4, Int(4.99 * log(Double(count)) / max(1, log(most))))
            sheet.rectangle(Double(place.column) * Self.cell, Double(place.row) * Self.cell, Self.cell - 1, Self.cell - 1, classes: "crowd c\(strength)")
        }
    }

    /// What no point of the front leaves reachable: level until the next one is better. The boxes of its steps.
    private func staircase(_ x: Scale, _ y: Scale, _ sheet: inout Drawing) -> [Box] {
        let sorted = points.sorted { self.x.better == .lower ? $0.x < $1.x : $0.x > $1.x }
        guard sorted.count > 1 else { return [] }
        var steps: [(Double, Double)] = []
        for point in sorted {
            if let last = steps.last { steps.append((x(point.x), last.1)) }
            steps.append((x(point.x), y(point.y)))
        }
        sheet.polyline(steps, classes: "rule line")
        return zip(steps, steps.dropFirst()).map { Box(x: min($0.0, $1.0) - 1, y: min($0.1, $1.1) - 1, width: abs($0.0 - $1.0) + 2, height: abs($0.1 - $1.1) + 2) }
    }
}
