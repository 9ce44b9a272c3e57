import CostModels
import Hardware

/// One kernel of one software as it was measured: what labels are turned into for the trees.
public struct KernelGroup: Sendable, Equatable {
    /// Id of the device; empty in the table for devices that were never seen.
    public var device: String
    public var architecture: String
    public var software: String
    public var version: String
    public var format: String
    public var kernel: String
    public var rows: Int
    /// Mean log₂ of measured ÷ base over rows that share some of the labels: see `KernelGroups.levels`.
    public var codes: [Float]
    /// log₂ of measured ÷ base over size, where the family has curves.
    public var curves: [CurvePlace.Fixed: SizeCurve]
    /// The same over all sizes together, where the family has surfaces and enough rows are of the kernel.
    public var surface: KernelSurface?

    public init(device: String, architecture: String, software: String, version: String, format: String, kernel: String, rows: Int, codes: [Float],
                curves: [CurvePlace.Fixed: SizeCurve] = [:], surface: KernelSurface? = nil) {
        self.device = device
        self.architecture = architecture
        self.software = software
        self.version = version
        self.format = format
        self.kernel = kernel
        self.rows = rows
        self.codes = codes
        self.curves = curves
        self.surface = surface
    }
}

/// The kernels of a family that the training rows named, with what distinguishes them in numbers.
///
/// A label says nothing by itself; how far its rows lie from the analytic model on average does (target encoding, Micci-Barreca,
/// SIGKDD Explorations 2001). A kernel nobody names is taken to be the one most rows are of.
public struct KernelGroups: Sendable, Equatable {
    /// What the codes are means over.
    public enum Level: String, CaseIterable, Sendable {
        case kernelOnDevice = "mean of the kernel on the device"
        case device = "mean of the device"
        case architecture = "mean of the kernel in the architecture"
        case software = "mean of the software"
        case version = "mean of the version"
        case kernel = "mean of the kernel"
        case format = "mean of the format"
    }

    /// Where the device is known, and where it is not.
    public static func levels(knownDevice: Bool) -> [Level] {
        Level.allCases.filter { knownDevice || ($0 != .kernelOnDevice && $0 != .device) }
    }

    public var groups: [KernelGroup]

    public init(_ groups: [KernelGroup]) { self.groups = groups }

    public func knows(_ device: String) -> Bool { groups.contains { $0.device == device } }

    /// What a site says of its kernel.
    public struct Wanted: Sendable {
        public var format: String
        public var architecture: String
        public var labels: KernelLabels

        public init(format: String, architecture: String, labels: KernelLabels) {
            self.format = format
            self.architecture = architecture
            self.labels = labels
        }

        init(_ site: KernelSite) { self.init(format: site.format, architecture: site.device.architecture, labels: site.labels) }
    }

    /// The group whose kernel would do the work of a site: format first, then the kernel's name, software, version.
    ///
    /// - Parameters:
    ///   - device: only groups of this device; nil in the table for devices that were never seen.
    ///   - strictly: another kernel than the one named, or an exchange among another number of devices, is no match.
    /// - Returns: nil where no group has the format.
    public func match(_ wanted: Wanted, device: String?, strictly: Bool = false) -> KernelGroup? {
        var best: (group: KernelGroup, score: Int)?
        let plain = Self.plain(wanted.format, strictly), labels = wanted.labels
        for group in groups where device == nil || group.device == device {
            if strictly, !labels.kernel.isEmpty, group.kernel != labels.kernel { continue }
            var score = 0
            if group.format == wanted.format { score += 64 } else if Self.plain(group.format, strictly) == plain { score += 32 } else { continue }
            if !labels.kernel.isEmpty, group.kernel == labels.kernel { score += 16 }
            if group.software == labels.software { score += 8 }
            if group.architecture == wanted.architecture { score += 4 }
            if !labels.version.isEmpty, group.version == labels.version { score += 2 }
            if best.map({ (score, group.rows) > ($0.score, $0.group.rows) }) ?? true { best = (group, score) }
        }
        return best?.group
    }

    static let among = ", among "

    /// A format without the scales that groups of elements share, nor how many exchange.
    private static func plain(_ format: String, _ strictly: Bool) -> String {
        var words = format.split(separator: " ", omittingEmptySubsequences: false)
        if !strictly, words.count > 2, words[words.count - 2] == "among" { words = words.dropLast(2) }
        return words.map { $0.prefix { $0 != "/" && $0 != "," } }.joined(separator: " ")
    }
}
