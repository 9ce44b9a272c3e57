import Quantities

/// An axis with its ticks, its grid lines and a title that names the unit.
struct Axis {
    let scale: Scale
    let measure: Measure
    let title: String
    let ticks: [Double]

    /// On a linear axis all ticks share a unit, which stands in the title; on a logarithmic one each has its own.
    private let sharedUnit: Unit?

    init(_ title: String, _ measure: Measure, _ scale: Scale, ticks most: Int) {
        self.title = title
        self.measure = measure
        self.scale = scale
        sharedUnit = scale.kind == .linear ? measure.unit(for: max(abs(scale.domain.lowerBound), abs(scale.domain.upperBound))) : nil
        ticks = scale.ticks(most, unit: sharedUnit?.scale ?? 1)
    }

    /// From zero to the largest value, for bars.
    static func ofBars(_ title: String, _ measure: Measure, to largest: Double, from start: Double, to end: Double, ticks most: Int) -> Axis {
        Axis(title, measure, .linear(0...(largest > 0 && largest.isFinite ? largest : 1), from: start, to: end), ticks: most)
    }

    func label(_ tick: Double) -> String {
        if let sharedUnit { return measure.tick(tick, in: sharedUnit) }
        return measure.text(tick * (1 + 1e-12))
    }

    /// The title, with the unit where ticks share one.
    var fullTitle: String {
        guard let sharedUnit else { return title + " (logarithmic)" }
        return sharedUnit.symbol.isEmpty ? title : "\(title) (\(sharedUnit.symbol))"
    }

    /// Room that the labels of a vertical axis need.
    var labelWidth: Double { ticks.map { TextMetrics.width(of: label($0), size: Drawing.fontSize) }.max() ?? 0 }

    /// Below the plot: labels and title under `bottom`, grid lines up to `top`. Takes 40 pixels.
    func drawBelow(_ sheet: inout Drawing, top: Double, bottom: Double, grid: Bool = true) {
        var free = -Double.infinity
        for tick in ticks {
            let x = scale(tick)
            if grid { sheet.line(x, top, x, bottom, classes: "grid") }
            sheet.line(x, bottom, x, bottom + 4, classes: "axis")
            let text = label(tick), half = TextMetrics.width(of: text, size: Drawing.fontSize) / 2
            // A label at the edge moves in; one that would touch its neighbour is left out, and its grid line stays.
            let centre = max(half, min(x, sheet.width - half))
            guard centre - half >= free, abs(centre - x) <= 14 else { continue }
            sheet.text(text, centre, bottom + 17, anchor: .middle, classes: "m")
            free = centre + half + 8
        }
        sheet.line(min(scale.start, scale.end), bottom, max(scale.start, scale.end), bottom, classes: "axis")
        let room = TextMetrics.width(of: fullTitle, size: Drawing.fontSize)
        let middle = (scale.start + scale.end) / 2
        let centre = max(room / 2, min(middle, sheet.width - room / 2))
        sheet.text(fullTitle, centre, bottom + 35, anchor: .middle, classes: "m")
    }

    /// Left of the plot: labels that end at `left`, grid lines to `right`, the title above the axis, where it needs no turned text.
    func drawLeft(_ sheet: inout Drawing, left: Double, right: Double, title edge: Double = 0) {
        for tick in ticks {
            let y = scale(tick)
            sheet.line(left, y, right, y, classes: "grid")
            sheet.text(label(tick), left - 7, y + 4, anchor: .end, classes: "m")
        }
        sheet.line(left, min(scale.start, scale.end), left, max(scale.start, scale.end), classes: "axis")
        sheet.text(fullTitle, edge, min(scale.start, scale.end) - 12, classes: "m")
    }
}
