import Testing
@testable import Reporting

struct LineChartTests {
    private func marks(of chart: LineChart) -> [Element] { Element.all("circle", in: chart.draw(width: 880).body).filter { $0.classes.contains("mark") } }

    @Test("Equal steps on a linear axis are equal ways, and equal ratios on a logarithmic one")
    func pointsStandWhereTheirValuesAre() throws {
        let chart = LineChart(name: "l", title: "", note: "", x: .init("rows", .count), y: .init("part", .percent, over: 0...1),
                              lines: [.init("a", [(10, 0.2), (100, 0.4), (1000, 0.6)])])
        let points = marks(of: chart)
        #expect(points.compactMap { $0["data-x"] } == [10, 100, 1000])
        let x = points.compactMap { $0["cx"] }, y = points.compactMap { $0["cy"] }
        #expect(x.count == 3 && abs((x[1] - x[0]) / (x[2] - x[1]) - 1) < 1e-3)
        #expect(abs((y[0] - y[1]) / (y[1] - y[2]) - 1) < 1e-3 && y[0] > y[1])
    }

    @Test("The diagonal goes where both figures are equal: through a point that has them equal")
    func diagonal() throws {
        let chart = LineChart(name: "l", title: "", note: "", x: .init("nominal", .percent, over: 0...1), y: .init("observed", .percent, over: 0...1),
                              lines: [.init("a", [(0.5, 0.5)])], diagonal: "as stated")
        let point = try #require(marks(of: chart).first), rule = try #require(Element.all("path", in: chart.draw(width: 880).body).first { $0.classes.contains("rule") }?.attributes["d"])
        let ends = rule.split { !"0123456789.".contains($0) }.compactMap { Double($0) }
        #expect(ends.count == 4)
        let middle = ((ends[0] + ends[2]) / 2, (ends[1] + ends[3]) / 2)
        #expect(abs((point["cx"] ?? 0) - middle.0) < 0.05 && abs((point["cy"] ?? 0) - middle.1) < 0.05)
    }
}
