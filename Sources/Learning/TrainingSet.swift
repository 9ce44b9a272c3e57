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
    /// What was measured in each row; empty unless it was asked for.
    var sites: [KernelSite] = []

    struct Row {
        /// log₂ of measured ÷ base.
        var residual: Float
        /// What the trees are to say: the residual, or where rows differ in nothing but the measurement the one among theirs
        /// that is least wrong for all.
        var target: Float
        /// Seconds.
        var measured: Double
        var base: Double
        /// The base had nobody measured the device: with its sibling's calibration or without any, and without a sibling with that of kin.
        var lent: Double
        /// The same where the sibling lacks the kernel, as has kin: half-way to the cycle model without a calibration.
        var halved: Double?
        var kin: Double?
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

    /// With another base under the residuals, which three of the features are about; all others are those of the cycle model without a
    /// calibration.
    func over(_ base: (Row) -> Double) -> TrainingSet {
        var set = self
        let places = ["base, us", "base / cycle", "base / bound"].map { names.firstIndex(of: $0) }
        for row in rows.indices {
            let other = base(rows[row]), shift = Float(log2(rows[row].base / other))
            set.rows[row].base = other
            set.rows[row].residual += shift
            set.rows[row].target += shift
            for (place, value) in zip(places, [other * 1e6, other / rows[row].cycle, other / rows[row].bound]) {
                if let place { set.features[row * width + place] = Float(log2(value)) }
            }
        }
        return set
    }
}

extension TrainingSet {
    /// Reads rows of all families.
    ///
    /// - Parameters:
    ///   - sample: of each family at most so many rows, all with the same chance; nil for all.
    ///   - keepsSites: whether `sites` is filled, too.
    /// - Throws: `DocumentError` where a file, or a calibration of the library, cannot be read.
    static func reading(_ files: [String], in library: Library, sample count: Int? = nil, seed: Int = 1, keepsSites: Bool = false,
                        progress: (String) -> Void) throws(DocumentError) -> (sets: [TrainingSet], skipped: SkippedRows) {
        var sets: [KernelKey.Family: TrainingSet] = [:], skipped = SkippedRows()
        var predictor = Predictor(library, costs: Cycle(), calibrations: .shipped)
        let siblings = try Siblings(library)
        var sample: RowSample?
        if let count { sample = try RowSample(of: files, atMost: count, seed: seed) }
        for path in files {
            var file = try MeasuredFile(path)
            let name = path.split(separator: "/").last.map(String.init) ?? path
            var taken = 0
            while let row = file.next() {
                if let sample, !sample.takes(row, of: path) { continue }
                do throws(RowError) {
                    let family = try learnable(row)
                    let site = try predictor.site(of: row), seconds = try predictor.work(of: row).measured.value
                    guard let here = SiteSample(site, calibration: try predictor.calibration(for: site)) else { throw RowError("\"\(site.device.id)\" has no engine or port for it") }
                    var set = sets.removeValue(forKey: family) ?? TrainingSet(family: family)
                    if set.names.isEmpty { set.names = here.names() }
                    set.features += here.features
                    let residual = Float(log2(seconds / here.base))
                    let moved = siblings.move(site), kin = moved == nil ? siblings.kin(of: site)?.base : nil
                    guard let lent = siblings.lent(site, part: 1)?.base ?? siblings.bare(site)?.base else { throw RowError("\"\(site.device.id)\" cannot do it") }
                    set.rows.append(Row(residual: residual, target: residual, measured: seconds, base: here.base, lent: lent,
                                        halved: moved == nil ? nil : siblings.lent(site, part: 0.5, onlyBare: true)?.base, kin: kin,
                                        cycle: here.cycle, bound: here.bound,
                                        shape: shape(of: row, family), device: site.device.id, architecture: site.device.architecture,
                                        software: site.labels.software, version: site.labels.version, format: site.format, kernel: site.labels.kernel, curve: site.curvePlace))
                    set.moved.append(moved)
                    if keepsSites { set.sites.append(site) }
                    set.sources[name, default: 0] += 1
                    sets[family] = set
                    taken += 1
                } catch { skipped.add(error.description, in: name) }
            }
            skipped.add("malformed, first in \(file.complaints.first?.dropFirst(path.count + 2) ?? "")", in: name, rows: file.malformed)
            progress("\(path): \(taken) of \(file.rows) rows" + (file.damage.map { "; \($0)" } ?? ""))
        }
        return (sets.values.sorted { $0.family.rawValue < $1.family.rawValue }.map { set in
            var set = set
            set.settleTargets()
            return set
        }, skipped)
    }

    /// The family of a row, where models are learned of it.
    private static func learnable(_ row: MeasuredRow) throws(RowError) -> KernelKey.Family {
        guard let family = KernelKey.Family(rawValue: row.phase), KernelKey.Family.learned.contains(family) else { throw RowError("nothing is learned of \"\(row.phase)\"") }
        guard !row.device.contains("@") else { throw RowError("\"\(row.device)\" is a device with another limit than its own") }
        guard row.value > 0 else { throw RowError("the measured value is not above 0") }
        return family
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
    static func shape(of row: MeasuredRow, _ family: KernelKey.Family) -> UInt64 {
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
final class Siblings: Sendable {
    private let devices: [Device]
    private let calibrations: CalibrationSource
    private let foreign: CalibrationSource

    init(_ library: Library) throws(DocumentError) {
        calibrations = try library.calibrationSource()
        foreign = try library.calibrationSource(foreign: true)
        // Those that kernels were measured on.
        var measured: Set<String> = []
        for id in library.ids(.calibrations) {
            let calibration = try library.calibration(id)
            if !calibration.kernels.isEmpty { measured.insert(calibration.device) }
        }
        var devices: [Device] = []
        for id in measured.sorted() where id != Calibration.anyDevice { devices.append(try library.device(id)) }
        self.devices = devices
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

    /// A site without any calibration.
    func bare(_ site: KernelSite) -> SiteSample? { SiteSample(site, calibration: nil) }

    /// A site under the mean of the calibrations of other architectures; nil where none of those has its kernel.
    func kin(of site: KernelSite) -> SiteSample? {
        guard var calibration = foreign.of(site.device, under: site.labels.software) else { return nil }
        calibration.kernel = site.labels.kernel
        return site.isCovered(by: calibration) ? SiteSample(site, calibration: calibration) : nil
    }

    /// A site under its sibling's calibration, and what takes part where that lacks the kernel; nil without a sibling.
    ///
    /// - Parameters:
    ///   - part: of the log of the base, what is the sibling's where nobody else has the kernel.
    ///   - onlyBare: nil but for those.
    func lent(_ site: KernelSite, part: Double, onlyBare: Bool = false) -> SiteSample? {
        guard let sibling = site.device.nearest(among: devices), var lent = calibrations.of(sibling, under: site.labels.software), lent.device == sibling.id else { return nil }
        lent.lentTo = site.device.id
        lent.kernel = site.labels.kernel
        var kin = foreign.of(site.device, under: site.labels.software)
        kin?.kernel = site.labels.kernel
        switch site.substitute(lent: lent, kin: kin) {
        case .none: return onlyBare ? nil : SiteSample(site, calibration: lent)
        case .kin: return onlyBare ? nil : SiteSample(site, calibration: lent, mixedWith: kin, part: LearnedFamily.lendingOfKin)
        case .bare: return SiteSample(site, calibration: lent, mixedWith: nil, part: part)
        }
    }

    /// A site as it is told of where nobody measured its device: under its sibling's calibration, that of kin, or under none.
    func unmeasured(_ site: KernelSite, part: Double = 1) -> SiteSample? { lent(site, part: part) ?? kin(of: site) ?? bare(site) }

    /// A site under the calibration of another software.
    func under(_ software: String, _ site: KernelSite) -> SiteSample? {
        var calibration = calibrations.of(site.device, under: software)
        calibration?.kernel = site.labels.kernel
        return SiteSample(site, calibration: calibration)
    }
}
