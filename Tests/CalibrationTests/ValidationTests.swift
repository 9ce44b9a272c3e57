@testable import Calibration
import Documents
import Measurement
import Testing

@Suite("Validation")
struct ValidationTests {
    private func record(_ kernel: String, _ precision: String, _ number: Int) -> MeasuredRecord {
        var record = MeasuredRecord(family: "gemm", phase: kernel, metric: "kernel_latency", value: Double(number), unit: "ms")
        record.precision = precision
        return record
    }

    @Test("Of every kernel and precision one half is for the fit and the other for the judgement, none in both")
    func halves() {
        let records = (0..<9).map { record("matmul", "fp32", $0) } + (10..<14).map { record("matmul", "w4a32_g128", $0) }
        let (training, heldOut) = Validation.halves(records)
        #expect(training.map(\.value) == [0, 2, 4, 6, 8, 10, 12])
        #expect(heldOut.map(\.value) == [1, 3, 5, 7, 11, 13])
    }

    @Test("A bar is met by median and mean together, and not while rows are left without a prediction")
    func bars() {
        var group = Validation.Group(title: "a", bar: (0.1, 0.15))
        #expect(group.isMet == false)
        for predicted in [1.05, 0.92, 1.02] { group.errors.add(predicted: predicted, measured: 1) }
        #expect(group.isMet == true)
        group.errors.addUnpredicted()
        #expect(group.isMet == false)
        var far = Validation.Group(title: "b", bar: (0.1, 0.15))
        for predicted in [1.05, 0.95, 2.0] { far.errors.add(predicted: predicted, measured: 1) }
        #expect(far.isMet == false)
        #expect(Validation.Group(title: "c").isMet == nil)
    }
}
