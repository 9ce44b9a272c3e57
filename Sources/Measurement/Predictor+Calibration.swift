import CostModels
import Hardware
import LearnedModels
import Operators
import Quantities

/// Which calibrations a prediction of measured rows uses.
public enum CalibrationChoice: Sendable {
    /// Of each row's device and runtime what the library has.
    case shipped
    case none
    /// As `shipped`, but nothing of whole passes and power: what those are fitted on.
    case kernels
    /// This one for the rows of its device, none for the others.
    case only(Calibration)
}

extension Predictor {
    /// The calibration for a device under the software that a row names, preferring the kernel it names.
    ///
    /// - Throws: `RowError` where it cannot be read: a prediction without it would be another.
    mutating func calibration(of device: Device, software: String, kernel: String = "", countsHost: Bool = false) throws(RowError) -> Calibration? {
        guard costs is Cycle || costs is Learned else { return nil }
        var found: Calibration?
        switch calibrations {
        case .none: return nil
        case .only(let calibration): found = calibration.applies(to: device) ? calibration : nil
        case .shipped, .kernels:
            found = try shippedCalibration(of: device, under: software)
        }
        if case .kernels = calibrations {
            found?.steps = nil
            found?.power = nil
        }
        found?.kernel = kernel
        found?.countsHost = countsHost
        return found
    }

    /// What the library has for a device under a software, each looked up once.
    mutating func shippedCalibration(of device: Device, under software: String) throws(RowError) -> Calibration? {
        let place = "\(device.id).\(software)"
        if let known = shippedCalibrations[place] { return known }
        let found: Calibration?
        do { found = try library.shippedCalibration(of: device, under: software) } catch { throw RowError(error.description) }
        if Self.isKept(place, besides: shippedCalibrations.count) { shippedCalibrations[place] = .some(found) }
        return found
    }

    /// The runtime of the library that a row's software is, in one spelling; collectives of no engine are NCCL's.
    public mutating func runtimeID(of row: MeasuredRow, on device: Device) -> String {
        let software = row.software ?? (row.phase == "comm" ? "nccl" : "")
        // Its version, or what called it, makes it no other library.
        if row.phase == "comm", software.lowercased().hasPrefix("nccl") { return "nccl" }
        // DeepEP's kernels by themselves are those that SGLang calls.
        let label = software.lowercased() == "trtllm" ? "tensorrt-llm" : software.hasPrefix("DeepEP ") && row.phase == "moe_all2all" ? "sglang" : software
        return (try? runtime(label, for: device).id) ?? label.lowercased()
    }

    /// The cost model with what is known of the row's kernel, and how to call it in a basis.
    ///
    /// - Parameters:
    ///   - alone: the kernel is by itself, not one of a pass.
    ///   - countsHost: it was timed by the benchmark whose kernels the calibrations know.
    mutating func calibrated(_ device: Device, software: String, kernel: String = "", alone: Bool = false, countsHost: Bool = false) throws(RowError)
        -> (costs: any CostModel, calibration: Calibration?) {
        let whole = try calibration(of: device, software: software, kernel: kernel, countsHost: countsHost), calibration = alone ? whole?.ofKernels : whole
        // Of a kernel by itself that was not learned no model of a job knows more.
        if costs is Learned, alone { return (Cycle(calibration: calibration), calibration) }
        if let learned = costs as? Learned { return (Learned(learned.model, calibration: calibration, software: software), calibration) }
        guard let cycle = costs as? Cycle, let calibration else { return (costs, nil) }
        return (Cycle(limitsPower: cycle.limitsPower, calibration: calibration), calibration)
    }
}

extension KernelRun {
    /// Seconds below which no such call came, where the host had to launch it each time.
    func hostFloor(_ calibration: Calibration?) -> Seconds {
        Seconds(operators.reduce(0) { max($0, calibration?.kernel(for: $1)?.constants[.hostFloor] ?? 0) })
    }
}
