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

    /// What the library has for a device under a runtime: see `CalibrationShelf`.
    public func shippedCalibration(of device: Device, under runtime: String) throws(DocumentError) -> Calibration? { try calibrations.shipped(for: device, under: runtime) }

    /// What devices of other architectures lend to one: see `CalibrationShelf`.
    public func foreignCalibration(of device: Device, under runtime: String) throws(DocumentError) -> Calibration? { try calibrations.foreign(to: device, under: runtime) }

    /// All calibrations, each read when it is asked for.
    private var calibrations: CalibrationShelf<DocumentError> {
        let ids = ids(.calibrations), calibrations = Set(ids), devices = Set(self.ids(.devices))
        return CalibrationShelf(ids: ids, calibration: { id throws(DocumentError) in calibrations.contains(id) ? try calibration(id) : nil },
                                device: { id throws(DocumentError) in devices.contains(id) ? try device(id) : nil })
    }

    /// All calibrations as they are now, with the devices they are of.
    ///
    /// - Throws: where one of them cannot be read: answers without it would be others.
    public func readCalibrations() throws(DocumentError) -> CalibrationShelf<Never> {
        let ids = ids(.calibrations), known = Set(self.ids(.devices))
        var calibrations: [String: Calibration] = [:], devices: [String: Device] = [:]
        for id in ids {
            calibrations[id] = try calibration(id)
            // Calibrations are named for their devices.
            for owner in known where devices[owner] == nil && id.hasPrefix(owner + ".") { devices[owner] = try device(owner) }
        }
        return CalibrationShelf(ids: ids, calibration: { [calibrations] in calibrations[$0] }, device: { [devices] in devices[$0] })
    }
}
