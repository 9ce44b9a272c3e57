import Calibration
import CostModels
import Documents
import Hardware
import LearnedModels
import Measurement
import Quantities

/// Measured rows of one family as trees see them.
struct TrainingSet {
    var family: KernelKey.Family
    /// Names of the features, and their values row by row.
    var names: [String] = []
    var features: [Float] = []
    var rows: [Row] = []
    /// The same rows as they would be on another device of the architecture, nil where there is none.
    var moved: [Moved?] = []
    var sources: [String: Int] = [:]

    struct Row {
        /// log₂ of measured ÷ base.
        var residual: Float
        /// What the trees are to say: the residual, or where rows differ in nothing but the measurement the one among theirs
        /// that is least wrong for all.
        var target: Float
        /// Seconds.
        var measured: Double
        var base: Double
        var cycle: Double
        var bound: Double
        /// Rows of equal shape are held out together.
        var shape: UInt64
        var device: String
        var architecture: String
        var software: String
        var version: String
        var format: String
        var kernel: String
        /// Where it lies on the curves of its kernel.
        var curve: CurvePlace?
    }

    /// A row on a sibling of its device, both under the sibling's calibration.
    struct Moved {
        var device: String
        var features: [Float]
        /// Seconds, on the sibling and on the device itself.
        var base: Double
        var own: Double
    }

    var width: Int { names.count }

    func features(of row: Int) -> ArraySlice<Float> { features[row * width..<(row + 1) * width] }
}

extension TrainingSet {
    /// Reads rows of all families.
    ///
    /// - Throws: `DocumentError` where a file cannot be read.
    static func reading(_ files: [String], in library: Library, progress: (String) -> Void) throws(DocumentError) -> [TrainingSet] {
        var sets: [KernelKey.Family: TrainingSet] = [:]
        var predictor = Predictor(library, costs: Cycle(), calibrations: .shipped)
        let siblings = Siblings(library)
        for path in files {
            var file = try MeasuredFile(path)
            let name = path.split(separator: "/").last.map(String.init) ?? path
            var taken = 0
            while let row = file.next() {
                guard let family = KernelKey.Family(rawValue: row.phase), KernelKey.Family.learned.contains(family), !row.device.contains("@"), row.value > 0,
                      let site = try? predictor.site(of: row), let seconds = try? predictor.work(of: row).measured.value else { continue }
                let calibration = predictor.calibration(for: site)
                guard let sample = SiteSample(site, calibration: calibration) else { continue }
                var set = sets.removeValue(forKey: family) ?? TrainingSet(family: family)
                if set.names.isEmpty { set.names = sample.names() }
                set.features += sample.features
                let residual = Float(log2(seconds / sample.base))
                set.rows.append(Row(residual: residual, target: residual, measured: seconds, base: sample.base, cycle: sample.cycle, bound: sample.bound,
                                    shape: shape(of: row, family), device: site.device.id, architecture: site.device.architecture,
                                    software: site.labels.software, version: site.labels.version, format: site.format, kernel: site.labels.kernel, curve: site.curvePlace))
                set.moved.append(siblings.move(site))
                set.sources[name, default: 0] += 1
                sets[family] = set
                taken += 1
            }
            progress("\(path): \(taken) of \(file.rows) rows" + (file.damage.map { "; \($0)" } ?? ""))
        }
        return sets.values.sorted { $0.family.rawValue < $1.family.rawValue }.map { set in
            var set = set
            set.settleTargets()
            return set
        }
    }

    /// Gives rows that agree in every feature and label one target: of their measurements that with the smallest mean error.
    ///
    /// Some kernels have two modes under one key (an engine's own all-reduce); between them no prediction is right for both.
    private mutating func settleTargets() {
        var groups: [[String]: [Int]] = [:]
        for place in rows.indices {
            let row = rows[place]
            groups[[row.device, row.software, row.version, row.format, row.kernel, features(of: place).map { "\($0.bitPattern)" }.joined(separator: " ")], default: []].append(place)
        }
        for places in groups.values where places.count > 1 {
            func error(_ candidate: Int) -> Double { places.reduce(0) { $0 + abs(rows[candidate].measured / rows[$1].measured - 1) } }
            guard let best = places.min(by: { error($0) < error($1) }) else { continue }
            for place in places { rows[place].target = rows[best].residual }
        }
    }

    /// What a model or its user fixes, together: the weights of a product with any number of rows; one batch of one attention;
    /// one network of experts under one sharding; one message.
    private static func shape(of row: MeasuredRow, _ family: KernelKey.Family) -> UInt64 {
        let columns: [String] = switch family {
        case .gemm: ["n", "k"]
        case .attentionPrefill: ["batch_size", "isl", "num_heads", "num_key_value_heads", "head_dim"]
        case .attentionDecode: ["batch_size", "step", "num_heads", "num_key_value_heads", "head_dim"]
        case .experts: ["hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size"]
        case .collective: ["collective", "dtype", "num_gpus", "message_size"]
        case .expertExchange: ["num_tokens", "hidden_size", "topk"]
        case .elementwise, .copy, .fileRead: []
        }
        var hash = StableHash()
        for column in columns {
            for byte in (row[column] ?? "").utf8 { hash.add(Int(byte)) }
            hash.add(-1)
        }
        return hash.value
    }
}

/// Finds for each device the one of its architecture that would stand in for it, had it never been measured.
private final class Siblings {
    private let devices: [Device]
    private let calibrations: CalibrationSource

    init(_ library: Library) {
        // Those that kernels were measured on.
        let calibrated = library.ids(.calibrations).compactMap { try? library.calibration($0) }.filter { !$0.kernels.isEmpty }
        devices = Set(calibrated.map(\.device)).sorted().compactMap { try? library.device($0) }
        calibrations = CalibrationSource { (try? library.shippedCalibration(of: $0, under: $1)) ?? nil }
    }

    func move(_ site: KernelSite) -> TrainingSet.Moved? {
        guard let sibling = site.device.nearest(among: devices), var calibration = calibrations.of(sibling, under: site.labels.software),
              calibration.device == sibling.id else { return nil }
        calibration.kernel = site.labels.kernel
        guard let there = SiteSample(site.moved(to: sibling), calibration: calibration) else { return nil }
        calibration.lentTo = site.device.id
        guard let here = SiteSample(site, calibration: calibration) else { return nil }
        return TrainingSet.Moved(device: sibling.id, features: there.features, base: there.base, own: here.base)
    }
}
