import Documents
import Hardware
import Quantities

extension Library {
    /// A calibration by path or id, such as `h100-sxm.vllm`.
    public func calibration(_ name: String) throws(DocumentError) -> Calibration {
        let document = try document(name, on: .calibrations)
        let calibration = try Calibration(reading: document)
        guard ids(.devices).contains(calibration.device) else {
            let hint = nearest(to: calibration.device, among: ids(.devices)).map { "; did you mean \"\($0)\"?" } ?? ""
            throw DocumentError(file: document.file, path: "device", message: "\"\(calibration.device)\" is no device of the library\(hint)")
        }
        return calibration
    }

    /// What the library has for a device under a runtime, with the collectives of NCCL where the runtime has none of its own.
    ///
    /// A device without any inherits those of the device of its architecture whose memory bandwidth is nearest.
    ///
    /// - Returns: nil where neither the device nor a relative has one.
    public func shippedCalibration(of device: Device, under runtime: String) throws(DocumentError) -> Calibration? {
        let own = try shipped(for: device, runtime)
        guard runtime != Self.collectives, let exchanges = try shipped(for: device, Self.collectives) else { return own }
        guard var calibration = own else { return exchanges }
        calibration.add(exchanges)
        return calibration
    }

    /// The library of collectives that NVIDIA's runtimes call.
    private static let collectives = "nccl"

    private func shipped(for device: Device, _ runtime: String) throws(DocumentError) -> Calibration? {
        let ids = ids(.calibrations)
        if ids.contains("\(device.id).\(runtime)") { return try calibration("\(device.id).\(runtime)") }
        var nearest: (id: String, distance: Double)?
        for id in ids where id.hasSuffix(".\(runtime)") {
            guard let other = try? self.device(String(id.dropLast(runtime.count + 1))), other.architecture == device.architecture else { continue }
            let ratio = other.achievableBandwidth / device.achievableBandwidth
            let distance = max(ratio, 1 / ratio)
            if nearest.map({ distance < $0.distance }) ?? true { nearest = (id, distance) }
        }
        guard let nearest else { return nil }
        var lent = try calibration(nearest.id)
        lent.lentTo = device.id
        return lent
    }
}
