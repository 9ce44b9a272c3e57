import Measurement
import Quantities
import Reporting
import ResultsStore

extension ComparisonSample {
    /// The sample as a picture.
    public func chart(title: String) -> ParityChart {
        let rows = points.count < predicted ? "\(points.count) of \(predicted) predicted rows, each with the same chance of being drawn" : "\(predicted) predicted rows"
        return ParityChart(title: title, note: "Each mark is a measured row; colour and shape say the \(column). " + rows.prefix(1).uppercased() + rows.dropFirst()
                           + (left > 0 ? "; \(left) rows of other quantities than time are left out." : "."),
                           points: points.map { .init(measured: $0.measured, predicted: $0.predicted, series: $0.series) }, series: series)
    }
}

extension ResultsStore {
    /// Measured runs that `orrery compare --db` kept in the file, against what a cost model predicted for them; nil without any.
    public func comparisonChart(costModel: String) throws -> ParityChart? {
        var sample = ComparisonSample(by: "phase")
        for row in try comparisons(costModel: costModel) {
            guard let predicted = row.predicted else { continue }
            sample.add(measured: row.value, predicted: predicted, unit: row.unit, to: row.phase)
        }
        guard sample.predicted > 0 else { return nil }
        var chart = sample.chart(title: "Predicted against measured")
        chart.name = "measured"
        return chart
    }
}
