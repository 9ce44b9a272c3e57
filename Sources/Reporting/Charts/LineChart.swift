import Quantities

/// A figure over another, a line for each series: learning curves, coverage.
public struct LineChart: Chart {
    public struct Line: Sendable {
        public var name: String
        /// In the order of x.
        public var points: [(x: Double, y: Double)]

        public init(_ name: String, _ points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points
        }
    }

    public struct Figure: Sendable {
        public var title: String
        public var measure: Measure
        /// Nil for a logarithmic scale that covers all points.
        public var domain: ClosedRange<Double>?

        public init(_ title: String, _ measure: Measure, over domain: ClosedRange<Double>? = nil) {
            self.title = title
            self.measure = measure
            self.domain = domain
        }
    }

    public var name: String
    public var title: String
    public var note: String
    public var x: Figure
    public var y: Figure
    public var lines: [Line]
    /// Where both figures are equal there is a dashed line that is called so.
    public var diagonal: String?

    public init(name: String, title: String, note: String, x: Figure, y: Figure, lines: [Line], diagonal: String? = nil) {
        self.name = name
        self.title = title
        self.note = note
        self.x = x
        self.y = y
        self.lines = lines
        self.diagonal = diagonal
    }

    public var table: ChartTable {
        ChartTable(["series", x.title, y.title], lines.flatMap { line in
            line.points.map { [.text(line.name), .number($0.x, x.measure.text($0.x)), .number($0.y, y.measure.text($0.y))] }
        })
    }

    public func draw(width: Double) -> Drawing {
        var sheet = Drawing(width: width)
        let narrow = width < 480, top = legend(&sheet) + 34, bottom = top + (narrow ? 260 : 380)
        let points = lines.flatMap(\.points)
        func scale(_ figure: Figure, _ values: [Double], _ start: Double, _ end: Double) -> Scale {
            figure.domain.map { .linear($0, from: start, to: end) } ?? .logarithmic(Scale.decades(covering: values), from: start, to: end)
        }
        let vertical = Axis(y.title, y.measure, scale(y, points.map(\.y), bottom, top), ticks: 10)
        let left = vertical.labelWidth + 10, right = width - 12
        let horizontal = Axis(x.title, x.measure, scale(x, points.map(\.x), left, right), ticks: Int((right - left) / 62))
        horizontal.drawBelow(&sheet, top: top, bottom: bottom)
        vertical.drawLeft(&sheet, left: left, right: right)
        if diagonal != nil {
            let low = max(horizontal.scale.domain.lowerBound, vertical.scale.domain.lowerBound), high = min(horizontal.scale.domain.upperBound, vertical.scale.domain.upperBound)
            if low < high { sheet.line(horizontal.scale(low), vertical.scale(low), horizontal.scale(high), vertical.scale(high), classes: "rule line", dashed: true) }
        }
        for (index, line) in lines.enumerated() {
            let hue = Hue.series(index).place, places = line.points.map { (horizontal.scale($0.x), vertical.scale($0.y)) }
            if places.count > 1 { sheet.polyline(places, classes: "line s\(hue)") }
            for (point, place) in zip(line.points, places) {
                sheet.symbol(index, place.0, place.1, radius: 4, classes: "f\(hue) halo",
                             tip: .init(text: "\(line.name): \(y.measure.text(point.y)) at \(x.measure.text(point.x))", values: [("x", point.x), ("y", point.y)]))
            }
        }
        sheet.height = bottom + 42
        return sheet
    }

    private func legend(_ sheet: inout Drawing) -> Double {
        var (at, row) = (0.0, 8.0)
        for (index, name) in (lines.map(\.name) + (diagonal.map { ["dashed: \($0)"] } ?? [])).enumerated() {
            let marked = index < lines.count, room = (marked ? 34 : 14) + TextMetrics.width(of: name, size: Drawing.fontSize)
            if at > 0, at + room > sheet.width { (at, row) = (0, row + 20) }
            if marked { sheet.symbol(index, at + 7, row, radius: 5, classes: "f\(Hue.series(index).place)") }
            sheet.text(name, at + (marked ? 19 : 0), row + 4, classes: "m")
            at += room
        }
        return row + 6
    }
}
