import CostModels
import LearnedModels

/// Means of residuals over rows that share labels: the codes of `KernelGroups`.
struct KernelCodes {
    private struct Sum {
        var total = 0.0
        var count = 0.0

        mutating func add(_ value: Float, _ weight: Double = 1) {
            total += Double(value) * weight
            count += weight
        }
    }

    private let knowsDevice: Bool
    /// By level and what the rows share, in all and by device.
    private var sums: [Key: Sum] = [:]

    private struct Key: Hashable {
        var level: KernelGroups.Level
        var label: String
        var device: String
    }

    /// - Parameter rows: places of the rows that may be known of.
    init(_ set: TrainingSet, rows: [Int], knowsDevice: Bool) {
        self.knowsDevice = knowsDevice
        for place in rows {
            let row = set.rows[place]
            for level in KernelGroups.levels(knownDevice: knowsDevice) {
                let label = Self.label(level, row)
                sums[Key(level: level, label: label, device: ""), default: Sum()].add(row.target)
                if !knowsDevice { sums[Key(level: level, label: label, device: row.device), default: Sum()].add(row.target) }
            }
        }
    }

    static func label(_ level: KernelGroups.Level, _ row: TrainingSet.Row) -> String {
        switch level {
        case .kernelOnDevice: [row.device, row.software, row.version, row.format, row.kernel].joined(separator: "|")
        case .device: row.device
        case .architecture: [row.architecture, row.software, row.format, row.kernel].joined(separator: "|")
        case .software: row.software
        case .version: "\(row.software)|\(row.version)"
        case .kernel: "\(row.format)|\(row.kernel)"
        case .format: row.format
        }
    }

    /// The codes of a row. Where devices are to be unknown, what its own device contributed is left out.
    func codes(of row: TrainingSet.Row) -> [Float] {
        KernelGroups.levels(knownDevice: knowsDevice).map { level in
            let label = Self.label(level, row)
            var sum = sums[Key(level: level, label: label, device: "")] ?? Sum()
            if !knowsDevice, let own = sums[Key(level: level, label: label, device: row.device)] {
                sum.total -= own.total
                sum.count -= own.count
            }
            return sum.count > 0.5 ? Float(sum.total / sum.count) : .nan
        }
    }

    /// The table that a model ships with: each kernel on each device, or in each architecture.
    func groups(_ set: TrainingSet, rows: [Int], curves: GroupCurves?, surfaces: KernelSurfaces? = nil) -> KernelGroups {
        var groups: [String: KernelGroup] = [:]
        for place in rows {
            var row = set.rows[place]
            if !knowsDevice { row.device = "" }
            let key = [row.device, row.architecture, row.software, row.version, row.format, row.kernel].joined(separator: "|")
            if groups[key] != nil {
                groups[key]?.rows += 1
            } else {
                groups[key] = KernelGroup(device: row.device, architecture: row.architecture, software: row.software, version: row.version,
                                          format: row.format, kernel: row.kernel, rows: 1, codes: codes(of: row),
                                          curves: curves?.curves(of: row, asUnseen: false) ?? [:], surface: surfaces?.surface(of: row))
            }
        }
        return KernelGroups(groups.sorted { $0.key < $1.key }.map(\.value))
    }
}
