import Foundation
import Testing
@testable import Measurement

@Suite struct StatisticsTests {
    @Test("Four known pairs give the MAPE, median, P90 and bias worked out by hand")
    func byHand() {
        var errors = ErrorStatistics()
        for (predicted, measured) in [(1.1, 1.0), (0.8, 1.0), (2.0, 2.0), (4.0, 2.0)] { errors.add(predicted: predicted, measured: measured) }
        errors.addUnpredicted()
        #expect(errors.given == 5)
        #expect(errors.predicted == 4)
        // Errors 0.1, 0.2, 0, 1.
        #expect(abs((errors.mape ?? 0) - 0.325) < 1e-12)
        #expect(abs((errors.medianAPE ?? 0) - 0.15) < 1e-12)
        #expect(abs((errors.p90APE ?? 0) - (0.2 + 0.7 * 0.8)) < 1e-12)
        // Ratios 1.1 · 0.8 · 1 · 2 = 1.76.
        #expect(abs((errors.bias ?? 0) - (pow(1.76, 0.25) - 1)) < 1e-12)
    }

    @Test("Without any prediction there is no error to state")
    func empty() {
        var errors = ErrorStatistics()
        errors.addUnpredicted()
        #expect(errors.mape == nil && errors.medianAPE == nil && errors.p90APE == nil && errors.bias == nil)
    }

    @Test("Quantiles of a hundred thousand numbers lie within one percent of the exact ones")
    func sketch() {
        var sketch = QuantileSketch()
        var random = SplitMix(seed: 7)
        let values = (0..<100_000).map { _ in exp(Double.random(in: -6...3, using: &random)) }
        for value in values { sketch.add(value) }
        let sorted = values.sorted()
        for p in [0.01, 0.5, 0.9, 0.999] {
            let exact = sorted[Int(p * Double(sorted.count - 1))]
            #expect(abs((sketch.quantile(p) ?? 0) / exact - 1) < 0.01)
        }
    }

    @Test("A sample keeps each element with the same chance, and the same seed keeps the same ones")
    func reservoir() {
        func sample(_ seed: UInt64) -> [Int] {
            var reservoir = Reservoir<Int>(capacity: 10, seed: seed)
            for element in 0..<1000 { reservoir.offer(element) }
            return reservoir.kept
        }
        #expect(sample(3) == sample(3))
        #expect(sample(3) != sample(4))
        let mean = (0..<2000).map { Double(sample(UInt64($0)).reduce(0, +)) / 10 }.reduce(0, +) / 2000
        // 20,000 draws out of 0 … 999: the mean lies within four standard errors (2.04 each) of 499.5.
        #expect(abs(mean - 499.5) < 8.2)
    }

    @Test("The worst rows are those with the largest ratio, too small or too large alike")
    func worst() throws {
        var comparison = Comparison(costModel: "stated", by: ["device"], worst: 2)
        for (index, predicted) in [0.2, 0.02, 2.2, 0.19].enumerated() {
            let row = try row(gemmRow("d\(index)", ms: "0.2"))
            try comparison.add(row, of: "f", .success(Prediction(value: predicted, bound: nil, boundBy: .memory, basis: "")))
        }
        #expect(comparison.worst.map(\.row.device) == ["d2", "d1"])
    }
}
