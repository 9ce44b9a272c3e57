import CostModels
import Hardware
import Operators
import Quantities
import Synchronization

/// Corrections of the cycle model that were learned from measured kernels, one set of trees for each family.
///
///     let model = try library.learnedModel()
///     let estimates = model.estimate(sites)
public struct LearnedModel: Sendable {
    public var manifest: LearnedManifest
    public private(set) var families: [KernelKey.Family: LearnedFamily]
    /// Of families whose power was measured, and is better known than by the analytic models.
    public var power: [KernelKey.Family: PowerFamily] = [:]
    /// Corrections by a few measurements, by the id of the device.
    public var fewShots: [String: FewShot] = [:]

    /// The devices that training rows are of.
    public var devices: [String: Device] = [:]
    /// The calibration of the cycle model for a device under a runtime, as the library has it.
    public var calibrations = CalibrationSource { _, _ in nil }
    /// The same, as if nobody had measured the device's architecture.
    public var foreignCalibrations = CalibrationSource { _, _ in nil }

    public init(manifest: LearnedManifest, families: [LearnedFamily]) {
        self.manifest = manifest
        self.families = Dictionary(families.map { ($0.family, $0) }) { first, _ in first }
    }

    /// How long each site takes; nil for what was not learned: another family, a format no kernel was seen with, a device
    /// that is no accelerator like those of the training rows.
    ///
    /// Sites of one family go through its trees together.
    public func estimate(_ sites: [KernelSite]) -> [KernelEstimate?] {
        var results = [KernelEstimate?](repeating: nil, count: sites.count), places: [Int: [Double]] = [:]
        for sheet in sheets(of: sites) {
            let corrections = sheet.questions.map { fewShots.isEmpty ? nil : fewShots[sites[$0.index].device.id]?.families[sheet.family.family] }
            for (row, answer) in sheet.answers().enumerated() {
                let index = sheet.questions[row].index
                results[index] = answer
                if corrections[row] != nil { places[index] = sheet.place(of: row) }
            }
        }
        if !places.isEmpty { correct(&results, of: sites, at: places) }
        return results
    }

    /// What the trees of each family are asked.
    private func sheets(of sites: [KernelSite]) -> [AnswerSheet] {
        var sheets: [AnswerSheet] = [], plans = SitePlans()
        for index in sites.indices {
            let found = plans.plan(of: sites[index]) { site in
                guard site.device.kind == .gpu, let family = families[site.family],
                      let plan = family.plan(site, siblings: devices, calibration: { calibrations.of($0, under: $1) }, foreign: { foreignCalibrations.of($0, under: $1) }) else { return (nil, 0) }
                if let sheet = sheets.firstIndex(where: { $0.family.family == site.family && $0.usesKnown == plan.usesKnown }) { return (plan, sheet) }
                sheets.append(AnswerSheet(family, usesKnown: plan.usesKnown, atMost: sites.count))
                return (plan, sheets.count - 1)
            }
            if let (plan, sheet) = found { sheets[sheet].ask(sites[index], at: index, by: plan) }
        }
        for sheet in sheets.indices { sheets[sheet].lookAtSurfaces() }
        return sheets
    }

    /// Where a site lies for a correction by a few measurements, and under which label; nil as for `estimate`.
    public func place(of site: KernelSite) -> GaussianProcess.Point? {
        guard let sheet = sheets(of: [site]).first, !sheet.questions.isEmpty else { return nil }
        return GaussianProcess.Point(label: FewShot.label(of: site), place: sheet.place(of: 0), residual: 0)
    }
}

/// Calibrations by device and runtime, each looked up once.
public final class CalibrationSource: Sendable {
    private let lookUp: @Sendable (Device, String) -> Calibration?
    private let found = Mutex<[String: Calibration?]>([:])

    public init(_ lookUp: @escaping @Sendable (Device, String) -> Calibration?) { self.lookUp = lookUp }

    public func of(_ device: Device, under runtime: String) -> Calibration? {
        let key = "\(device.id).\(runtime)"
        if let known = found.withLock({ $0[key] }) { return known }
        let calibration = lookUp(device, runtime)
        found.withLock { $0[key] = .some(calibration) }
        return calibration
    }
}
