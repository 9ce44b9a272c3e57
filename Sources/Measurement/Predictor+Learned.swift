import CostModels
import Hardware
import LearnedModels
import Quantities

extension Predictor {
    /// A kernel or exchange as the learned model has it, with its interval; nil where it learned nothing of the kind.
    mutating func predict(_ row: MeasuredRow, _ run: KernelRun, _ model: LearnedModel) throws(RowError) -> Prediction? {
        guard let estimate = model.estimate([site(of: row, run)])[0] else { return nil }
        func figures(_ range: ClosedRange<Seconds>) throws(RowError) -> ClosedRange<Double> {
            let a = try figure(of: run, taking: range.lowerBound, row), b = try figure(of: run, taking: range.upperBound, row)
            return min(a, b)...max(a, b)
        }
        var basis = "learned on \(run.device.id), \(Self.name(estimate.calibration))"
        switch estimate.kinship {
        case .known: break
        case .sibling(let other): basis += ", a device it never saw, by its sibling \(other)"
        case .kin: basis += ", a device of an architecture it never saw, by kernels of others"
        case .stranger: basis += ", a device of an architecture it never saw"
        }
        if let feature = estimate.extrapolating { basis += ", extrapolating in \(feature)" }
        return Prediction(value: try figure(of: run, taking: estimate.time, row), bound: try figure(of: run, taking: estimate.bound, row),
                          boundBy: run.time(under: Cycle(), gaps: false).boundBy, basis: basis,
                          intervals: .init(half: try figures(estimate.half), ninety: try figures(estimate.ninety)))
    }
}
