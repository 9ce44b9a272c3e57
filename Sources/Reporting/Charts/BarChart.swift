import Quantities

/// Quantities side by side: horizontal bars from zero, each with its name and its figure.
public struct BarChart: Chart {
    public struct Bar: Sendable {
        public var label: String
        public var value: Double
        /// Written behind the figure: a share, what bounds it.
        public var remark: String
        /// Whether there is a value at all; without one only the remark is written.
        public var isKnown = true
        var hue: Hue

        init(_ label: String, _ value: Double, remark: String = "", hue: Hue = .blue) {
            self.label = label
            self.value = value
            self.remark = remark
            self.hue = hue
        }
    }

    public var name: String
    public var title: String
    public var note: String
    public var bars: [Bar]
    public var measure: Measure
    /// What the axis measures, and the heading of the labels in the table.
    public var axis: String
    public var labels: String
    /// What the colours mean, where they differ.
    var legend: [(name: String, hue: Hue)] = []

    public var table: ChartTable {
        let remarks = bars.contains { !$0.remark.isEmpty }
        return ChartTable([labels, axis] + (remarks ? [""] : []), bars.map { bar in
            [.text(bar.label), bar.isKnown ? .number(bar.value, measure.text(bar.value)) : .text("")] + (remarks ? [.text(bar.remark)] : [])
        })
    }

    private static let thickness = 15.0

    public func draw(width: Double) -> Drawing {
        var sheet = Drawing(width: width)
        let stacked = width < 400
        let widest = bars.map { TextMetrics.width(of: $0.label, size: Drawing.fontSize) }.max() ?? 0
        let gutter = stacked ? 0 : min(widest + 13, width * 0.42)
        let figures = bars.map { figure($0) }
        let room = (figures.map { TextMetrics.width(of: $0, size: Drawing.fontSize) }.max() ?? 0) + 10
        let pitch = stacked ? 36.0 : 24.0
        // On a narrow sheet the figure stands beside the name, above the bar.
        let right = stacked ? width - 12 : width - room
        let most = max(5, Int((right - gutter) / 75))
        let axis = Axis.ofBars(axis, measure, to: bars.map(\.value).max() ?? 0, from: gutter, to: right, ticks: most), scale = axis.scale
        let top = sheet.legend(legend, x: 0, y: 0, to: width) + (legend.isEmpty ? 4 : 8)
        let bottom = top + pitch * Double(bars.count) + 2
        axis.drawBelow(&sheet, top: top, bottom: bottom)
        for (index, bar) in bars.enumerated() {
            let y = top + pitch * Double(index) + (stacked ? 18 : 5), length = scale(max(0, bar.value)) - gutter
            let tip = !bar.isKnown ? nil : Drawing.Tip(text: "\(bar.label): \(figures[index])", values: [("value", bar.value)])
            if legend.isEmpty {
                sheet.rectangle(gutter, y, length, Self.thickness, classes: "f\(bar.hue.place)", tip: tip)
            } else {
                sheet.textured(gutter, y, length, Self.thickness, hue: bar.hue, tip: tip)
            }
            if stacked {
                let space = width - TextMetrics.width(of: figures[index], size: Drawing.fontSize) - 10
                sheet.text(TextMetrics.cut(bar.label, to: space, size: Drawing.fontSize), 0, y - 5, classes: "t halo")
                sheet.text(figures[index], width, y - 5, anchor: .end, classes: "m halo")
            } else {
                sheet.text(TextMetrics.cut(bar.label, to: gutter - 12, size: Drawing.fontSize), gutter - 8, y + 12, anchor: .end)
                sheet.text(figures[index], gutter + length + 6, y + 12, classes: "m halo")
            }
        }
        if !stacked { sheet.line(gutter, top, gutter, bottom, classes: "axis") }
        sheet.height = bottom + 42
        return sheet
    }

    private func figure(_ bar: Bar) -> String { !bar.isKnown ? bar.remark : measure.text(bar.value) + (bar.remark.isEmpty ? "" : " · " + bar.remark) }

    /// The largest bars one by one and the rest as one, when there are more than fit.
    static func largest(_ bars: [Bar], atMost limit: Int, remark: (Double) -> String) -> [Bar] {
        let sorted = bars.sorted { $0.value > $1.value }
        guard sorted.count > limit + 1 else { return sorted }
        let rest = sorted.dropFirst(limit), sum = rest.reduce(0) { $0 + $1.value }
        return sorted.prefix(limit) + [Bar("\(rest.count) others", sum, remark: remark(sum), hue: .grey)]
    }
}
