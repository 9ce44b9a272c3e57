import Hardware
import Operators
import Quantities

/// A job lowered onto a system: the passes to run, one after the other, and what has to be in memory meanwhile.
public struct Plan: Sendable {
    public enum Phase: Sendable, Equatable {
        case prefill
        /// A decode step that reads so many cached tokens per sequence, its own included.
        case decode(context: Int)
        case single
    }

    public struct Step: Sendable {
        public var phase: Phase
        public var graph: OperatorGraph
        /// Tokens that pass through the model, of all sequences.
        public var tokens: Int

        public init(phase: Phase, graph: OperatorGraph, tokens: Int = 0) {
            self.phase = phase
            self.graph = graph
            self.tokens = tokens
        }
    }

    /// Something that stays in memory for the whole job (or grows to this size by its end).
    public struct Allocation: Sendable, Equatable {
        public enum Kind: String, CaseIterable, Sendable {
            case weights, gradients, optimizer, cache, activations, workspace
        }

        /// Name of a group of the system.
        public var group: String
        public var kind: Kind
        /// On each device of the group; the fullest one where they differ.
        public var bytesPerDevice: Bytes
        public var note: String

        public init(group: String, kind: Kind, bytesPerDevice: Bytes, note: String) {
            self.group = group
            self.kind = kind
            self.bytesPerDevice = bytesPerDevice
            self.note = note
        }
    }

    /// The passes that are simulated; none of training, of which only the memory is known. Decode steps are sampled along the context: `decodeSteps` says how many there
    /// really are, and the time between two samples is interpolated linearly.
    public var steps: [Step]
    /// Decode steps of the job: `output − 1` for a generation, 1 for a decode job, 0 otherwise.
    public var decodeSteps: Int
    /// Context of the first and the last decode step.
    public var firstContext: Int
    public var lastContext: Int
    /// Sequences of one replica times replicas: tokens that come out of one decode step.
    public var sequences: Int
    public var allocations: [Allocation]

    public init(steps: [Step], decodeSteps: Int, firstContext: Int, lastContext: Int, sequences: Int, allocations: [Allocation]) {
        self.steps = steps
        self.decodeSteps = decodeSteps
        self.firstContext = firstContext
        self.lastContext = lastContext
        self.sequences = sequences
        self.allocations = allocations
    }
}
