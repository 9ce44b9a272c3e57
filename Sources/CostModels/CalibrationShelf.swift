import Documents
import Hardware
import Quantities

/// The calibrations of a library with the devices they are of, and which of them answer for a device.
///
/// `Failure` is what reading one may throw: nothing, where all were read before.
public struct CalibrationShelf<Failure: Error>: Sendable {
    private let ids: [String]
    private let calibration: @Sendable (String) throws(Failure) -> Calibration?
    private let device: @Sendable (String) throws(Failure) -> Device?

    /// - Parameters:
    ///   - ids: of calibrations, in order.
    ///   - calibration: nil for one that there is not, as for `device`.
    init(ids: [String], calibration: @escaping @Sendable (String) throws(Failure) -> Calibration?, device: @escaping @Sendable (String) throws(Failure) -> Device?) {
        self.ids = ids
        self.calibration = calibration
        self.device = device
    }

    /// What the library has for a device under a runtime, with the collectives of NCCL where the runtime has none of its own.
    ///
    /// Each part that the device has none of (kernels, passes, power) is that of the device of its architecture whose
    /// memory bandwidth is nearest. Kernels are else those that `foreign` lends, passes those
    /// fitted to all devices of the runtime, power that of the device under another runtime.
    ///
    /// - Returns: nil where there is no part at all.
    public func shipped(for device: Device, under runtime: String) throws(Failure) -> Calibration? {
        var own = try closest(to: device, runtime) { !$0.kernels.isEmpty }
        if own == nil { own = try foreign(to: device, under: runtime) }
        guard runtime != Self.collectives else { return own }
        var calibration = own ?? Calibration(device: device.id, runtime: runtime, version: "", date: "", sources: [], kernels: [])
        if let exchanges = try closest(to: device, Self.collectives, where: { _ in true }) {
            if own == nil {
                calibration = exchanges
            } else {
                calibration.add(exchanges)
            }
        }
        let id = "\(device.id).\(runtime)"
        var steps = try closest(to: device, runtime) { $0.steps != nil }
        if steps == nil { steps = try self.calibration("\(Calibration.anyDevice).\(runtime)") }
        calibration.steps = steps?.steps
        calibration.steps?.origin = steps.flatMap { $0.id == id ? nil : $0.id }
        var power = try closest(to: device, runtime) { $0.power != nil }
        if power == nil { power = try anyPower(of: device) }
        calibration.power = power?.power
        calibration.power?.origin = power.flatMap { $0.id == id ? nil : $0.id }
        return calibration.kernels.isEmpty && calibration.steps == nil && calibration.power == nil ? nil : calibration
    }

    /// The library of collectives that NVIDIA's runtimes call.
    private static var collectives: String { "nccl" }

    /// Kernels as devices of other architectures with the device's instructions take them, of each architecture the device whose memory
    /// bandwidth is nearest: the geometric mean of what they say (`Calibration.mean`). Nil where none was measured under the runtime.
    public func foreign(to device: Device, under runtime: String) throws(Failure) -> Calibration? {
        guard let instructions = device.instructions else { return nil }
        var nearest: [String: (calibration: Calibration, device: Device, distance: Double)] = [:]
        for id in ids where id.hasSuffix(".\(runtime)") {
            guard let other = try owner(of: id, runtime), other.instructions == instructions, other.architecture != device.architecture else { continue }
            let distance = Self.distance(other, device)
            guard nearest[other.architecture].map({ distance < $0.distance }) ?? true else { continue }
            if let candidate = try calibration(id), candidate.kernels.contains(where: { !$0.key.family.isExchange }) { nearest[other.architecture] = (candidate, other, distance) }
        }
        return .mean(of: nearest.sorted { $0.key < $1.key }.map { ($0.value.calibration, $0.value.device) }, for: device)
    }

    /// The device of a calibration under a runtime; nil for one of all devices.
    private func owner(of id: String, _ runtime: String) throws(Failure) -> Device? { try device(String(id.dropLast(runtime.count + 1))) }

    private static func distance(_ one: Device, _ other: Device) -> Double {
        let ratio = one.achievableBandwidth / other.achievableBandwidth
        return max(ratio, 1 / ratio)
    }

    /// The calibration of a device, or the nearest of its architecture, that has what is asked for.
    private func closest(to device: Device, _ runtime: String, where suits: (Calibration) -> Bool) throws(Failure) -> Calibration? {
        if let own = try calibration("\(device.id).\(runtime)"), suits(own) { return own }
        var nearest: (calibration: Calibration, distance: Double)?
        for id in ids where id.hasSuffix(".\(runtime)") {
            guard let other = try owner(of: id, runtime), other.architecture == device.architecture, other.id != device.id else { continue }
            let distance = Self.distance(other, device)
            guard nearest.map({ distance < $0.distance }) ?? true else { continue }
            if let candidate = try calibration(id), suits(candidate) { nearest = (candidate, distance) }
        }
        nearest?.calibration.lentTo = device.id
        return nearest?.calibration
    }

    /// What the boards of a device draw, as fitted under the runtime with the most rows.
    private func anyPower(of device: Device) throws(Failure) -> Calibration? {
        var most: Calibration?
        for id in ids where id.hasPrefix("\(device.id).") {
            if let candidate = try calibration(id), let power = candidate.power, power.rows > most?.power?.rows ?? 0 { most = candidate }
        }
        return most
    }
}
