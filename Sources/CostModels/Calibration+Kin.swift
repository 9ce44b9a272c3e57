import Hardware
import Quantities

extension Calibration {
    /// What kernels take on a device of an architecture that nobody measured: the mean over the devices of others.
    ///
    /// A kernel's own loops and launches take cycles, so that its seconds grow as the clock falls; parts of a peak and of a bandwidth
    /// carry over as they are. Times, and the inverses of efficiencies, are means over the devices, each with the kernel that
    /// would do the same work there; their errors are standard deviations between devices. Exchanges do not carry over: their
    /// constants are those of a fabric.
    ///
    /// - Parameter donors: with their devices, no two of one architecture, in order.
    /// - Returns: nil without donors.
    static func mean(of donors: [(calibration: Calibration, device: Device)], for device: Device) -> Calibration? {
        guard let first = donors.first else { return nil }
        var wanted: [Wanted: Int] = [:]
        for kernel in donors.flatMap(\.calibration.kernels) where !kernel.key.family.isExchange { wanted[Wanted(key: kernel.key, name: kernel.kernel), default: 0] += kernel.rows }
        let kernels = wanted.keys.sorted().compactMap { one -> KernelCalibration? in
            let found = donors.compactMap { donor in
                donor.calibration.kernel(for: one.key, named: one.name).map { ($0, donor.device.clock.boost / device.clock.boost) }
            }
            return KernelCalibration(mean: found, key: one.key, kernel: one.name, rows: wanted[one] ?? 0)
        }
        var mean = Calibration(device: first.calibration.device, runtime: first.calibration.runtime, version: first.calibration.version,
                               date: first.calibration.date, sources: donors.flatMap(\.calibration.sources), kernels: kernels)
        mean.kin = donors.map(\.calibration.id)
        mean.lentTo = device.id
        return mean
    }

    private struct Wanted: Hashable, Comparable {
        var key: KernelKey
        var name: String

        static func < (one: Self, other: Self) -> Bool { one.words.lexicographicallyPrecedes(other.words) }

        private var words: [String] { [key.family.rawValue, key.format, key.variant, name] }
    }
}

extension KernelCalibration {
    /// - Parameter found: kernels with the number by which their seconds are multiplied.
    fileprivate init?(mean found: [(kernel: KernelCalibration, cycles: Double)], key: KernelKey, kernel: String, rows: Int) {
        guard !found.isEmpty else { return nil }
        var fitted: [Parameter: Fitted] = [:]
        for parameter in Parameter.allCases where parameter != .hostFloor && found.contains(where: { $0.kernel.fitted[parameter] != nil }) {
            let values = found.map { one in
                let value = one.kernel.constants[parameter]
                return parameter.isDivisor ? 1 / value : parameter.countsCycles ? value * one.cycles : value
            }
            let mean = values.reduce(0, +) / Double(values.count)
            let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))).squareRoot()
            fitted[parameter] = parameter.isDivisor ? Fitted(value: 1 / mean, error: deviation / (mean * mean)) : Fitted(value: mean, error: deviation)
        }
        // Nobody held it against measurements of the device.
        let none = Score(rows: 0, medianAPE: .nan, mape: .nan)
        // Constants go with the way a kernel is cut: of several ways that of the most rows.
        func support(_ plan: AttentionPlan?) -> Int { found.reduce(0) { $0 + ($1.kernel.plan == plan ? $1.kernel.rows : 0) } }
        let plan = found.map(\.kernel.plan).max { support($0) < support($1) } ?? nil
        self.init(key: key, kernel: kernel, plan: plan, fitted: fitted, rows: rows, training: none, validation: none)
    }
}

extension KernelCalibration.Parameter {
    /// Times are divided by it.
    fileprivate var isDivisor: Bool { self == .engineEfficiency || self == .memoryEfficiency }

    /// Seconds of a kernel's own instructions; a host has a clock of its own.
    fileprivate var countsCycles: Bool { unit == "s" && self != .hostFloor }
}
