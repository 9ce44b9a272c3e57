import Documents
import Hardware
import Quantities

extension Library {
    /// A calibration by path or id, such as `h100-sxm.vllm`.
    public func calibration(_ name: String) throws(DocumentError) -> Calibration {
        let document = try document(name, on: .calibrations)
        let calibration = try Calibration(reading: document)
        guard calibration.device == Calibration.anyDevice || ids(.devices).contains(calibration.device) else {
            let hint = nearest(to: calibration.device, among: ids(.devices)).map { "; did you mean \"\($0)\"?" } ?? ""
            throw DocumentError(file: document.file, path: "device", message: "\"\(calibration.device)\" is no device of the library\(hint)")
        }
        return calibration
    }

    /// What the library has for a device under a runtime, with the collectives of NCCL where the runtime has none of its own.
    ///
    /// Each part that the device has none of (kernels, passes, power) is that of the device of its architecture whose
    /// memory bandwidth is nearest. Kernels are else the mean over the architectures with its instructions, passes those
    /// fitted to all devices of the runtime, power that of the device under another runtime.
    ///
    /// - Returns: nil where there is no part at all.
    public func shippedCalibration(of device: Device, under runtime: String) throws(DocumentError) -> Calibration? {
        var own = try shipped(for: device, runtime) { !$0.kernels.isEmpty }
        if own == nil { own = try foreignCalibration(of: device, under: runtime) }
        guard runtime != Self.collectives else { return own }
        var calibration = own ?? Calibration(device: device.id, runtime: runtime, version: "", date: "", sources: [], kernels: [])
        if let exchanges = try shipped(for: device, Self.collectives, where: { _ in true }) {
            if own == nil {
                calibration = exchanges
            } else {
                calibration.add(exchanges)
            }
        }
        let id = "\(device.id).\(runtime)"
        var steps = try shipped(for: device, runtime) { $0.steps != nil }
        if steps == nil, ids(.calibrations).contains("\(Calibration.anyDevice).\(runtime)") { steps = try self.calibration("\(Calibration.anyDevice).\(runtime)") }
        calibration.steps = steps?.steps
        calibration.steps?.origin = steps.flatMap { $0.id == id ? nil : $0.id }
        var power = try shipped(for: device, runtime) { $0.power != nil }
        if power == nil { power = try anyPower(of: device) }
        calibration.power = power?.power
        calibration.power?.origin = power.flatMap { $0.id == id ? nil : $0.id }
        return calibration.kernels.isEmpty && calibration.steps == nil && calibration.power == nil ? nil : calibration
    }

    /// The library of collectives that NVIDIA's runtimes call.
    private static let collectives = "nccl"

    /// Kernels as devices of other architectures take them, of each the one whose memory bandwidth is nearest; nil where none with the
    /// device's instructions was measured under the runtime.
    public func foreignCalibration(of device: Device, under runtime: String) throws(DocumentError) -> Calibration? {
        guard let instructions = device.instructions else { return nil }
        var nearest: [String: (calibration: Calibration, device: Device, distance: Double)] = [:]
        for id in ids(.calibrations) where id.hasSuffix(".\(runtime)") {
            guard let other = try owner(of: id, runtime), other.instructions == instructions, other.architecture != device.architecture else { continue }
            let distance = Self.distance(other, device)
            guard nearest[other.architecture].map({ distance < $0.distance }) ?? true else { continue }
            let candidate = try calibration(id)
            if candidate.kernels.contains(where: { !$0.key.family.isExchange }) { nearest[other.architecture] = (candidate, other, distance) }
        }
        return .mean(of: nearest.sorted { $0.key < $1.key }.map { ($0.value.calibration, $0.value.device) }, for: device)
    }

    /// The device of a calibration under a runtime; nil for one of all devices.
    ///
    /// - Throws: where the device cannot be read: without it the answer would be another one.
    private func owner(of id: String, _ runtime: String) throws(DocumentError) -> Device? {
        let name = String(id.dropLast(runtime.count + 1))
        return ids(.devices).contains(name) ? try device(name) : nil
    }

    private static func distance(_ one: Device, _ other: Device) -> Double {
        let ratio = one.achievableBandwidth / other.achievableBandwidth
        return max(ratio, 1 / ratio)
    }

    /// The calibration of a device, or the nearest of its architecture, that has what is asked for.
    private func shipped(for device: Device, _ runtime: String, where suits: (Calibration) -> Bool) throws(DocumentError) -> Calibration? {
        let ids = ids(.calibrations)
        if ids.contains("\(device.id).\(runtime)") {
            let own = try calibration("\(device.id).\(runtime)")
            if suits(own) { return own }
        }
        var nearest: (calibration: Calibration, distance: Double)?
        for id in ids where id.hasSuffix(".\(runtime)") {
            guard let other = try owner(of: id, runtime), other.architecture == device.architecture, other.id != device.id else { continue }
            let distance = Self.distance(other, device)
            guard nearest.map({ distance < $0.distance }) ?? true else { continue }
            let candidate = try calibration(id)
            if suits(candidate) { nearest = (candidate, distance) }
        }
        nearest?.calibration.lentTo = device.id
        return nearest?.calibration
    }

    /// What the boards of a device draw, as fitted under the runtime with the most rows.
    private func anyPower(of device: Device) throws(DocumentError) -> Calibration? {
        var most: Calibration?
        for id in ids(.calibrations) where id.hasPrefix("\(device.id).") {
            let candidate = try calibration(id)
            if let power = candidate.power, power.rows > most?.power?.rows ?? 0 { most = candidate }
        }
        return most
    }
}
