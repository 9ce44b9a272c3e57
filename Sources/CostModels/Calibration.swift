import Hardware
import Operators

/// What was fitted to measured runs of one device under one runtime.
///
///     let calibration = try library.calibration(of: "h100-sxm", under: "vllm")
///     let costs = Cycle(calibration: calibration)
public struct Calibration: Sendable {
    /// A file of measured runs, as it was when the calibration was fitted.
    public struct Source: Sendable, Equatable {
        /// File name without its folder.
        public var file: String
        public var rows: Int

        public init(file: String, rows: Int) {
            self.file = file
            self.rows = rows
        }
    }

    public var device: String
    public var runtime: String
    /// Version of the program whose cost model it corrects.
    public var version: String
    /// When it was fitted: year, month and day.
    public var date: String
    public var sources: [Source]
    public private(set) var kernels: [KernelCalibration]
    /// Of passes of whole models, and of the power that boards draw in them.
    public var steps: WholeCalibration? { didSet { wholeConstants = steps?.constants } }
    public var power: WholeCalibration?
    public private(set) var wholeConstants: WholeConstants?
    /// The device it is lent to, when that has none of its own.
    public var lentTo: String?
    /// The calibrations it is the mean of, where it is lent by devices of other architectures.
    public internal(set) var kin: [String] = []
    /// Prefer the kernel of this name over the one with the most rows.
    public var kernel = ""
    /// The question is about a call of the benchmark that kernels were fitted to, so that what its host added counts, named or not.
    public var countsHost = false

    public init(device: String, runtime: String, version: String, date: String, sources: [Source], kernels: [KernelCalibration],
                steps: WholeCalibration? = nil, power: WholeCalibration? = nil) {
        self.device = device
        self.runtime = runtime
        self.version = version
        self.date = date
        self.sources = sources
        self.kernels = kernels
        self.steps = steps
        self.power = power
        wholeConstants = steps?.constants
        index()
    }

    /// Its name: `h100-sxm.vllm`.
    public var id: String { "\(device).\(runtime)" }
    /// Its name, from which device it is lent, and where its parts for whole passes come from.
    public var title: String {
        let name = kin.isEmpty ? id : "mean of \(kin.joined(separator: ", "))"
        let own = lentTo.map { "\(name), inherited by \($0)" } ?? name
        let others = [steps?.origin.map { "passes as \($0)" }, power?.origin.map { "power as \($0)" }].compactMap(\.self)
        return ([own] + others).joined(separator: ", ")
    }

    /// With what an older one of the same device and runtime knows and this one has nothing of: kernels of other families, passes, power.
    public func keeping(_ older: Calibration) -> Calibration {
        let families = Set(kernels.map(\.key.family)), files = Set(sources.map(\.file))
        let kept = older.kernels.filter { !families.contains($0.key.family) }
        let all = Dictionary(grouping: kept + kernels) { $0.key.family.rawValue }.sorted { $0.key < $1.key }.flatMap(\.value)
        return Calibration(device: device, runtime: runtime, version: version, date: date,
                           sources: (older.sources.filter { !files.contains($0.file) } + sources).sorted { $0.file < $1.file },
                           kernels: all,
                           steps: steps ?? older.steps, power: power ?? older.power)
    }

    /// In place of a device's id: fitted to all devices that a runtime was measured on.
    public static let anyDevice = "any"

    public func applies(to device: Device) -> Bool { (lentTo ?? self.device) == device.id }

    private var placesByFamily: [KernelKey.Family: [Int]] = [:]
    /// Of each kernel: its formats without scales, and the rows of all its variants.
    private var plainFormats: [String] = [], rowsOfKernels: [Int] = []

    private mutating func index() {
        placesByFamily = Dictionary(grouping: kernels.indices) { kernels[$0].key.family }
        plainFormats = kernels.map(\.key.plainFormat)
        rowsOfKernels = kernels.map { rowsOfKernel($0) }
    }

    /// Without what belongs to passes of whole models: for kernels by themselves, as in a benchmark.
    public var ofKernels: Calibration? {
        guard !kernels.isEmpty else { return nil }
        var calibration = self
        calibration.steps = nil
        calibration.power = nil
        return calibration
    }

    /// Adds the kernels of another calibration for what this one has none for: the collectives of NCCL.
    public mutating func add(_ other: Calibration) {
        let own = Set(kernels.map { KernelKey($0.key.family, format: $0.key.format) })
        kernels += other.kernels.filter { !own.contains(KernelKey($0.key.family, format: $0.key.format)) }
        index()
    }

    /// The kernel that would do an operator: of the named kernels and formats the best match, then the one with the most rows.
    ///
    /// Calls that the host launched one by one say little about the device, and a kernel whose units the caller counts needs their
    /// number: such a kernel is taken only when it was named.
    ///
    /// - Parameter choice: how the cost model does it.
    public func kernel(for operation: Operator, choice: Choice = .none) -> KernelCalibration? {
        KernelKey(operation, choice: choice).flatMap { kernel(for: $0, named: kernel) }
    }

    func kernel(for key: KernelKey, named kernel: String) -> KernelCalibration? {
        let plainFormat = key.plainFormat
        /// What matters first: format, name, and for attention the head dimension; then, among the variants of a kernel, how close it is.
        func closeness(_ place: Int) -> (first: Int, last: Int)? {
            let candidate = kernels[place], exact = candidate.key.format == key.format
            guard exact || plainFormats[place] == plainFormat else { return nil }
            guard !candidate.isOfCaller || candidate.kernel == kernel || countsHost && kernel.isEmpty && candidate.isOfHost else { return nil }
            guard let variant = key.closeness(ofVariant: candidate.key.variant) else { return nil }
            return ((exact ? 4 : 0) + (!kernel.isEmpty && candidate.kernel == kernel ? 2 : 0) + (variant > 1 ? 1 : 0), variant)
        }
        var best: (place: Int, first: Int, rows: Int, last: Int)?
        for place in placesByFamily[key.family] ?? [] {
            guard let (first, last) = closeness(place) else { continue }
            // A variant has fewer rows than its kernel in all: kernels are compared by the latter.
            let rows = rowsOfKernels[place]
            if best.map({ (first, rows, last) > ($0.first, $0.rows, $0.last) }) ?? true { best = (place, first, rows, last) }
        }
        return best.map { kernels[$0.place] }
    }

    /// A prediction of the cycle model with the constants of the kernel that does it; the prediction itself where there is none.
    ///
    /// - Parameter kernel: where it is known already.
    public func corrected(_ demand: Demand, of operation: Operator, by kernel: KernelCalibration? = nil, on device: Device, bound: @autoclosure () -> Demand) -> Demand {
        guard applies(to: device), demand.duration.value.isFinite, let kernel = kernel ?? self.kernel(for: operation, choice: demand.choice) else { return demand }
        return kernel.constants.apply(to: demand, of: operation, bound: bound().duration)
    }

    /// A prediction for a kernel by itself, as it is within a pass of a model; the prediction where nothing of passes was fitted.
    public func inPass(_ demand: Demand, of operation: Operator, on device: Device, bound: Demand) -> Demand {
        guard let wholeConstants, applies(to: device), demand.duration.value.isFinite else { return demand }
        return wholeConstants.applied(to: demand, of: operation, bound: bound)
    }

    private func rowsOfKernel(_ one: KernelCalibration) -> Int {
        var rows = 0
        for place in placesByFamily[one.key.family] ?? [] where kernels[place].kernel == one.kernel && kernels[place].key.format == one.key.format {
            rows = max(rows, kernels[place].rows)
        }
        return rows
    }
}
