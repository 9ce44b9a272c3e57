import Measurement
import Quantities
import Reporting

extension ComparisonSample {
    /// The sample as a picture.
    public func chart(title: String) -> ParityChart {
        let rows = points.count < predicted ? "\(points.count) of \(predicted) predicted rows, each with the same chance of being drawn" : "\(predicted) predicted rows"
        return ParityChart(title: title, note: "Each mark is a measured row; colour and shape say the \(column). " + rows.prefix(1).uppercased() + rows.dropFirst()
                           + (left > 0 ? "; \(left) rows of other quantities than time are left out." : "."),
                           points: points.map { .init(measured: $0.measured, predicted: $0.predicted, series: $0.series) }, series: series)
    }
}
