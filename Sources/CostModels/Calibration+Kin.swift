import Hardware
import Operators
import Quantities

extension Calibration {
    /// What kernels take on a device of an architecture that nobody measured, as devices of others have it.
    ///
    /// Each of them says what the kernel would take, with its own constants; the answer is the geometric mean of what they say. Means of the
    /// constants themselves would not do: what one fit counts as bandwidth another counts as cycles of a loop.
    /// Exchanges do not carry over: their constants are those of a fabric.
    ///
    /// - Parameter donors: with their devices, no two of one architecture, in order.
    /// - Returns: nil without donors.
    static func mean(of donors: [(calibration: Calibration, device: Device)], for device: Device) -> Calibration? {
        guard let first = donors.first else { return nil }
        var wanted: [Wanted: Int] = [:]
        for kernel in donors.flatMap(\.calibration.kernels) where !kernel.key.family.isExchange { wanted[Wanted(key: kernel.key, name: kernel.kernel), default: 0] += kernel.rows }
        let kernels = wanted.keys.sorted().compactMap { one -> KernelCalibration? in
            let found = donors.compactMap { donor in
                donor.calibration.kernel(for: one.key, named: one.name).map { ($0, Move(from: donor.device, to: device, math: one.key.math)) }
            }
            return KernelCalibration(relatives: found, key: one.key, kernel: one.name, rows: wanted[one] ?? 0)
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
    /// - Parameter found: kernels of other devices, and how what they take there changes on the way.
    fileprivate init?(relatives found: [(kernel: KernelCalibration, move: Move)], key: KernelKey, kernel: String, rows: Int) {
        guard !found.isEmpty else { return nil }
        // Nobody held it against measurements of the device.
        let none = Score(rows: 0, medianAPE: .nan, mape: .nan)
        // The model sees one way in which a kernel is cut: of several that of the most rows.
        func support(_ plan: AttentionPlan?) -> Int { found.reduce(0) { $0 + ($1.kernel.plan == plan ? $1.kernel.rows : 0) } }
        let plan = found.map(\.kernel.plan).max { support($0) < support($1) } ?? nil
        self.init(key: key, kernel: kernel, plan: plan, fitted: [:], rows: rows, training: none, validation: none)
        relatives = found.map { one in KernelConstants { one.move.value($0, of: one.kernel.constants) } }
    }
}

/// What the constants of a kernel on one device are on another.
///
/// A kernel's own loops and launches take cycles, so that their seconds grow as the clock falls. So do the instructions beside those
/// of the matrix engine: a kernel at 1/e of a peak spends e − 1 of the engine's time on them, a smaller part of it where the engine does
/// less in a cycle. Where it does more the part stays: wider engines came with instructions that feed them by larger tiles.
/// Parts of a bandwidth carry over as they are.
private struct Move {
    /// Clock of the first device by that of the second.
    private let cycles: Double
    /// Operations of the engine of a unit in a cycle, of the second by the first; at most 1.
    private let width: Double

    /// - Parameter math: of the matrix engine; nil where the kernel has no use for it.
    init(from first: Device, to second: Device, math: NumberFormat?) {
        cycles = first.clock.boost / second.clock.boost
        width = math.map { min(1, (second.matrixWidth($0) / first.matrixWidth($0)).finiteOr(1)) } ?? 1
    }

    func value(_ parameter: KernelCalibration.Parameter, of constants: KernelConstants) -> Double {
        let value = constants[parameter]
        switch parameter {
        // A host has a clock of its own.
        case .hostFloor: return parameter.neutral
        case .engineEfficiency: return 1 / (1 + max(0, 1 / value - 1) * width)
        default: return parameter.unit == "s" ? value * cycles : value
        }
    }
}

extension Device {
    /// Operations that the engine for matrix products of one unit does in a cycle of the device; 0 without any engine.
    fileprivate func matrixWidth(_ math: NumberFormat) -> Double {
        let engine = engine(.tensor) ?? engine(.systolic) ?? elementwiseEngine
        return (engine.map { peak($0, math) } ?? 0) / (Double(units) * clock.boost.value)
    }
}
