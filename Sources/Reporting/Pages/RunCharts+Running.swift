import CostModels
import Hardware
import Operators
import Quantities
import Simulation
import Workloads

extension RunCharts {
    // MARK: Roofline

    /// One for each group whose operators do arithmetic; the first is called `roofline`, others by their group.
    var rooflines: [RooflineChart] {
        var charts: [RooflineChart] = []
        for group in system?.groups ?? [] {
            guard var chart = roofline(of: group) else { continue }
            if !charts.isEmpty { chart.name = "roofline-\(group.name)" }
            charts.append(chart)
        }
        return charts
    }

    private func roofline(of group: System.Group) -> RooflineChart? {
        let device = group.device
        let rows = report.operators.filter { $0.device == group.name && $0.flops > .zero && $0.bytes > .zero && $0.deviceTime > .zero && !$0.isExchange }
        guard let headline = device.headlinePeak, let bandwidth = device.mainMemory.bandwidth, bandwidth > .zero, !rows.isEmpty else { return nil }
        let points = rows.map {
            RooflineChart.Point(label: $0.name, intensity: $0.flops.value / $0.bytes.value, rate: $0.flops.value / $0.deviceTime.value, seconds: $0.latency.value, bound: $0.boundBy)
        }
        let peaks = Self.peaks(of: device, headline)
        var bandwidths = [(name: device.mainMemory.level.rawValue, rate: bandwidth.value)]
        if let cache = device.lastLevelCache, let rate = cache.bandwidth, rate.value > bandwidth.value * 1.2 { bandwidths.append((cache.level.rawValue, rate.value)) }
        let balance = headline.rate.value / bandwidth.value
        let time = rows.reduce(0) { $0 + $1.latency.value }, slow = points.filter { $0.intensity < balance }.reduce(0) { $0 + $1.seconds }
        let share = time > 0 ? slow / time : 0
        let above = points.contains { $0.rate > min(headline.rate.value, $0.intensity * bandwidth.value) * 1.02 }
        return RooflineChart(
            title: share > 0.9995 ? "All operator time lies where the memory sets the pace" : share >= 0.5 ? "\(percent(share)) of operator time lies where the memory sets the pace" : "\(percent(1 - share)) of operator time lies where compute sets the pace",
            note: "Each mark is an operator of \(device.name), its area the time it takes. Left of \(significant(balance, digits: 3)) FLOP/byte, where the ceilings meet, not even perfect software is faster than the slanted line."
                + (above ? " A mark above it found its operands in a cache, or is computed on in the memory itself." : ""),
            points: points.sorted { $0.seconds > $1.seconds }, peaks: peaks, bandwidths: bandwidths)
    }

    /// The headline peak, the fastest format of the same engine where that is faster, and the vector units: more would only be lines.
    private static func peaks(of device: Device, _ headline: (format: NumberFormat, rate: FlopsPerSecond)) -> [(name: String, rate: Double)] {
        var peaks = [(name: "\(headline.format.rawValue) peak", rate: headline.rate.value)]
        let matrix = device.engine(.tensor) ?? device.engine(.systolic)
        let fastest = matrix?.rates.keys.compactMap { format in matrix?.peak(format).map { (format: format, rate: $0.value) } }.max { $0.rate < $1.rate }
        if let fastest, fastest.rate > headline.rate.value * 1.02 { peaks.append(("\(fastest.format.rawValue) peak", fastest.rate)) }
        if let vector = device.engine(.vector), let rate = vector.peak(.fp32)?.value, abs(rate / headline.rate.value - 1) > 0.02 { peaks.append(("vector units, fp32", rate)) }
        return peaks
    }

    // MARK: Timelines

    /// For the first pass and for a decode step in the middle: the whole step, and one layer of it.
    var timelines: [any Chart] {
        guard let first = steps.first else { return [] }
        var chosen = [(step: first, suffix: "")]
        if steps.count > 1 { chosen.append((steps[1 + (steps.count - 1) / 2], "-2")) }
        return chosen.flatMap { step, suffix in StepTracks(of: step).charts(suffix: suffix) }
    }
}

/// A step as tracks of spans.
struct StepTracks {
    private let step: ChromeTrace.Step
    private var tracks: [TimelineChart.Track] = []
    private var layers: [(layer: Int, start: Double, end: Double)] = []
    /// Spans of one layer in the middle of the model, and which.
    private var sample: (layer: Int, spans: [TimelineChart.Span])?
    private var omitted = 0

    /// More tracks and more rows than this help nobody.
    private static let mostTracks = 8
    private static let mostRows = 40

    init(of step: ChromeTrace.Step) {
        self.step = step
        let timeline = step.timeline, graph = timeline.graph, host = timeline.hostTime.value
        func span(_ node: Int) -> TimelineChart.Span {
            let record = timeline.records[node]
            return .init(label: graph.uses[Int(graph.nodes[node].use)].name, start: host + record.start.seconds, end: host + record.end.seconds,
                         bound: timeline.demand(of: node).boundBy)
        }
        if host > 0 { tracks.append(.init(name: "host, before the first launch", spans: [.init(label: "host work of the step", start: 0, end: host, bound: .launch)])) }
        let order = graph.nodes.indices.sorted { (timeline.records[$0].start, $0) < (timeline.records[$1].start, $1) }
        for (lane, description) in graph.lanes.enumerated() {
            for stream in OperatorGraph.Stream.allCases {
                let nodes = order.filter { Int(graph.nodes[$0].lane) == lane && graph.nodes[$0].stream == stream }
                guard !nodes.isEmpty else { continue }
                guard tracks.count < Self.mostTracks else {
                    omitted += 1
                    continue
                }
                let alike = description.multiplicity > 1 ? ", one of \(description.multiplicity) alike" : ""
                tracks.append(.init(name: description.group + (description.label.isEmpty ? "" : " (\(description.label))") + alike + ": \(stream.title)", spans: nodes.map(span)))
            }
        }
        layers = Self.layers(of: timeline, from: host)
        guard let middle = layers.dropFirst(layers.count / 2).first else { return }
        let spans = order.filter { Int(graph.nodes[$0].layer) == middle.layer && graph.nodes[$0].lane == 0 && timeline.records[$0].end > timeline.records[$0].start }.map(span)
        sample = (middle.layer, Array(spans.prefix(Self.mostRows)))
    }

    /// From the first start to the last end of what each layer does on the first lane.
    private static func layers(of timeline: Timeline, from host: Double) -> [(layer: Int, start: Double, end: Double)] {
        var extents: [Int: (Double, Double)] = [:]
        for (node, record) in zip(timeline.graph.nodes, timeline.records) where node.layer >= 0 && node.lane == 0 && node.stream == .compute {
            let (start, end) = (host + record.start.seconds, host + record.end.seconds)
            let known = extents[Int(node.layer)] ?? (start, end)
            extents[Int(node.layer)] = (min(known.0, start), max(known.1, end))
        }
        return extents.sorted { $0.key < $1.key }.map { ($0.key, $0.value.0, $0.value.1) }
    }

    func charts(suffix: String) -> [any Chart] {
        guard !tracks.isEmpty else { return [] }
        let duration = step.timeline.duration.value
        let busiest = tracks.map { TimelineChart.busy($0.spans) }.max() ?? 0
        let more = omitted > 0 ? " \(omitted) more tracks are left out." : ""
        let whole = TimelineChart(
            name: "timeline" + suffix, title: "One \(step.name) takes \(Measure.time.text(duration)); its busiest track runs \(percent(busiest / max(duration, 1e-15))) of that",
            note: "What ran when. Kernels too short to be seen are drawn joined with their neighbours.\(more)", tracks: tracks, layers: layers, duration: duration)
        guard let sample, sample.spans.count > 1, let longest = sample.spans.max(by: { $0.end - $0.start < $1.end - $1.start }) else { return [whole] }
        let length = (sample.spans.map(\.end).max() ?? 0) - (sample.spans.map(\.start).min() ?? 0)
        let layer = WaterfallChart(
            name: "layer" + suffix,
            title: "Layer \(sample.layer) of the \(step.name): \(longest.label) takes \(Measure.time.text(longest.end - longest.start)) of \(Measure.time.text(length))",
            note: "Every operator of one layer in the middle of the model, in the order in which they start. Gaps are waits: for a launch, or for another result.",
            spans: sample.spans)
        return [whole, layer]
    }
}
