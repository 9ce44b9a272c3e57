import Quantities

/// Points as lines across all axes at once: what the good ones have in common, and what they give up for it.
///
/// Axes lie, one below the other, so that their names and values stand upright and a telephone shows as many as a desk.
public struct ParallelChart: Chart {
    public struct Axis: Sendable {
        public var name: String
        /// Values as they are written, in their order, for an axis of names or of few values; empty for one with a scale.
        public var labels: [String]
        public var measure: Measure

        public init(name: String, labels: [String] = [], measure: Measure = .count) {
            self.name = name
            self.labels = labels
            self.measure = measure
        }
    }

    public struct Line: Sendable {
        /// By axis: an index into its labels, or a value of its scale.
        public var values: [Double]
        /// Index into `series`, nil for one of the crowd.
        public var series: Int?
        public var tip: String

        public init(values: [Double], series: Int?, tip: String = "") {
            self.values = values
            self.series = series
            self.tip = tip
        }
    }

    public var name: String
    public var title: String
    public var note: String
    public var axes: [Axis]
    public var lines: [Line]
    public var series: [String]
    public var crowd: String
    public var table: ChartTable

    public func draw(width: Double) -> Drawing {
        var sheet = Drawing(width: width)
        let used = series.indices.filter { index in lines.contains { $0.series == index } }
        let entries = used.map { (name: series[$0], hue: Hue.series($0)) }
        var top = sheet.legend(entries, x: 0, y: 0, to: width)
        if lines.contains(where: { $0.series == nil }) { top = sheet.legend([(crowd, .grey)], x: 0, y: top, to: width) }
        top += 10
        let pitch = 64.0
        let scales = axes.enumerated().map { index, axis in scale(of: axis, lines.map { $0.values[index] }, width: width) }
        func row(_ index: Int) -> Double { top + 26 + pitch * Double(index) }
        for line in lines.sorted(by: { $0.series == nil && $1.series != nil }) {
            let points = axes.indices.map { (scales[$0](line.values[$0]), row($0)) }
            guard let series = line.series else {
                sheet.polyline(points, classes: "crowdline")
                continue
            }
            sheet.polyline(points, classes: "line s\(Hue.series(series).place)", tip: .init(text: line.tip))
        }
        for (index, axis) in axes.enumerated() {
            let y = row(index), scale = scales[index]
            sheet.line(scale.start, y, scale.end, y, classes: "axis")
            sheet.text(axis.name, 0, y - 12, classes: "t s halo")
            for (x, text) in ticks(of: axis, scale, width: width) {
                sheet.line(x, y - 4, x, y + 4, classes: "axis")
                let half = TextMetrics.width(of: text, size: 11) / 2
                sheet.text(text, max(half, min(x, width - half)), y + 17, anchor: .middle, classes: "m halo", size: 11)
            }
        }
        sheet.height = row(axes.count - 1) + 26
        return sheet
    }

    private func scale(of axis: Axis, _ values: [Double], width: Double) -> Scale {
        let inset = 24.0
        guard axis.labels.isEmpty else { return .linear(0...Double(max(1, axis.labels.count - 1)), from: inset, to: width - inset) }
        let finite = values.filter(\.isFinite), least = finite.min() ?? 0, most = finite.max() ?? 1
        if least > 0, most / least > 12 { return .logarithmic(Scale.decades(covering: finite, margin: 0), from: inset, to: width - inset) }
        let span = most > least ? most - least : max(1, abs(most)) * 0.1
        return .linear(least...(least + span), from: inset, to: width - inset)
    }

    /// Every label that has room; of a scale, round values.
    private func ticks(of axis: Axis, _ scale: Scale, width: Double) -> [(x: Double, text: String)] {
        var kept: [(x: Double, text: String)] = [], free = -Double.infinity
        let all: [(x: Double, text: String)] = axis.labels.isEmpty
            ? scale.ticks(Int(width / 90)).map { (scale($0), axis.measure.text($0 * (1 + 1e-12))) }
            : axis.labels.enumerated().map { (scale(Double($0.offset)), $0.element) }
        let slot = axis.labels.count > 1 ? max(44, (width - 48) / Double(axis.labels.count - 1) - 6) : width / 3
        for tick in all {
            let text = TextMetrics.cut(tick.text, to: min(slot, width / 2), size: 11), half = TextMetrics.width(of: text, size: 11) / 2
            let centre = max(half, min(tick.x, width - half))
            guard centre - half >= free else { continue }
            kept.append((tick.x, text))
            free = centre + half + 5
        }
        return kept
    }
}
