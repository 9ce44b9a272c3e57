import Operators
import Quantities

/// What was fitted to runs of whole models: what a pass takes beside its kernels, which part of their rates kernels reach
/// in it, and what a board draws.
///
/// With the demand of the model, calibrated by kernel where that is (latency `L`, engine `E`, vector `V`, cache `C`, memory
/// `M`, link `K`), a kernel takes
///
///     latency·L + max(E ÷ engineEfficiency, V ÷ engineEfficiency, P ÷ productEfficiency, C, M ÷ memoryEfficiency, K ÷ linkEfficiency)
///
/// where P is the time of a product's operations at the engine's peak, without tiles and tails, and
/// with `attentionEfficiency` for the memory of attention in a decode step, and never less than its bound; a pass takes
///
///     step + layer·layers + (decode: (sequence + stream)·sequences; else: job + token·tokens) + its kernels
///
/// where an eager runtime launches a kernel every `kernel` seconds and `stream` counts only while tokens go to clients as they come.
/// A board draws `board` watts, and the joules of the model for operations and bytes times `compute` and `traffic`.
public struct WholeCalibration: Sendable {
    public enum Parameter: String, CaseIterable, Sendable {
        case engineEfficiency, productEfficiency, memoryEfficiency, attentionEfficiency, linkEfficiency, latency
        case step, layer, sequence, token, kernel, stream, job
        case board, compute, traffic, sensorLag

        /// Part of a rate, at most 1.
        public var isEfficiency: Bool {
            switch self {
            case .engineEfficiency, .productEfficiency, .memoryEfficiency, .attentionEfficiency, .linkEfficiency: true
            default: false
            }
        }

        /// The unit of its value; empty for a ratio.
        public var unit: String {
            switch self {
            case .engineEfficiency, .productEfficiency, .memoryEfficiency, .attentionEfficiency, .linkEfficiency, .latency, .compute, .traffic: ""
            case .board: "W"
            default: "s"
            }
        }

        /// The value that changes nothing.
        public var neutral: Double { unit.isEmpty ? 1 : 0 }
    }

    public typealias Fitted = KernelCalibration.Fitted

    public var fitted: [Parameter: Fitted]
    public var rows: Int
    /// Of the rows it was fitted to, and of models and splits that it had not seen (cross-validation).
    public var training: KernelCalibration.Score
    public var validation: KernelCalibration.Score
    /// Where it comes from, when that is another device or runtime: `a100-sxm-80gb.vllm`.
    public var origin: String?

    public init(fitted: [Parameter: Fitted], rows: Int, training: KernelCalibration.Score, validation: KernelCalibration.Score) {
        self.fitted = fitted
        self.rows = rows
        self.training = training
        self.validation = validation
    }

    public var constants: WholeConstants { WholeConstants { fitted[$0]?.value ?? $0.neutral } }
}

/// The values of a `WholeCalibration`, ready to be applied.
public struct WholeConstants: Sendable {
    private var values: [Double]

    public init(_ value: (WholeCalibration.Parameter) -> Double) {
        values = [Double](repeating: 0, count: WholeCalibration.Parameter.allCases.count)
        for parameter in WholeCalibration.Parameter.allCases { values[parameter.place] = value(parameter) }
    }

    public subscript(_ parameter: WholeCalibration.Parameter) -> Double { values[parameter.place] }

    /// The demand of a kernel within a pass; what would be faster than `bound` waits for it.
    public func applied(to demand: Demand, of operation: Operator, bound: Demand) -> Demand {
        var demand = demand, memory = WholeCalibration.Parameter.memoryEfficiency, products = Seconds.zero
        switch operation {
        case .attention(let o) where o.isDecode: memory = .attentionEfficiency
        case .matmul, .grouped: products = bound.engineTime
        // What was fitted of links is of exchanges between accelerators.
        case .copy: return demand
        default: break
        }
        demand.engineTime = Seconds(max(demand.engineTime.value / self[.engineEfficiency], products.value / self[.productEfficiency]))
        demand.vectorTime = Seconds(demand.vectorTime.value / self[.engineEfficiency])
        demand.memoryTime = Seconds(demand.memoryTime.value / self[memory])
        demand.linkTime = Seconds(demand.linkTime.value / self[.linkEfficiency])
        demand.latency = Seconds(max(demand.latency.value * self[.latency], bound.duration.value - demand.busy.value))
        return demand
    }

    /// Seconds of the host in a pass outside the launches of its kernels.
    public func host(of step: StepShape) -> Seconds {
        let sequences = self[.sequence] + (step.streams ? self[.stream] : 0)
        let rest = step.decodes ? sequences * Double(step.sequences) : self[.job] + self[.token] * Double(step.tokens)
        return Seconds(self[.step] + self[.layer] * Double(step.layers) + rest)
    }
}

extension WholeCalibration.Parameter {
    var place: Int {
        switch self {
        case .engineEfficiency: 0
        case .memoryEfficiency: 1
        case .attentionEfficiency: 2
        case .linkEfficiency: 3
        case .latency: 4
        case .step: 5
        case .layer: 6
        case .sequence: 7
        case .token: 8
        case .kernel: 9
        case .stream: 10
        case .job: 11
        case .board: 12
        case .compute: 13
        case .traffic: 14
        case .sensorLag: 15
        case .productEfficiency: 16
        }
    }
}

/// What the host does in a pass, as a calibration has it.
public struct HostCost: Sendable {
    /// Outside the launches of kernels.
    public var pass: Seconds
    /// To launch one kernel, under an eager runtime.
    public var perKernel: Seconds

    public init(pass: Seconds, perKernel: Seconds) {
        self.pass = pass
        self.perKernel = perKernel
    }
}

/// What a board draws, as a calibration has it.
public struct BoardPower: Sendable {
    /// Whatever runs.
    public var board: Watts
    /// Times the model's joules of operations, and of bytes and links.
    public var compute: Double
    public var traffic: Double
}

extension Calibration {
    /// The power part, where there is one.
    public var boardPower: BoardPower? {
        power.map { BoardPower(board: Watts($0.constants[.board]), compute: $0.constants[.compute], traffic: $0.constants[.traffic]) }
    }
}
