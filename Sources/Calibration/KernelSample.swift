import CostModels
import Documents
import Hardware
import Measurement
import Operators
import Quantities

/// One measured row as the fit of a kernel sees it.
public struct KernelSample: Sendable {
    /// Seconds.
    public var measured: Double
    /// Seconds of what is not fitted: helper kernels as the cost model has them, gaps between kernels.
    public var fixed: Double
    /// The operators that the kernel does, each with the model's times.
    public var works: [KernelWorkload]
    /// Of attention on an accelerator: the operator, and its times under each way that a plan may go.
    private(set) var attention: Attention?
    private var ways: [AttentionWay: KernelWorkload] = [:]
    /// Rows of equal shape group are for training or for validation together.
    public var shape: UInt64
    /// Head dimension and window of attention; empty where a kernel has one variant.
    public var variant: String
    /// On a processor, whose kernels have other constants than those of an accelerator.
    public var onProcessor: Bool
    /// How many units of the device copy, which the caller of the kernel decides.
    public var statesUnits = false
    /// Rows of equal call differ in what was measured alone.
    public var call: UInt64?
    /// The serving engine's own kernel for an exchange that NCCL does, too.
    public var ofEngine = false
    /// Interquartile range of its repeats over their median, 0 where the row does not say.
    public var spread = 0.0

    public init(measured: Double, fixed: Double, works: [KernelWorkload], shape: UInt64, variant: String = "", onProcessor: Bool = false) {
        self.onProcessor = onProcessor
        self.measured = measured
        self.fixed = fixed
        self.works = works
        self.shape = shape
        self.variant = variant
    }

    public func predicted(under constants: KernelConstants) -> Double {
        var time = fixed
        for work in works { time += work.duration(under: constants) }
        return max(time, constants[.hostFloor])
    }

    /// The same by a kernel with this plan; itself where it knows none.
    func under(_ plan: AttentionPlan?) -> Self {
        guard let plan, let attention, let work = ways[plan.way(of: attention)] else { return self }
        var sample = self
        sample.works = [work]
        return sample
    }

    /// Heads that share a cached one; nil of what is no attention.
    var sharesHeads: Bool? { attention.map { $0.heads > $0.kvHeads } }

    /// Keeps the times of the only attention of a row for whatever plan its kernel may have.
    mutating func addWays(of operators: [Operator], on device: Device, under runtime: Runtime) {
        let attentions = operators.compactMap { if case .attention(let o) = $0 { o } else { nil } }
        guard attentions.count == 1, let o = attentions.first else { return }
        let prepared = Cycle.Prepared(for: device, under: runtime), operation = Operator.attention(o)
        attention = o
        for plan in KernelPlanning.candidates(ignoringWindow: o.window > 0 && !o.isDecode) where ways[plan.way(of: o)] == nil {
            let (demand, bound) = prepared.demandAndBound(of: operation, plan: plan)
            ways[plan.way(of: o)] = KernelWorkload(operation, demand, bound: bound.duration)
        }
    }
}

extension KernelSample {
    /// - Returns: nil where nothing in the row is calibrated, or a device cannot do it.
    ///
    /// - Parameter key: of the kernel that was timed; other operators of the row are what surrounds it.
    init?(_ work: KernelWork, of row: MeasuredRow, _ demands: [Demand], _ main: KernelKey) {
        var works: [KernelWorkload] = [], fixed = 0.0
        var hash = StableHash(), variant = "", units = false
        let onProcessor = work.device.kind == .cpu
        for (operation, demand) in zip(work.operators, demands) {
            guard demand.duration.value.isFinite else { return nil }
            fixed += work.gap.value
            guard let key = KernelKey(operation, choice: demand.choice), key.family == main.family else {
                fixed += demand.duration.value
                continue
            }
            works.append(KernelWorkload(operation, demand, bound: work.bound(of: operation).duration))
            variant = key.variant
            if case .collective(let collective) = operation, collective.units > 0 { units = true }
            hash.add(shapeOf: operation)
            // There a shape is a whole one: the rows of a product are as much its shape as its weights.
            if onProcessor { hash.add(tokensOf: operation) }
        }
        guard !works.isEmpty, fixed.isFinite else { return nil }
        // How a model routes its tokens, which the sizes of its products do not say.
        for column in ["topk", "num_experts", "moe_ep_size"] { if let value = row[column].flatMap({ Int($0) }) { hash.add(value) } }
        self.init(measured: work.measured.value, fixed: fixed, works: works, shape: hash.value, variant: variant, onProcessor: onProcessor)
        statesUnits = units
        if !onProcessor { addWays(of: work.operators, on: work.device, under: work.runtime) }
        if main.family == .collective { (call, ofEngine) = (StableHash(callOf: row).value, !row.kernelName.isEmpty) }
        if onProcessor, let column = row["op_params"], let document = try? Document(file: "op_params", text: column.utf8), case .number(let text)? = document.json["spread"] {
            spread = max(0, Double(text) ?? 0)
        }
    }
}

/// FNV-1a: the same on every machine and run, unlike `Hasher`.
public struct StableHash: Sendable {
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    public init() {}

    /// Of everything that a row states but the figures.
    init(callOf row: MeasuredRow) {
        let figures: Set = ["row_id", "value", "latency_ms", "latency_us", "power"]
        for (name, field) in zip(row.header.names, row.fields) where !figures.contains(name) {
            add(field.utf8.count)
            for byte in field.utf8 { add(Int(byte)) }
        }
    }

    public mutating func add(_ number: Int) {
        for byte in 0..<8 {
            value ^= UInt64(truncatingIfNeeded: number >> (8 * byte)) & 0xff
            value = value &* 0x100_0000_01b3
        }
    }

    /// The dimensions that a model fixes, not the tokens of a step: weights of a product, heads of attention, size of a message.
    mutating func add(shapeOf operation: Operator) {
        let sizes: [Int] = switch operation {
        case .matmul(let o): [1, o.n, o.k]
        case .grouped(let o): [2, o.n, o.k]
        case .attention(let o): [3, o.heads, o.kvHeads, o.keyDimension, o.window]
        case .collective(let o) where o.messages > 0: [4, o.participants, o.messages]
        // Sizes of messages, not of buffers per member: an all-gather states one of its parts.
        case .collective(let o): [5, Int(min(o.bytes.value * (o.kind == .allGather ? Double(o.participants) : 1), 1e15).rounded())]
        case .elementwise(let o): [6, o.rows, o.width]
        case .copy(let o): [7, Int(min(o.bytes.value, 1e15))]
        }
        for size in sizes { add(size) }
    }

    /// What a step brings: rows of a product, sequences and their lengths.
    mutating func add(tokensOf operation: Operator) {
        switch operation {
        case .matmul(let o): add(o.m)
        case .grouped(let o): add(o.rows)
        case .attention(let o): [o.batch, o.queries, o.context].forEach { add($0) }
        default: break
        }
    }
}
