import CostModels
import Documents
import Hardware
import Quantities

extension LearnedManifest {
    /// What is known of the power of one family on one device: errors on shapes that a fit had not seen, as fractions.
    public struct Power: Sendable, Equatable {
        public var family: KernelKey.Family
        public var device: String
        public var software: String
        public var rows: Int
        public var mape: Double
        public var medianAPE: Double
        /// Of the analytic models on the same rows.
        public var analyticMedianAPE: Double
        /// Part of the measurements within the 90 % interval, and its width ÷ estimate.
        public var coverage: Double
        public var width: Double
        /// The model has it; else the analytic models were no worse.
        public var isUsed: Bool
        /// Features of one site when it was trained.
        public var probe: [Float]

        public init(family: KernelKey.Family, device: String, software: String, rows: Int, mape: Double, medianAPE: Double, analyticMedianAPE: Double,
                    coverage: Double, width: Double, isUsed: Bool, probe: [Float]) {
            self.family = family
            self.device = device
            self.software = software
            self.rows = rows
            self.mape = mape
            self.medianAPE = medianAPE
            self.analyticMedianAPE = analyticMedianAPE
            self.coverage = coverage
            self.width = width
            self.isUsed = isUsed
            self.probe = probe
        }
    }
}

extension LearnedManifest {
    /// Power of families taken over, where none of theirs is known, and the rows of their files that were not taken.
    mutating func takePower(_ families: Set<KernelKey.Family>, of other: LearnedManifest) {
        let own = Set(power.map(\.family)), files = Set(other.sources.filter { families.contains($0.family) }.map(\.file))
        power = (power + other.power.filter { families.contains($0.family) && !own.contains($0.family) }).sorted { ($0.family.rawValue, $0.device) < ($1.family.rawValue, $1.device) }
        skipped += other.skipped.filter { files.contains($0.file) && !skipped.contains($0) }
    }
}

extension LearnedModel {
    /// The trees of power that the manifest tells of, from the first of the models that has them.
    mutating func takePower(of models: [LearnedModel]) {
        for family in Set(manifest.power.filter(\.isUsed).map(\.family)) {
            power[family] = models.lazy.compactMap { model in model.manifest.power.contains { $0.family == family } ? model.power[family] : nil }.first
        }
    }
}

extension LearnedManifest.Power {
    var json: JSON {
        func rounded(_ value: Double) -> JSON { .number(significant(value, digits: 4)) }
        return ["family": JSON(family.rawValue), "device": JSON(device), "software": JSON(software), "rows": JSON(rows), "mape": rounded(mape),
                "medianApe": rounded(medianAPE), "analyticMedianApe": rounded(analyticMedianAPE), "coverage90": rounded(coverage), "width90": rounded(width),
                "used": .bool(isUsed), "probe": .array(probe.map { $0.isFinite ? JSON.number($0.description) : .null })]
    }

    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        family = try reader.require("family").choice()
        device = try reader.require("device").string()
        software = try reader.require("software").string()
        rows = try reader.require("rows").integer(in: 1...1_000_000_000)
        mape = try reader.require("mape").number(in: 0...1e6)
        medianAPE = try reader.require("medianApe").number(in: 0...1e6)
        analyticMedianAPE = try reader.require("analyticMedianApe").number(in: 0...1e6)
        coverage = try reader.require("coverage90").number(in: 0...1)
        width = try reader.require("width90").number(in: 0...1e6)
        isUsed = try reader.require("used").bool()
        probe = []
        for value in try reader.require("probe").array() { probe.append(value.json == .null ? .nan : Float(try value.number(in: -1e30...1e30))) }
        try reader.finish()
    }
}

extension Library {
    /// What the features of one site's power are today.
    public func powerProbe(of family: KernelKey.Family, device: String, software: String) throws(DocumentError) -> [Float] {
        let device = try self.device(device)
        let site = KernelSite.probe(family, on: device, over: Fabric(), under: software)
        return PowerSample(site, calibration: try shippedCalibration(of: device, under: software))?.features ?? []
    }

    /// - Throws: `DocumentError` where power was learned on another cycle model, calibration or device than those of today.
    func checkPower(_ manifest: LearnedManifest, of file: String) throws(DocumentError) {
        for (place, power) in manifest.power.enumerated() where power.isUsed {
            let now = try powerProbe(of: power.family, device: power.device, software: power.software)
            guard LearnedManifest.Probe.agree(now, power.probe) else {
                throw DocumentError(file: file, path: "power[\(place)]", message: "the cycle model, its calibration or \"\(power.device)\" has changed since "
                                    + "\(manifest.date), when the power of \(power.family.rawValue) was learned on them; train it again with \"orrery train\"")
            }
        }
    }
}
