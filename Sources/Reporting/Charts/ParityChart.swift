#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Quantities

/// Predictions against measurements: on the diagonal where they are right, and their ratio over the size.
public struct ParityChart: Chart {
    public struct Point: Sendable {
        public var measured: Double
        public var predicted: Double
        /// Index into `series`.
        public var series: Int

        public init(measured: Double, predicted: Double, series: Int) {
            self.measured = measured
            self.predicted = predicted
            self.series = series
        }
    }

    public var name: String
    public var title: String
    public var note: String
    public var points: [Point]
    public var series: [String]
    public var measure: Measure
    /// What was measured: `time`.
    public var quantity: String

    public init(name: String = "parity", title: String, note: String, points: [Point], series: [String], measure: Measure = .time, quantity: String = "time") {
        self.name = name
        self.title = title
        self.note = note
        self.points = points
        self.series = series
        self.measure = measure
        self.quantity = quantity
    }

    /// Of each series how many points, and the median and 90th percentile of |predicted − measured| ÷ measured.
    public var table: ChartTable {
        ChartTable(["series", "drawn", "median error", "90th percentile"], series.indices.map { index in
            let errors = points.filter { $0.series == index }.map { abs($0.predicted / $0.measured - 1) }.sorted()
            func at(_ share: Double) -> ChartTable.Cell {
                guard !errors.isEmpty else { return .text("") }
                let error = errors[min(errors.count - 1, Int(share * Double(errors.count)))]
                return .number(error, percent(error))
            }
            return [.text(series[index].isEmpty ? "(none)" : series[index]), .number(Double(errors.count), counted(Double(errors.count))), at(0.5), at(0.9)]
        })
    }

    public func draw(width: Double) -> Drawing {
        var sheet = Drawing(width: width)
        let top = legend(&sheet) + 38, narrow = width < 600, gap = 34.0
        let panel = narrow ? width : (width - gap) / 2, height = narrow ? 260.0 : panel * 0.86
        let sizes = Self.decades(points.flatMap { [$0.measured, $0.predicted] }), measured = Self.decades(points.map(\.measured))
        let ratios = Self.decades(points.map { $0.predicted / $0.measured } + [0.5, 2])
        parity(&sheet, left: 0, right: panel, top: top, bottom: top + height, sizes)
        let secondTop = narrow ? top + height + 84 : top, secondLeft = narrow ? 0 : panel + gap
        errors(&sheet, left: secondLeft, right: secondLeft + panel, top: secondTop, bottom: secondTop + height, measured, ratios)
        sheet.height = secondTop + height + 42
        return sheet
    }

    private static func decades(_ values: [Double]) -> ClosedRange<Double> { Scale.decades(covering: values, margin: 0.04) }

    private func parity(_ sheet: inout Drawing, left: Double, right: Double, top: Double, bottom: Double, _ domain: ClosedRange<Double>) {
        let (x, y) = axes(&sheet, left, right, top, bottom, ("measured \(quantity)", measure, domain), ("predicted \(quantity)", measure, domain))
        for (factor, dashed) in [(1.0, false), (0.5, true), (2.0, true)] {
            let from = max(domain.lowerBound, domain.lowerBound / factor), to = min(domain.upperBound, domain.upperBound / factor)
            sheet.line(x(from), y(from * factor), x(to), y(to * factor), classes: dashed ? "axis line" : "rule line", dashed: dashed)
        }
        marks(&sheet, x, y) { ($0.measured, $0.predicted) }
    }

    private func errors(_ sheet: inout Drawing, left: Double, right: Double, top: Double, bottom: Double, _ sizes: ClosedRange<Double>, _ ratios: ClosedRange<Double>) {
        let (x, y) = axes(&sheet, left, right, top, bottom, ("measured \(quantity)", measure, sizes), ("predicted ÷ measured", .count, ratios))
        for (factor, dashed) in [(1.0, false), (0.5, true), (2.0, true)] where ratios.contains(factor) {
            sheet.line(x.start, y(factor), x.end, y(factor), classes: dashed ? "axis line" : "rule line", dashed: dashed)
        }
        marks(&sheet, x, y) { ($0.measured, $0.predicted / $0.measured) }
    }

    private func axes(_ sheet: inout Drawing, _ left: Double, _ right: Double, _ top: Double, _ bottom: Double,
                      _ x: (title: String, measure: Measure, domain: ClosedRange<Double>), _ y: (title: String, measure: Measure, domain: ClosedRange<Double>)) -> (Scale, Scale) {
        let vertical = Axis(y.title, y.measure, .logarithmic(y.domain, from: bottom, to: top), ticks: 8)
        let inner = left + vertical.labelWidth + 10
        let horizontal = Axis(x.title, x.measure, .logarithmic(x.domain, from: inner, to: right - 12), ticks: Int((right - inner) / 62))
        horizontal.drawBelow(&sheet, top: top, bottom: bottom)
        vertical.drawLeft(&sheet, left: inner, right: right - 12, title: left)
        return (horizontal.scale, vertical.scale)
    }

    private func marks(_ sheet: inout Drawing, _ x: Scale, _ y: Scale, _ place: (Point) -> (Double, Double)) {
        for index in series.indices {
            sheet.open("thin s\(Hue.series(index).place)")
            for point in points where point.series == index && point.measured > 0 && point.predicted > 0 {
                let (px, py) = place(point)
                sheet.symbol(index, x(px), y(py), radius: 2.6, classes: "")
            }
            sheet.close()
        }
    }

    private func legend(_ sheet: inout Drawing) -> Double {
        var (at, row) = (0.0, 8.0)
        for (index, name) in (series.map { $0.isEmpty ? "(none)" : $0 } + ["dashed: a factor of two"]).enumerated() {
            let marked = index < series.count, room = (marked ? 34 : 14) + TextMetrics.width(of: name, size: Drawing.fontSize)
            if at > 0, at + room > sheet.width { (at, row) = (0, row + 20) }
            if marked { sheet.symbol(index, at + 7, row, radius: 5, classes: "thin s\(Hue.series(index).place)") }
            sheet.text(name, at + (marked ? 19 : 0), row + 4, classes: "m")
            at += room
        }
        return row + 6
    }
}
