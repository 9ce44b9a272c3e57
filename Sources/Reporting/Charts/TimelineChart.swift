import CostModels
import Quantities

/// What ran when: a track for each stream of each device, time from left to right.
public struct TimelineChart: Chart {
    public struct Span: Sendable {
        public var label: String
        /// Seconds from the start of the step.
        public var start: Double
        public var end: Double
        public var bound: Bound

        public init(label: String, start: Double, end: Double, bound: Bound) {
            self.label = label
            self.start = start
            self.end = end
            self.bound = bound
        }
    }

    public struct Track: Sendable {
        public var name: String
        /// In the order of their start.
        public var spans: [Span]

        public init(name: String, spans: [Span]) {
            self.name = name
            self.spans = spans
        }
    }

    public var name: String
    public var title: String
    public var note: String
    public var tracks: [Track]
    /// Layers that follow each other, from where to where.
    public var layers: [(layer: Int, start: Double, end: Double)]
    public var duration: Double

    public var table: ChartTable {
        ChartTable(["track", "kernels", "running", "of the step"], tracks.map { track in
            let busy = Self.busy(track.spans)
            return [.text(track.name), .number(Double(track.spans.count), counted(Double(track.spans.count))), .number(busy, Measure.time.text(busy)),
                    .number(duration > 0 ? busy / duration : 0, percent(duration > 0 ? busy / duration : 0))]
        })
    }

    /// Seconds in which at least one of the spans ran.
    static func busy(_ spans: [Span]) -> Double {
        var total = 0.0, reached = -Double.infinity
        for span in spans where span.end > reached {
            total += span.end - max(span.start, reached)
            reached = span.end
        }
        return total
    }

    public func draw(width: Double) -> Drawing {
        var sheet = Drawing(width: width)
        let bounds = Bound.allCases.filter { bound in tracks.contains { $0.spans.contains { $0.bound == bound } } }
        let top = sheet.legend(bounds.map { ("bound by \($0.rawValue)", $0.hue) }, x: 0, y: 0, to: width) + 6
        let scale = Scale.linear(0...max(duration, 1e-12), from: 1, to: width - 12)
        let bottom = top + Double(tracks.count) * 44 + (layers.count > 1 ? 30 : 0)
        Axis("time since the step began", .time, scale, ticks: Int(width / 90)).drawBelow(&sheet, top: top, bottom: bottom)
        for (index, track) in tracks.enumerated() {
            let y = top + Double(index) * 44
            sheet.text(TextMetrics.cut(track.name, to: width - 2, size: Drawing.fontSize), 1, y + 13, classes: "t halo")
            for run in Self.drawable(track.spans, pixel: duration / (width - 13)) {
                let tip = "\(run.label): \(Measure.time.text(run.end - run.start)) from \(Measure.time.text(run.start)), bound by \(run.bound.rawValue)"
                sheet.textured(scale(run.start), y + 19, max(0.4, scale(run.end) - scale(run.start)), 20, hue: run.bound.hue,
                               tip: .init(text: tip, values: [("start", run.start), ("end", run.end)]))
            }
        }
        if layers.count > 1 { draw(layers, at: bottom - 24, scale, &sheet) }
        sheet.height = bottom + 42
        return sheet
    }

    private func draw(_ layers: [(layer: Int, start: Double, end: Double)], at y: Double, _ scale: Scale, _ sheet: inout Drawing) {
        var free = -1.0
        for (index, layer) in layers.enumerated() {
            let from = scale(layer.start), to = scale(layer.end)
            sheet.rectangle(from, y + 14, max(0.4, to - from), 6, classes: index % 2 == 0 ? "faint" : "band",
                            tip: .init(text: "layer \(layer.layer): \(Measure.time.text(layer.end - layer.start)) from \(Measure.time.text(layer.start))",
                                       values: [("start", layer.start), ("end", layer.end)]))
            let text = index == 0 ? "layer \(layer.layer)" : "\(layer.layer)", room = TextMetrics.width(of: text, size: 11)
            guard from >= free, from + room <= sheet.width else { continue }
            sheet.text(text, from, y + 10, classes: "m halo", size: 11)
            free = from + room + 26
        }
    }

    /// Spans that can be seen one by one, and those narrower than a pixel joined with their neighbours of the same bound.
    static func drawable(_ spans: [Span], pixel: Double) -> [Span] {
        var runs: [Span] = [], members = 0
        for span in spans {
            if let last = runs.last, last.bound == span.bound, span.start - last.end < pixel * 0.5, span.end - span.start < pixel || (members > 1 && last.end - last.start < pixel * 2) {
                members = members + 1
                runs[runs.count - 1].end = max(last.end, span.end)
                runs[runs.count - 1].label = "\(members) kernels"
            } else {
                runs.append(span)
                members = 1
            }
        }
        return runs
    }
}

/// What follows what, one row for each: a stretch of a timeline with every name written out.
public struct WaterfallChart: Chart {
    public var name: String
    public var title: String
    public var note: String
    /// In the order of their start.
    public var spans: [TimelineChart.Span]

    public var table: ChartTable {
        let origin = spans.map(\.start).min() ?? 0
        return ChartTable(["operator", "start", "time", "bound by"], spans.map {
            [.text($0.label), .number($0.start - origin, Measure.time.text($0.start - origin)), .number($0.end - $0.start, Measure.time.text($0.end - $0.start)),
             .text($0.bound.rawValue)]
        })
    }

    public func draw(width: Double) -> Drawing {
        var sheet = Drawing(width: width)
        let origin = spans.map(\.start).min() ?? 0, length = (spans.map(\.end).max() ?? 1) - origin
        let bounds = Bound.allCases.filter { bound in spans.contains { $0.bound == bound } }
        let top = sheet.legend(bounds.map { ("bound by \($0.rawValue)", $0.hue) }, x: 0, y: 0, to: width) + 6
        let stacked = width < 480
        let widest = spans.map { TextMetrics.width(of: $0.label, size: Drawing.fontSize) }.max() ?? 0
        let gutter = stacked ? 1 : min(widest + 13, width * 0.34), pitch = stacked ? 31.0 : 21.0
        let scale = Scale.linear(0...max(length, 1e-12), from: gutter, to: width - 12)
        let bottom = top + pitch * Double(spans.count) + 4
        Axis("time since the layer began", .time, scale, ticks: Int((width - gutter) / 80)).drawBelow(&sheet, top: top, bottom: bottom)
        for (index, span) in spans.enumerated() {
            let y = top + pitch * Double(index), from = scale(span.start - origin), to = scale(span.end - origin)
            let text = Measure.time.text(span.end - span.start), room = TextMetrics.width(of: text, size: Drawing.fontSize)
            let tip = "\(span.label): \(text) from \(Measure.time.text(span.start - origin)), bound by \(span.bound.rawValue)"
            sheet.textured(from, y + (stacked ? 17 : 4), max(1, to - from), 13, hue: span.bound.hue,
                           tip: .init(text: tip, values: [("start", span.start), ("end", span.end)]))
            if stacked {
                sheet.text(TextMetrics.cut(span.label, to: width - room - 12, size: Drawing.fontSize), 1, y + 13, classes: "t halo")
                sheet.text(text, width - 12, y + 13, anchor: .end, classes: "m halo")
            } else {
                sheet.text(TextMetrics.cut(span.label, to: gutter - 12, size: Drawing.fontSize), gutter - 8, y + 15, anchor: .end)
                let after = to + 6 + room <= width
                sheet.text(text, after ? to + 6 : from - 6, y + 15, anchor: after ? .start : .end, classes: "m halo")
            }
        }
        sheet.height = bottom + 42
        return sheet
    }
}
