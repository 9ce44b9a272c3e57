import CostModels
import Foundation
#if canImport(FoundationXML)
import FoundationXML
#endif
import Quantities
import Simulation
import Testing
@testable import Reporting
@testable import ResultsStore

struct ChartTests {
    private func marks(_ name: String, of chart: some Chart, width: Double = 880) -> [Element] {
        Element.all(name, in: chart.draw(width: width).body).filter { $0.classes.contains("mark") }
    }

    @Test("Bars start at zero and are as long as their values are to each other")
    func barsAreProportional() throws {
        let values = [3.2, 1.6, 0.4]
        let chart = BarChart(name: "b", title: "", note: "", bars: values.enumerated().map { .init("bar \($0)", $1) }, measure: .time, axis: "time", labels: "what")
        for width in [340.0, 420, 896] {
            let bars = marks("rect", of: chart, width: width)
            #expect(bars.compactMap { $0["data-value"] } == values)
            let longest = try #require(bars.first?["width"])
            for (bar, value) in zip(bars, values) { #expect(abs((bar["width"] ?? 0) / longest - value / 3.2) < 1e-3) }
            #expect(Set(bars.compactMap { $0["x"] }).count == 1, "all start at the same place")
            #expect(bars.allSatisfy { ($0["x"] ?? 0) + ($0["width"] ?? 0) <= width })
        }
    }

    @Test("The parts of a stack lie end to end, and its end is their sum on the scale of the axis")
    func stacksAddUp() throws {
        let parts = [30.0, 6, 0, 4].map { $0 * 1e9 }
        let chart = StackChart(name: "m", title: "", note: "", stacks: [.init(label: "gpu", parts: parts, limits: [("capacity", 80e9)])], parts: ["a", "b", "c", "d"],
                               measure: .bytes, axis: "memory", labels: "")
        let bars = marks("rect", of: chart)
        #expect(bars.compactMap { $0["data-value"] } == parts.filter { $0 > 0 })
        var end = 0.0
        for bar in bars {
            #expect(abs((bar["x"] ?? -1) - end) < 0.02)
            end = (bar["x"] ?? 0) + (bar["width"] ?? 0)
        }
        let limit = try #require(marks("path", of: chart).first { $0["data-value"] == 80e9 }?.attributes["d"]?.split { !"0123456789.".contains($0) }.first.flatMap { Double($0) })
        #expect(abs(end / limit - 0.5) < 1e-3, "40 of 80 GB end half-way to the line")
    }

    @Test("On the roofline an operator at the balance of the device and at its peak lies where the two ceilings meet")
    func ridge() throws {
        let chart = RooflineChart(title: "", note: "", points: [.init(label: "ridge", intensity: 100, rate: 1e14, seconds: 1, bound: .compute)], peaks: [("peak", 1e14)], bandwidths: [("dram", 1e12)])
        let mark = try #require(marks("circle", of: chart).first), sheet = chart.draw(width: 880).body
        let ceilings = Element.all("path", in: sheet).filter { $0.classes.contains("rule") }.compactMap { $0.attributes["d"] }
        #expect(ceilings.count == 2)
        let ends = ceilings.flatMap { $0.split { !"0123456789.".contains($0) }.compactMap { Double($0) } }
        for coordinate in [mark["cx"], mark["cy"]] {
            let value = try #require(coordinate)
            #expect(ends.contains { abs($0 - value) < 0.02 })
        }
        #expect(mark["data-x"] == 100 && mark["data-y"] == 1e14)
    }

    @Test("Kernels too short to be drawn are joined without losing a stretch of time, and others keep their own extent")
    func joiningKeepsExtents() {
        let spans = (0..<1000).map { TimelineChart.Span(label: "k", start: Double($0), end: Double($0) + 1, bound: $0 < 600 ? .memory : .launch) }
            + [.init(label: "long", start: 1000, end: 1500, bound: .memory)]
        let drawn = TimelineChart.drawable(spans, pixel: 20)
        #expect(drawn.count < 60)
        #expect(drawn.first?.start == 0 && drawn.last?.label == "long" && drawn.last?.start == 1000)
        for (one, next) in zip(drawn, drawn.dropFirst()) { #expect(one.end == next.start) }
        #expect(TimelineChart.busy(drawn) == TimelineChart.busy(spans))
        #expect(!drawn.contains { $0.start < 600 && $0.end > 600 }, "what is bound by different things is not joined")
    }

    @Test("The marks of the front are the points of the front, at their own values, and nothing else is marked")
    func frontIsTheFront() throws {
        let sweep = SweepSample.sweep(), chart = try #require(SweepCharts(sweep).fronts.first)
        let drawn = (marks("circle", of: chart) + marks("path", of: chart)).compactMap { mark in mark["data-x"].flatMap { x in mark["data-y"].map { [x, $0] } } }
        #expect(Set(drawn) == Set(sweep.front.map { [sweep.value("tpot", of: $0) ?? 0, sweep.value("energyPerToken", of: $0) ?? 0] }))
        // By hand: a point is on the front when none is better in both.
        let feasible = sweep.points.filter(sweep.isFeasible)
        for point in feasible {
            let beaten = feasible.contains { $0.values[0] <= point.values[0] && $0.values[1] <= point.values[1] && ($0.values[0] < point.values[0] || $0.values[1] < point.values[1]) }
            #expect(drawn.contains([point.values[0], point.values[1]]) == !beaten)
        }
    }

    @Test("The bar of a value on an axis is the best that any point with it reaches")
    func axisEffects() throws {
        let sweep = SweepSample.sweep(), charts = SweepCharts(sweep).effects
        #expect(charts.map(\.labels) == ["device", "weights", "batch", "prompt"])
        for (axis, chart) in charts.enumerated() {
            for (choice, bar) in chart.bars.enumerated() {
                let own = sweep.points.filter { sweep.isFeasible($0) && sweep.axes[axis].choice(at: $0.place) == choice }
                #expect(bar.value == own.map { $0.values[1] }.min())
            }
        }
    }

    @Test("A right prediction lies on the diagonal of the parity chart, and the drawing is well-formed XML whatever names are in it")
    func parity() throws {
        let chart = ParityChart(title: "a < b & \"c\"\u{1}", note: "", points: [.init(measured: 1e-3, predicted: 1e-3, series: 0), .init(measured: 1, predicted: 3, series: 0)], series: ["<&\"'x"])
        let circles = Element.all("circle", in: chart.draw(width: 896).body), diagonal = Element.all("path", in: chart.draw(width: 896).body).first { $0.classes == ["rule", "line"] }
        let ends = try #require(diagonal?.attributes["d"]).split { !"0123456789.".contains($0) }.compactMap { Double($0) }
        let (x, y) = (try #require(circles.dropFirst().first?["cx"]), try #require(circles.dropFirst().first?["cy"]))
        #expect(abs((y - ends[1]) - (ends[3] - ends[1]) / (ends[2] - ends[0]) * (x - ends[0])) < 0.05)
        let all: [any Chart] = [chart, ParityChart(title: "nothing", note: "", points: [], series: [])] + RunCharts(Sample.report(), on: try Sample.system()).all + SweepCharts(SweepSample.sweep()).all
        for chart in all {
            for width in [340.0, 880] { #expect(XMLParser(data: Data(chart.svg(width: width).utf8)).parse(), "\(chart.name) at \(width)") }
        }
    }

    @Test("Marks keep 3:1 against the paper and text 4.5:1, in light and in dark (WCAG 2.2, 1.4.11 and 1.4.3)")
    func contrast() {
        for hue in Hue.all {
            #expect(Self.contrast(hue.light, Paper.light.paper) >= 3, "\(hue)")
            #expect(Self.contrast(hue.dark, Paper.dark.paper) >= 3, "\(hue)")
        }
        for (paper, other) in [(Paper.light, "#F3F5F7"), (Paper.dark, "#0E1114")] {
            for text in [paper.ink, paper.muted] {
                #expect(Self.contrast(text, paper.paper) >= 4.5 && Self.contrast(text, other) >= 4.5)
            }
            #expect(Self.contrast(paper.axis, paper.paper) >= 3)
        }
    }

    @Test("No two hues look alike, with all cones, without red or without green ones (Viénot, Brettel and Mollon, 1999); the first five are far apart")
    func colourVision() {
        for colours in [Hue.all.map(\.light), Hue.all.map(\.dark)] {
            for i in colours.indices {
                for j in colours.indices where j > i {
                    let nearest = Vision.allCases.map { Self.distance(Self.seen(colours[i], with: $0), Self.seen(colours[j], with: $0)) }.min() ?? 0
                    #expect(nearest > (j < 5 ? 0.2 : 0.09), "\(Hue.all[i]) and \(Hue.all[j])")
                }
            }
        }
    }

    private enum Vision: CaseIterable { case all, noRed, noGreen }

    private static func linear(_ colour: String) -> [Double] {
        let number = Int(colour.dropFirst(), radix: 16) ?? 0
        return [16, 8, 0].map { shift in
            let channel = Double((number >> shift) & 255) / 255
            return channel <= 0.04045 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4)
        }
    }

    private static func contrast(_ a: String, _ b: String) -> Double {
        func luminance(_ colour: String) -> Double { zip(linear(colour), [0.2126, 0.7152, 0.0722]).reduce(0) { $0 + $1.0 * $1.1 } }
        let (x, y) = (luminance(a), luminance(b))
        return (max(x, y) + 0.05) / (min(x, y) + 0.05)
    }

    private static func seen(_ colour: String, with vision: Vision) -> [Double] {
        let c = linear(colour)
        let rows: [[Double]] = switch vision {
        case .all: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
        case .noRed: [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]
        case .noGreen: [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]
        }
        return rows.map { row in pow(max(0, row[0] * c[0] + row[1] * c[1] + row[2] * c[2]), 1 / 2.2) }
    }

    private static func distance(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() }
}
