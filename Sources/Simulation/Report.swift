import CostModels
import Quantities

/// The answer to a job on a system: how long, how many joules, does it fit, and why.
public struct Report: Sendable {
    public var basis: Basis
    public var fits: Bool
    public var memory: [DeviceMemory]
    /// The nearest changes that would make it fit, nearest first; empty when it does.
    public var advice: [String]
    /// Nil when the job does not fit, and of training.
    public var timing: Timing?
    /// Where measurements of the times would lie; empty where the cost model does not say.
    public var intervals: [Interval] = []
    public var energy: Energy?
    public var operators: [OperatorRow]
    /// Seconds of the whole job on its critical path, by operator and by what bound it; largest first.
    public var blame: [BlameRow]
    public var sensitivities: [Sensitivity]
    /// What simplifications or missing facts a reader should know of.
    public var notes: [String]

    /// What is worked out beside the figures, and left empty otherwise.
    public struct Detail: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }

        public static let operators = Self(rawValue: 1)
        public static let blame = Self(rawValue: 2)
        public static let sensitivities = Self(rawValue: 4)
        public static let advice = Self(rawValue: 8)
        public static let intervals = Self(rawValue: 16)
        public static let all: Self = [.operators, .blame, .sensitivities, .advice, .intervals]
    }

    /// What the figures rest on.
    public struct Basis: Sendable {
        public var version: String
        public var job: String
        public var system: String
        public var runtime: String
        public var costModel: String
        /// Name of the calibration, nil for none.
        public var calibration: String?
        /// Facts the device file lacks and its architecture's defaults supplied.
        public var inherited: [String]
        /// Facts nobody checked against a document, of the accelerator.
        public var recalled: [String]
    }

    public struct DeviceMemory: Sendable {
        /// Group name, and device name.
        public var group: String
        public var device: String
        public var capacity: Bytes
        public var peak: Bytes
        public var weights: Bytes
        /// Gradients, and what the optimizer keeps, in training.
        public var gradients = Bytes.zero
        public var optimizer = Bytes.zero
        public var cache: Bytes
        public var activations: Bytes
        public var workspace: Bytes
        /// What the runtime may use: the capacity, or the fraction of it that it is allowed.
        public var usable: Bytes
        public var fits: Bool { peak <= usable }
    }

    public struct Timing: Sendable {
        /// The whole job.
        public var latency: Seconds
        /// Time to first token: the prefill (nil without one).
        public var ttft: Seconds?
        /// Mean time per output token after the first (nil without decode).
        public var tpot: Seconds?
        /// Tokens of all sequences a second: output tokens over the latency; prompt tokens for a prefill job.
        public var outputTokensPerSecond: Double?
        public var promptTokensPerSecond: Double?
        /// The physical bound of the whole job: datasheet peaks and compulsory bytes, nothing else.
        public var bound: Seconds
        /// Of the accelerators' time, the part in which one of their kernels ran.
        public var busyFraction: Double
    }

    /// Where half, and 90 %, of measurements of a figure lie, as far as the kernels decide it.
    public struct Interval: Sendable {
        public enum Figure: String, CaseIterable, Sendable {
            case latency = "latencySeconds", ttft = "ttftSeconds", tpot = "tpotSeconds", energy = "energyJoules"
        }

        public var figure: Figure
        /// In the base unit of the figure.
        public var half: ClosedRange<Double>
        public var ninety: ClosedRange<Double>

        public init(_ figure: Figure, half: ClosedRange<Double>, ninety: ClosedRange<Double>) {
            self.figure = figure
            self.half = half
            self.ninety = ninety
        }
    }

    public struct Energy: Sendable {
        /// Where joules go, in the order of a report. The first four are charged by what operators do; `static` is what the
        /// boards of the accelerators draw whatever runs on them, `host` and `storage` all that those draw.
        public enum Component: String, CaseIterable, Sendable {
            case compute, cache, memory, link, `static`, host, storage
        }

        public var total: Joules
        /// They add up to the total.
        public var components: [(component: Component, energy: Joules)]
        /// What is inside the boundary, in words.
        public var boundary: String
        public var averagePower: Watts
    }

    public struct OperatorRow: Sendable {
        public var name: String
        public var kind: String
        public var device: String
        /// Executions over the job and all devices.
        public var count: Double
        /// Time in which it ran on the device that spent most on it, summed over executions.
        public var latency: Seconds
        public var flops: Flops
        public var bytes: Bytes
        public var boundBy: Bound
        public var energy: Joules
        /// What the kernel choice was, for most of that time: "tile 128×256, split-K 4".
        public var choice: String
        /// Time in which it ran, summed over executions of all devices: `flops / deviceTime` is the rate of one device.
        public var deviceTime: Seconds
    }

    public struct BlameRow: Sendable {
        public var name: String
        public var bound: Bound
        public var seconds: Seconds
    }

    /// What one resource is worth: the change of the job's latency when it is a tenth better.
    public struct Sensitivity: Sendable {
        public var resource: String
        public var latency: Seconds
        /// Speed-up minus 1: 0.08 means that 10 % more of it buys 8 %.
        public var gain: Double
    }
}
