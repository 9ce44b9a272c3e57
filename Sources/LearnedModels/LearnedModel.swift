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
        var questions: [Place: [(index: Int, question: Question)]] = [:]
        var plans: [SiteKind: SitePlan?] = [:]
        for index in sites.indices {
            guard let question = question(sites[index], &plans) else { continue }
            questions[Place(family: sites[index].family, usesKnown: question.usesKnown), default: []].append((index, question))
        }
        for (place, asked) in questions {
            guard let family = families[place.family] else { continue }
            let part = place.usesKnown ? family.known : family.unseen
            var rows: [Float] = []
            rows.reserveCapacity(asked.count * part.residual.featureCount)
            for one in asked { rows += one.question.row }
            let residuals = part.residual.predict(rows), spreads = part.spread.predict(rows)
            let others = family.unseen.residual.predict(asked.flatMap { $0.question.other?.row ?? [] })
            var nextOther = 0
            for (row, one) in asked.enumerated() {
                var other: Float?
                if one.question.other != nil {
                    other = others[nextOther]
                    nextOther += 1
                }
                results[one.index] = family.answer(one.question, residual: residuals[row], other: other, spread: spreads[row])
                if fewShots[sites[one.index].device.id]?.families[family.family] != nil { places[one.index] = family.place(of: one.question) }
            }
        }
        if !places.isEmpty { correct(&results, of: sites, at: places) }
        return results
    }

    private func question(_ site: KernelSite, _ plans: inout [SiteKind: SitePlan?]) -> Question? {
        guard site.device.kind == .gpu, let family = families[site.family] else { return nil }
        let kind = SiteKind(site)
        if plans[kind] == nil { plans[kind] = .some(family.plan(site, siblings: devices) { calibrations.of($0, under: $1) }) }
        guard case .some(.some(let plan)) = plans[kind] else { return nil }
        return family.question(site, by: plan)
    }

    /// Where a site lies for a correction by a few measurements, and under which label; nil as for `estimate`.
    public func place(of site: KernelSite) -> GaussianProcess.Point? {
        var plans: [SiteKind: SitePlan?] = [:]
        guard let family = families[site.family], let question = question(site, &plans) else { return nil }
        return GaussianProcess.Point(label: FewShot.label(of: site), place: family.place(of: question), residual: 0)
    }

    private struct Place: Hashable {
        var family: KernelKey.Family
        var usesKnown: Bool
    }
}

/// What sites have in common that are answered by the same kernel: all but their sizes.
struct SiteKind: Hashable {
    private let family: KernelKey.Family
    private let device: String
    private let labels: KernelLabels
    private let operators: [Part]

    private enum Part: Hashable {
        case product(TensorFormat, TensorFormat)
        case grouped(TensorFormat, TensorFormat)
        case attention(TensorFormat, TensorFormat, dimension: Int, window: Bool, shared: Bool, decode: Bool)
        case exchange(Collective.Kind, TensorFormat, members: Int, messages: Bool)
        case other
    }

    init(_ site: KernelSite) {
        family = site.family
        device = site.device.id
        labels = site.labels
        operators = site.operators.map { operation in
            switch operation {
            case .matmul(let o): .product(o.activations, o.weights)
            case .grouped(let o): .grouped(o.activations, o.weights)
            case .attention(let o):
                .attention(o.activations, o.cache, dimension: o.keyDimension, window: o.window > 0, shared: o.sharedKeyValue, decode: o.isDecode)
            case .collective(let o): .exchange(o.kind, o.format, members: o.participants, messages: o.messages > 0)
            case .elementwise, .copy: .other
            }
        }
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
