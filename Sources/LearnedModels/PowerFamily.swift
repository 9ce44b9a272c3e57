import CostModels
import Hardware
import Quantities

/// What was learned of the watts that boards draw while kernels of one family run one after the other.
public struct PowerFamily: Sendable {
    public var family: KernelKey.Family
    /// Names of the features of a site, before the codes of its kernel.
    public var features: [String]
    /// The kernels that it was measured of, by device.
    public var groups: KernelGroups
    /// log₂ of measured watts ÷ the reference of the site.
    public var residual: TreeEnsemble
    /// Of log₂ of measured ÷ predicted on shapes that a fit had not seen.
    public var quantiles: LearnedFamily.Quantiles

    public init(family: KernelKey.Family, features: [String], groups: KernelGroups, residual: TreeEnsemble, quantiles: LearnedFamily.Quantiles) {
        self.family = family
        self.features = features
        self.groups = groups
        self.residual = residual
        self.quantiles = quantiles
    }
}

/// What a board draws while a kernel runs, and how sure that is.
public struct PowerEstimate: Sendable {
    public var power: Watts
    /// What the analytic models say of the same.
    public var base: Watts
    /// Half and 90 % of measurements lie within.
    public var half: ClosedRange<Watts>
    public var ninety: ClosedRange<Watts>
}

extension LearnedModel {
    /// What the board draws while a site runs; nil where no watts of such a kernel were measured on the device.
    public func power(of site: KernelSite) -> PowerEstimate? {
        guard let family = power[site.family], let group = family.groups.match(.init(site), device: site.device.id) else { return nil }
        var calibration = calibrations.of(site.device, under: group.software)
        calibration?.kernel = site.labels.kernel.isEmpty ? group.kernel : site.labels.kernel
        guard let sample = PowerSample(site, calibration: calibration) else { return nil }
        let row = sample.features + group.codes
        guard row.count == family.residual.featureCount else { return nil }
        return family.estimate(of: sample.reference, analytic: sample.base, residual: family.residual.predict(row)[0], limit: site.device.power.limit)
    }
}

extension PowerFamily {
    /// No board draws more than its limit for longer than a moment.
    ///
    /// - Parameter reference: watts that 2 to the power of the residual multiplies.
    public func estimate(of reference: Double, analytic: Double, residual: Float, limit: Watts?) -> PowerEstimate {
        let most = limit?.value ?? .infinity, watts = min(reference * exp2(Double(residual)), most)
        func range(_ sides: LearnedFamily.Quantiles.Sides) -> ClosedRange<Watts> { Watts(watts * exp2(-sides.below))...Watts(min(watts * exp2(sides.above), most)) }
        return PowerEstimate(power: Watts(watts), base: Watts(analytic), half: range(quantiles.half), ninety: range(quantiles.ninety))
    }
}

extension Demand {
    /// The demand with joules such that a meter finds these watts while it runs.
    ///
    /// - Parameter draw: what the meter adds and multiplies.
    func drawing(_ watts: Watts, by draw: BoardDraw) -> Demand {
        let charged = draw.charge(energy), wanted = max(0, watts.value - draw.board) * duration.value
        guard charged > 0, wanted.isFinite else { return self }
        var demand = self
        let factor = wanted / charged
        demand.energy = EnergyUse(compute: energy.compute * factor, memory: energy.memory * factor, cache: energy.cache * factor, link: energy.link * factor)
        return demand
    }
}
