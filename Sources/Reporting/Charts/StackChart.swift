import Quantities

/// Parts that add up, one bar for each whole, with what each may hold.
public struct StackChart: Chart {
    public struct Stack: Sendable {
        public var label: String
        /// In the order in which they are stacked; all stacks have the same parts.
        public var parts: [Double]
        /// Where the bar may end at most, and what that line is called.
        public var limits: [(name: String, value: Double)]

        public init(label: String, parts: [Double], limits: [(name: String, value: Double)] = []) {
            self.label = label
            self.parts = parts
            self.limits = limits
        }
    }

    public var name: String
    public var title: String
    public var note: String
    public var stacks: [Stack]
    public var parts: [String]
    public var measure: Measure
    public var axis: String
    public var labels: String

    private static let hues = [Hue.blue, .orange, .green, .grey, .ochre, .violet, .magenta]

    public var table: ChartTable {
        let limits = stacks.first?.limits.map(\.name) ?? []
        return ChartTable([labels] + parts + ["together"] + limits, stacks.map { stack in
            [.text(stack.label)] + (stack.parts + [stack.parts.reduce(0, +)] + stack.limits.map(\.value)).map { .number($0, measure.text($0)) }
        })
    }

    public func draw(width: Double) -> Drawing {
        var sheet = Drawing(width: width)
        let used = parts.indices.filter { part in stacks.contains { $0.parts[part] > 0 } }
        let single = stacks.count == 1 ? stacks.first : nil
        // With one bar the legend has the figures, too.
        let entries = used.map { part in
            (name: parts[part] + (single.map { " " + measure.text($0.parts[part]) } ?? ""), hue: Self.hues[part % Self.hues.count])
        }
        let top = sheet.legend(entries, x: 0, y: 0, to: width) + 10
        let ends = stacks.flatMap { $0.limits.map(\.value) + [$0.parts.reduce(0, +)] }
        let axis = Axis.ofBars(axis, measure, to: ends.max() ?? 0, from: 0, to: width - 14, ticks: max(5, Int(width / 90))), scale = axis.scale
        let pitch = 52 + 16 * Double(stacks.map(\.limits.count).max() ?? 0), bottom = top + pitch * Double(stacks.count)
        axis.drawBelow(&sheet, top: top, bottom: bottom)
        for (index, stack) in stacks.enumerated() {
            let y = top + pitch * Double(index), sum = stack.parts.reduce(0, +)
            let total = measure.text(sum), room = width - TextMetrics.width(of: total, size: Drawing.fontSize) - 10
            sheet.text(TextMetrics.cut(stack.label, to: room, size: Drawing.fontSize), 0, y + 13, classes: "t halo")
            sheet.text(total, width - 14, y + 13, anchor: .end, classes: "t s halo")
            var from = 0.0
            for part in used where stack.parts[part] > 0 {
                let tip = Drawing.Tip(text: "\(parts[part]) of \(stack.label): \(measure.text(stack.parts[part]))", values: [("value", stack.parts[part])])
                sheet.textured(scale(from), y + 20, scale(from + stack.parts[part]) - scale(from), 22, hue: Self.hues[part % Self.hues.count], tip: tip)
                from += stack.parts[part]
            }
            limits(of: stack, at: y + 20, scale, &sheet)
        }
        sheet.height = bottom + 42
        return sheet
    }

    /// Lines across the bar, each named in a row of its own beneath it.
    private func limits(of stack: Stack, at y: Double, _ scale: Scale, _ sheet: inout Drawing) {
        for (row, limit) in stack.limits.sorted(by: { $0.value < $1.value }).enumerated() where limit.value > 0 {
            let x = scale(limit.value), text = "\(limit.name) \(measure.text(limit.value))", down = 26 + 15 * Double(row + 1)
            sheet.path("M\(coordinate(x)) \(coordinate(y - 4))V\(coordinate(y + down))", classes: "rule", tip: .init(text: text, values: [("value", limit.value)]))
            let room = TextMetrics.width(of: text, size: Drawing.fontSize), before = x - 6 - room >= 0
            sheet.text(text, before ? x - 6 : x + 6, y + down, anchor: before ? .end : .start, classes: "m halo")
        }
    }
}
