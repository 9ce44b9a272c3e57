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
    public var kernels: [KernelCalibration]
    /// The device it is lent to, when that has none of its own.
    public var lentTo: String?
    /// Prefer the kernel of this name over the one with the most rows.
    public var kernel = ""

    public init(device: String, runtime: String, version: String, date: String, sources: [Source], kernels: [KernelCalibration]) {
        self.device = device
        self.runtime = runtime
        self.version = version
        self.date = date
        self.sources = sources
        self.kernels = kernels
        index()
    }

    /// Its name: `h100-sxm.vllm`.
    public var id: String { "\(device).\(runtime)" }
    /// Its name, and from which device it is lent.
    public var title: String { lentTo.map { "\(id), inherited by \($0)" } ?? id }

    public func applies(to device: Device) -> Bool { (lentTo ?? self.device) == device.id }

    private var placesByFamily: [KernelKey.Family: [Int]] = [:]

    private mutating func index() {
        placesByFamily = Dictionary(grouping: kernels.indices) { kernels[$0].key.family }
    }

    /// Adds the kernels of another calibration for what this one has none for: the collectives of NCCL.
    public mutating func add(_ other: Calibration) {
        let own = Set(kernels.map { KernelKey($0.key.family, format: $0.key.format) })
        kernels += other.kernels.filter { !own.contains(KernelKey($0.key.family, format: $0.key.format)) }
        index()
    }

    /// The kernel that would do an operator: of the named kernels and formats the best match, then the one with the most rows.
    ///
    /// Calls that the host launched one by one say little about the device: such a kernel is taken only when it was named.
    ///
    /// - Parameter choice: how the cost model does it.
    public func kernel(for operation: Operator, choice: Choice = .none) -> KernelCalibration? {
        guard let key = KernelKey(operation, choice: choice) else { return nil }
        func closeness(_ candidate: KernelCalibration) -> Int? {
            let exact = candidate.key.format == key.format
            guard exact || candidate.key.plainFormat == key.plainFormat else { return nil }
            guard candidate.fitted[.hostFloor] == nil || candidate.kernel == kernel else { return nil }
            guard candidate.key.variant.isEmpty || candidate.key.variant == key.variant else { return nil }
            return (exact ? 4 : 0) + (!kernel.isEmpty && candidate.kernel == kernel ? 2 : 0) + (candidate.key.variant == key.variant ? 1 : 0)
        }
        var best: (place: Int, closeness: Int, rows: Int)?
        for place in placesByFamily[key.family] ?? [] {
            guard let close = closeness(kernels[place]) else { continue }
            // A variant has fewer rows than its kernel in all: kernels are compared by the latter.
            let rows = rowsOfKernel(kernels[place])
            if best.map({ (close, rows) > ($0.closeness, $0.rows) }) ?? true { best = (place, close, rows) }
        }
        return best.map { kernels[$0.place] }
    }

    /// A prediction of the cycle model with the constants of the kernel that does it; the prediction itself where there is none.
    public func corrected(_ demand: Demand, of operation: Operator, on device: Device, bound: @autoclosure () -> Demand) -> Demand {
        guard applies(to: device), demand.duration.value.isFinite, let kernel = kernel(for: operation, choice: demand.choice) else { return demand }
        return kernel.constants.apply(to: demand, of: operation, bound: bound().duration)
    }

    private func rowsOfKernel(_ one: KernelCalibration) -> Int {
        var rows = 0
        for place in placesByFamily[one.key.family] ?? [] where kernels[place].kernel == one.kernel && kernels[place].key.format == one.key.format {
            rows = max(rows, kernels[place].rows)
        }
        return rows
    }
}
