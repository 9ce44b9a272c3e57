import CostModels
import Documents
import Hardware
import Quantities

extension Library {
    /// Folder of the models that come with the library, and the one that is taken when nobody names another.
    public static let learnedModels = "Models", usualLearnedModel = "kernels"

    /// A learned model by path or name.
    ///
    /// - Throws: `DocumentError` where there is none, it is damaged, or it was trained for features, a cycle model or a device
    ///   other than those of this program and library.
    public func learnedModel(_ name: String = usualLearnedModel) throws(DocumentError) -> LearnedModel {
        let file = Self.isPath(name) ? name : path("\(Self.learnedModels)/\(name).json")
        let manifest = try LearnedManifest(reading: try Document(contentsOf: file))
        let trees = String(file.dropLast(5)) + ".trees"
        var model: LearnedModel
        do { model = try LearnedModel(manifest: manifest, bytes: try Document.bytes(of: trees, most: 256 << 20)) } catch let error as TreeError {
            throw DocumentError(file: trees, message: "\(error.description); train it again with \"orrery train\"")
        } catch let error as DocumentError { throw error } catch { throw DocumentError(file: trees, message: "\(error)") }
        model.fewShots = try fewShots()
        for id in Set(model.families.values.flatMap { $0.known.groups.groups.map(\.device) }).sorted() { model.devices[id] = try device(id) }
        model.calibrations = try calibrationSource()
        model.foreignCalibrations = try calibrationSource(foreign: true)
        for (place, probe) in manifest.probes.enumerated() {
            let now = try learnedProbe(of: probe.family, device: probe.device, software: probe.software)
            guard now.agrees(with: probe) else {
                throw DocumentError(file: file, path: "probes[\(place)]", message: "the cycle model, its calibration or \"\(probe.device)\" has changed since "
                                    + "\(manifest.date), when this model was trained on them; train it again with \"orrery train\"")
            }
        }
        try checkPower(manifest, of: file)
        return model
    }

    /// The library's calibrations by device and runtime.
    ///
    /// - Parameter foreign: as if nobody had measured an architecture: only what others lend it.
    /// - Throws: `DocumentError` that names the file where one of them, or its device, cannot be read: predictions without it would be others.
    public func calibrationSource(foreign: Bool = false) throws(DocumentError) -> CalibrationSource {
        let calibrations = try readCalibrations()
        return CalibrationSource { device, runtime in foreign ? calibrations.foreign(to: device, under: runtime) : calibrations.shipped(for: device, under: runtime) }
    }

    /// Folder of corrections by a few measurements, one file for each device.
    public static let fewShotFolder = "Models/few-shot"

    private func fewShots() throws(DocumentError) -> [String: FewShot] {
        var found: [String: FewShot] = [:]
        for name in names(inFolder: path(Self.fewShotFolder)) ?? [] where name.hasSuffix(".json") {
            let correction = try FewShot(reading: try Document(contentsOf: path("\(Self.fewShotFolder)/\(name)")))
            found[correction.device] = correction
        }
        return found
    }

    /// What the features of one site are today.
    public func learnedProbe(of family: KernelKey.Family, device: String, software: String) throws(DocumentError) -> LearnedManifest.Probe {
        let device = try self.device(device)
        let calibration = try shippedCalibration(of: device, under: software)
        let site = KernelSite.probe(family, on: device, over: Fabric(), under: software)
        return LearnedManifest.Probe(family: family, device: device.id, software: software, values: site.features(calibration: calibration).values)
    }
}

extension LearnedManifest.Probe {
    /// Equal but for rounding.
    func agrees(with other: Self) -> Bool { Self.agree(values, other.values) }

    static func agree(_ one: [Float], _ other: [Float]) -> Bool {
        one.count == other.count && zip(one, other).allSatisfy { a, b in a.isNaN && b.isNaN || abs(a - b) <= 1e-3 * max(1, abs(a)) }
    }
}
