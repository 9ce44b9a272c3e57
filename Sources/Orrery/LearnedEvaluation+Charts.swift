import Learning
import Quantities
import Reporting

extension LearnedEvaluation {
    /// One parity plot for each family and one of watts, coverage on shapes and on devices, learning curves; each named as its file.
    public var charts: [any Chart] {
        var charts: [any Chart] = families.map(parity)
        charts.append(coverageChart("coverage-shapes", "How often measurements of unseen shapes lie within the intervals") { point in point.shapes })
        if families.contains(where: { $0.coverage.contains { $0.devices != nil } }) {
            charts.append(coverageChart("coverage-devices", "How often measurements of devices left out lie within the intervals") { point in point.devices })
        }
        charts.append(LineChart(name: "learning-curves", title: "Error on unseen shapes by how many rows were learned from",
                                note: "\(folds)-fold cross-validation by shape; each part of the rows contains the smaller ones.", x: .init("rows learned from", .count),
                                y: .init("mean absolute percentage error", .percent),
                                lines: families.map { family in .init(family.family.rawValue, family.curve.map { (Double($0.rows), $0.errors.mape) }) }))
        if !power.isEmpty { charts.append(powerChart) }
        return charts
    }

    /// More marks cannot be told apart.
    private static let mostPoints = 1200

    private func parity(_ family: FamilyEvaluation) -> ParityChart {
        let kinds: [(kind: HeldOutPoint.Kind, name: String)] = [
            (.shape, "unseen shape"), (.sibling, "unseen device, by a sibling"), (.kin, "unseen device, by kin"), (.stranger, "unseen device without either"), (.software, "unseen software"),
        ].filter { kind in family.points.contains { $0.kind == kind.0 } }
        let points = kinds.enumerated().flatMap { series, kind in
            Self.spaced(family.points.filter { $0.kind == kind.kind }, most: Self.mostPoints / kinds.count).map {
                ParityChart.Point(measured: $0.measured, predicted: $0.predicted, series: series)
            }
        }
        return ParityChart(name: "parity-\(family.family.rawValue)", title: "\(family.family.rawValue): predicted without the row, beside what was measured",
                           note: "Colour and shape say what was held out. \(points.count) of \(family.points.count) predictions are drawn, equally spaced in the files.",
                           points: points, series: kinds.map(\.name))
    }

    private var powerChart: ParityChart {
        let points = power.enumerated().flatMap { series, one in
            Self.spaced(one.points, most: Self.mostPoints / power.count).map { ParityChart.Point(measured: $0.measured, predicted: $0.predicted, series: series) }
        }
        return ParityChart(name: "parity-power", title: "Power of boards, predicted without the row, beside what was measured",
                           note: "\(points.count) of \(power.reduce(0) { $0 + $1.points.count }) predictions on unseen shapes are drawn, equally spaced in the files.",
                           points: points, series: power.map { $0.scores.first?.family.rawValue ?? "" }, measure: .power, quantity: "power")
    }

    private func coverageChart(_ name: String, _ title: String, _ value: (FamilyEvaluation.CoveragePoint) -> Double?) -> LineChart {
        LineChart(name: name, title: title, note: "Above the dashed line intervals are wider than they say, below it too narrow.",
                  x: .init("nominal coverage", .percent, over: 0...1), y: .init("observed coverage", .percent, over: 0...1),
                  lines: families.compactMap { family in
                      let points = family.coverage.compactMap { point in value(point).map { (point.level, $0) } }
                      return points.isEmpty ? nil : .init(family.family.rawValue, points)
                  }, diagonal: "as stated")
    }

    /// At most so many elements, equally spaced.
    private static func spaced<Element>(_ all: [Element], most: Int) -> [Element] {
        guard all.count > most, most > 0 else { return all }
        return (0..<most).map { all[$0 * all.count / most] }
    }
}
