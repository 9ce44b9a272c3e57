#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import CostModels
import Quantities

/// Operators under the ceilings of their device (Williams, Waterman and Patterson, "Roofline", CACM 52(4), 2009): work for
/// each byte against work for each second, both logarithmic.
public struct RooflineChart: Chart {
    public struct Point: Sendable {
        public var label: String
        /// Operations for each byte that has to move.
        public var intensity: Double
        /// Operations a second of one device while the operator runs.
        public var rate: Double
        /// Seconds it runs: the area of its mark.
        public var seconds: Double
        public var bound: Bound

        public init(label: String, intensity: Double, rate: Double, seconds: Double, bound: Bound) {
            self.label = label
            self.intensity = intensity
            self.rate = rate
            self.seconds = seconds
            self.bound = bound
        }
    }

    public var name = "roofline"
    public var title: String
    public var note: String
    public var points: [Point]
    /// Horizontal ceilings, in FLOP/s, and slanted ones, in bytes a second; the first of each is the one that counts.
    public var peaks: [(name: String, rate: Double)]
    public var bandwidths: [(name: String, rate: Double)]

    public var table: ChartTable {
        ChartTable(["operator", "FLOP/byte", "compute rate", "time", "bound by"], points.map {
            [.text($0.label), .number($0.intensity, Measure.count.text($0.intensity)), .number($0.rate, Measure.computeRate.text($0.rate)),
             .number($0.seconds, Measure.time.text($0.seconds)), .text($0.bound.rawValue)]
        })
    }

    public func draw(width: Double) -> Drawing {
        var sheet = Drawing(width: width)
        guard let peak = peaks.first?.rate, let bandwidth = bandwidths.first?.rate else { return sheet }
        let narrow = width < 480
        let bounds = Bound.allCases.filter { bound in points.contains { $0.bound == bound } }
        let legendBottom = self.legend(bounds, &sheet)
        let top = legendBottom + 38, bottom = top + (narrow ? 300 : 400)
        let balance = peak / bandwidth
        let xs = Scale.decades(covering: points.map(\.intensity) + [balance / 3, balance * 4])
        let ys = Scale.decades(covering: points.map(\.rate) + peaks.map(\.rate) + [peak * 1.5, xs.lowerBound * bandwidth], margin: 0.03)
        let vertical = Axis("compute rate of one device", .computeRate, .logarithmic(ys, from: bottom, to: top), ticks: 9)
        let left = vertical.labelWidth + 10
        let horizontal = Axis("operations for each byte, FLOP/byte", .count, .logarithmic(xs, from: left, to: width - 10), ticks: Int(width / 60))
        let (x, y) = (horizontal.scale, vertical.scale)
        horizontal.drawBelow(&sheet, top: top, bottom: bottom)
        vertical.drawLeft(&sheet, left: left, right: width - 10)
        let longest = points.map(\.seconds).max() ?? 1
        var taken = points.map { point in
            let radius = Self.radius(of: point, longest: longest)
            return Box(x: x(point.intensity) - radius, y: y(point.rate) - radius, width: 2 * radius, height: 2 * radius)
        }
        taken += ceilings(x, y, avoiding: taken, &sheet)
        // The mark of the longest operator is drawn first, so that it hides no other.
        let sorted = points.sorted { $0.seconds > $1.seconds }
        for point in sorted {
            let radius = Self.radius(of: point, longest: longest), tip = "\(point.label): \(Measure.computeRate.text(point.rate)) at \(Measure.intensity.text(point.intensity)), "
                + "\(Measure.time.text(point.seconds)), bound by \(point.bound.rawValue)"
            let place = bounds.firstIndex(of: point.bound) ?? 0
            sheet.symbol(place, x(point.intensity), y(point.rate), radius: radius, classes: "open f\(point.bound.hue.place) s\(point.bound.hue.place)",
                         tip: .init(text: tip, values: [("x", point.intensity), ("y", point.rate), ("value", point.seconds)]))
        }
        let frame = Box(x: left, y: top, width: width - left, height: bottom - top)
        for point in sorted {
            Label.place(point.label, near: (x(point.intensity), y(point.rate)), distance: Self.radius(of: point, longest: longest) + 3, in: frame, avoiding: &taken, &sheet)
        }
        sheet.height = bottom + 42
        return sheet
    }

    private static func radius(of point: Point, longest: Double) -> Double { max(4, 14 * (point.seconds / longest).squareRoot()) }

    private func legend(_ bounds: [Bound], _ sheet: inout Drawing) -> Double {
        var (at, row) = (0.0, 8.0)
        for (place, bound) in bounds.enumerated() {
            let text = "bound by \(bound.rawValue)", room = 34 + TextMetrics.width(of: text, size: Drawing.fontSize)
            if at > 0, at + room > sheet.width { (at, row) = (0, row + 20) }
            sheet.symbol(place, at + 7, row, radius: 5.5, classes: "open f\(bound.hue.place) s\(bound.hue.place)")
            sheet.text(text, at + 19, row + 4, classes: "m")
            at += room
        }
        return row + 6
    }

    /// The ceilings with their names; the boxes of the names.
    private func ceilings(_ x: Scale, _ y: Scale, avoiding marks: [Box], _ sheet: inout Drawing) -> [Box] {
        var taken: [Box] = []
        let best = bandwidths.map(\.rate).max() ?? 1, highest = peaks.map(\.rate).max() ?? 1
        for (index, peak) in peaks.enumerated() {
            let from = max(x.domain.lowerBound, peak.rate / best)
            guard y.domain.contains(peak.rate), from < x.domain.upperBound else { continue }
            sheet.polyline([(x(from), y(peak.rate)), (x.end, y(peak.rate))], classes: index == 0 ? "rule line" : "axis line", dashed: index > 0)
            let text = "\(peak.name), \(Measure.computeRate.text(peak.rate))", room = TextMetrics.width(of: text, size: Drawing.fontSize)
            let box = Box(x: x.end - room - 2, y: y(peak.rate) - 18, width: room, height: 15)
            guard !taken.contains(where: { $0.overlaps(box) }), box.x > x(from) - room else { continue }
            sheet.text(text, x.end - 2, y(peak.rate) - 6, anchor: .end, classes: index == 0 ? "t halo" : "m halo")
            taken.append(box)
        }
        for (index, bandwidth) in bandwidths.enumerated() {
            // A slanted ceiling starts where it enters the plot and ends where it meets the peak that counts; to higher ones it goes on dashed.
            let from = max(x.domain.lowerBound, y.domain.lowerBound / bandwidth.rate), end = min(x.domain.upperBound, highest / bandwidth.rate)
            let to = min(end, peaks[0].rate / bandwidth.rate)
            guard from < to else { continue }
            sheet.polyline([(x(from), y(from * bandwidth.rate)), (x(to), y(to * bandwidth.rate))], classes: index == 0 ? "rule line" : "axis line", dashed: index > 0)
            if end > to { sheet.polyline([(x(to), y(to * bandwidth.rate)), (x(end), y(end * bandwidth.rate))], classes: "axis line", dashed: true) }
            let text = "\(bandwidth.name), \(Measure.bandwidth.text(bandwidth.rate))"
            if let box = alongside(text, x, y, from: from, to: to, bandwidth.rate, strong: index == 0, avoiding: marks + taken, &sheet) { taken.append(box) }
        }
        return taken
    }

    /// Writes a text along a slanted ceiling, near its lower end; the box it covers.
    private func alongside(_ text: String, _ x: Scale, _ y: Scale, from: Double, to: Double, _ rate: Double, strong: Bool, avoiding taken: [Box], _ sheet: inout Drawing) -> Box? {
        let (dx, dy) = (x(to) - x(from), y(to * rate) - y(from * rate))
        let length = (dx * dx + dy * dy).squareRoot(), room = TextMetrics.width(of: text, size: Drawing.fontSize)
        guard length > room + 16 else { return nil }
        let (cosine, sine) = (dx / length, dy / length)
        func covered(_ start: Double) -> (x: Double, y: Double, box: Box) {
            let (px, py) = (x(from) + start * cosine + 5 * sine, y(from * rate) + start * sine - 5 * cosine)
            return (px, py, Box(x: px - 4, y: py + room * sine - 12, width: room * cosine + 8, height: -room * sine + 14))
        }
        let places = stride(from: 8.0, to: length - room - 8, by: 12).lazy.map(covered)
        guard let (px, py, box) = places.first(where: { place in !taken.contains { $0.overlaps(place.box) } }) else { return nil }
        sheet.slanted(text, px, py, angle: atan2(dy, dx) * 180 / .pi, classes: strong ? "t halo" : "m halo")
        return box
    }
}
