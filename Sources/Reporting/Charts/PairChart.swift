import Quantities

/// Two quantities each, one above the other, both from zero: the same thing on two sides.
public struct PairChart: Chart {
    public struct Pair: Sendable {
        public var label: String
        public var first: Double
        public var second: Double
        /// Written behind the longer bar.
        public var remark: String

        public init(_ label: String, _ first: Double, _ second: Double, remark: String = "") {
            self.label = label
            self.first = first
            self.second = second
            self.remark = remark
        }
    }

    public var name: String
    public var title: String
    public var note: String
    public var pairs: [Pair]
    public var sides: (first: String, second: String)
    public var measure: Measure
    public var axis: String
    public var labels: String

    public var table: ChartTable {
        ChartTable([labels, sides.first, sides.second, ""], pairs.map {
            [.text($0.label), .number($0.first, measure.text($0.first)), .number($0.second, measure.text($0.second)), .text($0.remark)]
        })
    }

    public func draw(width: Double) -> Drawing {
        var sheet = Drawing(width: width)
        let stacked = width < 480
        let entries = [(name: sides.first, hue: Hue.blue), (name: sides.second, hue: Hue.orange)].map { (name: TextMetrics.cut($0.name, to: width - 40, size: Drawing.fontSize), hue: $0.hue) }
        let top = sheet.legend(entries, x: 0, y: 0, to: width) + 8
        let widest = pairs.map { TextMetrics.width(of: $0.label, size: Drawing.fontSize) }.max() ?? 0
        let gutter = stacked ? 0 : min(widest + 13, width * 0.3), pitch = stacked ? 46.0 : 32.0
        let room = stacked ? 12 : (pairs.map { TextMetrics.width(of: figure($0), size: Drawing.fontSize) }.max() ?? 0) + 10
        let right = width - room, most = max(5, Int((right - gutter) / 75))
        let axis = Axis.ofBars(axis, measure, to: pairs.flatMap { [$0.first, $0.second] }.max() ?? 0, from: gutter, to: right, ticks: most), scale = axis.scale
        let bottom = top + pitch * Double(pairs.count) + 2
        axis.drawBelow(&sheet, top: top, bottom: bottom)
        for (index, pair) in pairs.enumerated() {
            let y = top + pitch * Double(index) + (stacked ? 19 : 5)
            for (offset, value, hue, side) in [(0.0, pair.first, Hue.blue, sides.first), (11.0, pair.second, Hue.orange, sides.second)] {
                let tip = Drawing.Tip(text: "\(pair.label), \(side): \(measure.text(value))", values: [("value", value)])
                sheet.textured(gutter, y + offset, scale(max(0, value)) - gutter, 10, hue: hue, tip: tip)
            }
            let text = figure(pair)
            if stacked {
                let space = width - TextMetrics.width(of: text, size: Drawing.fontSize) - 10
                sheet.text(TextMetrics.cut(pair.label, to: max(60, space), size: Drawing.fontSize), 0, y - 5, classes: "t halo")
                sheet.text(TextMetrics.cut(text, to: width - 70, size: Drawing.fontSize), width, y - 5, anchor: .end, classes: "m halo")
            } else {
                sheet.text(TextMetrics.cut(pair.label, to: gutter - 12, size: Drawing.fontSize), gutter - 8, y + 14, anchor: .end)
                sheet.text(text, scale(max(pair.first, pair.second, 0)) + 6, y + 14, classes: "m halo")
            }
        }
        if !stacked { sheet.line(gutter, top, gutter, bottom, classes: "axis") }
        sheet.height = bottom + 42
        return sheet
    }

    private func figure(_ pair: Pair) -> String {
        "\(measure.text(pair.first)) → \(measure.text(pair.second))" + (pair.remark.isEmpty ? "" : " · " + pair.remark)
    }
}
