import Operators
import Quantities

/// Device memory of one step of training, on the device that needs most.
///
/// Peak is the fullest of four moments: when the loss is computed, when the way back begins, when it ends, and the update.
/// What a device holds:
///
/// - weights, their gradients and two moments of each that is trained, divided by tensor, pipeline and expert parallelism and
///   as `Training.Sharding` says among the data- and context-parallel devices (ZeRO, arXiv 1910.02054, section 3.1);
/// - under sharded weights what is brought together: embedding and head, the layer that runs and the next; every layer of a
///   stage of a pipeline, which passes many micro-batches (torchtitan, apply_fsdp); gradients of one layer on their way;
/// - activations (`LayerActivations`) of so many micro-batches as a stage has under way: at most one for each stage from here
///   to the end (1F1B; Narayanan et al., arXiv 2104.04473, section 2.2.1);
/// - of each logit its logarithm of the probability, the gradient of that and its own, in 32 bits; where the vocabulary is split
///   one more (PyTorch, torch/distributed/tensor/parallel/loss.py); where the loss comes piece by piece logits in the
///   activations' format and two in 32 bits.
public struct TrainingMemory: Sendable {
    public var model: Model
    public var precision: Precision
    public var training: Training
    public var parallelism: Parallelism
    /// Sequences of a micro-batch on one replica.
    public var sequences: Int
    public var tokens: Int
    /// Tokens of each sequence in the decoder of an encoder-decoder.
    public var targets: Int
    /// Micro-batches of a step: they follow each other through a pipeline, or their gradients add up.
    public var microBatches: Int
    /// Width in bits of the inputs that products with quantised weights keep besides.
    public var keptInputs: Double

    public init(model: Model, precision: Precision, training: Training, parallelism: Parallelism = Parallelism(), sequences: Int = 1,
                tokens: Int, targets: Int = 1, microBatches: Int = 1, keptInputs: Double = 32) {
        self.model = model
        self.precision = precision
        self.training = training
        self.parallelism = parallelism
        self.sequences = sequences
        self.tokens = tokens
        self.targets = targets
        self.microBatches = microBatches
        self.keptInputs = keptInputs
    }

    /// What a device holds at one moment.
    public struct Holding: Sendable, Equatable {
        public var weights = Bytes.zero
        public var gradients = Bytes.zero
        public var optimizer = Bytes.zero
        public var activations = Bytes.zero

        public var total: Bytes { weights + gradients + optimizer + activations }
    }

    /// The fullest moment of the fullest stage.
    public var peak: Holding {
        (0..<parallelism.pipeline).flatMap { moments(of: $0) }.max { $0.total < $1.total } ?? Holding()
    }

    /// Part of what PyTorch's allocator has taken from the device that holds no tensor at the peak of a training, mean over
    /// eight language models (GMLake, arXiv 2401.08156, abstract).
    public static let fragmentation = 0.15

    /// What an allocator that keeps what it once took has reserved by then.
    public var reserved: Bytes { peak.total / (1 - Self.fragmentation) }

    // MARK: Moments

    private var ways: Double { Double(parallelism.data * parallelism.context) }
    private var sharded: Bool { training.sharding == .weights }
    private func divided(_ by: Training.Sharding...) -> Double { by.contains(training.sharding) ? ways : 1 }

    private func moments(of stage: Int) -> [Holding] {
        let share = StageShare(self, stage: stage), narrow = precision.activations
        let offloads = training.offload == .all
        var base = Holding()

        // Weights as they stand between their uses, and what is brought together for them.
        let keepsMaster = training.master != nil && training.method == .full
        let stored = keepsMaster && sharded ? training.master!.bytes(elements: share.parameters) : share.bytes
        base.weights = offloads ? .zero : stored / (sharded ? ways : 1)
        let gathers = offloads || sharded && (ways > 1 || keepsMaster)
        if gathers {
            if let most = training.gatheredParameters {
                base.weights += share.bytes * min(1, most / max(1, share.parameters)) + share.largestMatrix * 2
            } else {
                base.weights += parallelism.pipeline > 1 ? share.bytes : share.edges + min(share.layers, share.largestLayer * 2)
            }
        }

        // What the optimizer keeps of each weight that it updates.
        let trained = switch training.method {
        case .full: share.parameters
        case .adapters(let parameters): parameters / Double(parallelism.tensor * parallelism.pipeline)
        }
        let states = training.moments ?? training.master ?? narrow
        if training.offload == .none {
            base.optimizer = states.bytes(elements: 2 * trained) / divided(.optimizer, .gradients, .weights)
            if let master = training.master, keepsMaster, !sharded { base.optimizer += master.bytes(elements: trained) / divided(.optimizer, .gradients) }
        }

        // Gradients: all of them, and those of one layer on their way.
        let format = training.gradients ?? training.master ?? narrow
        let whole = training.wholeGradients && sharded
        let flat = training.method == .full ? format.bytes(elements: share.parameters) : share.layers
        let all = offloads || training.updatesInBackward ? .zero
            : whole ? flat : format.bytes(elements: trained) / divided(.gradients, .weights)
        var transit = Bytes.zero
        if training.method == .full {
            if training.updatesInBackward {
                transit = narrow.bytes(elements: share.largestMatrixParameters)
            } else if training.sharding == .weights || training.sharding == .gradients {
                transit = narrow.bytes(elements: share.largestLayerParameters + share.headParameters) + (whole ? .zero : format.bytes(elements: share.largestLayerParameters))
            }
        }

        let activations = LayerActivations(self)
        let underWay = Double(min(microBatches, parallelism.pipeline - stage))
        let kept = activations.kept(stage), working = training.recomputation == .none ? .zero : activations.largest
        func holding(_ gradients: Bytes, _ activations: Bytes) -> Holding {
            var holding = base
            holding.gradients = gradients
            holding.activations = activations
            return holding
        }
        return [
            holding(microBatches > 1 ? all : .zero, kept * underWay + (stage == parallelism.pipeline - 1 ? activations.loss : .zero)),
            holding((microBatches > 1 ? all : .zero) + transit, kept * underWay + working),
            holding(all + transit, activations.largest),
            holding(all, .zero),
        ]
    }
}
