import Hardware
import Operators
import Quantities

/// What is to be done: a model on a batch, or a single operator.
public struct Job: Sendable {
    public enum Work: Sendable {
        case model(ModelJob)
        case single(SingleOperator)
    }

    public var id: String
    public var name: String
    /// One line for a list of jobs.
    public var summary: String
    /// The file it was read from, which errors name.
    public var file: String
    public var work: Work
    /// Where it runs when nobody says otherwise: names of the library.
    public var system: String?
    public var device: String?
    public var runtime: String?

    public init(id: String, name: String? = nil, summary: String = "", file: String? = nil, work: Work,
                system: String? = nil, device: String? = nil, runtime: String? = nil) {
        self.id = id
        self.name = name ?? id
        self.summary = summary
        self.file = file ?? id
        self.work = work
        self.system = system
        self.device = device
        self.runtime = runtime
    }
}

public struct ModelJob: Sendable {
    public enum Phase: String, CaseIterable, Sendable {
        /// The prompt at once, up to the first token.
        case prefill
        /// One token for every sequence, each with `prompt` tokens cached.
        case decode
        /// Prefill, then `output` tokens: the first comes from the prefill, each other from a decode step.
        case generate
        /// One step of training: forward and back over the whole batch, and the update. Only its memory is answered.
        case train
    }

    public var model: Model
    public var phase: Phase
    /// Sequences, over all data-parallel replicas.
    public var batch: Int
    /// Prompt tokens of each sequence; in a decode job, tokens already cached.
    public var prompt: Int
    /// Tokens to generate for each sequence; in training those of the decoder behind an encoder; else 1.
    public var output: Int
    public var precision: Precision
    public var parallelism: Parallelism
    public var placement: Placement
    public var routing: Routing
    public var expertFetch: ExpertFetch
    /// Groups a batch is cut into, so that one computes while another attends elsewhere (NeuPIMs' sub-batch interleaving).
    public var subBatches: Int
    /// Micro-batches that follow each other through the pipeline stages, or through each layer whose weights are streamed
    /// (FlexGen's block schedule); in training also those whose gradients add up.
    public var microBatches: Int
    /// How it is trained; in a `train` job.
    public var training: Training?

    public init(model: Model, phase: Phase, batch: Int = 1, prompt: Int, output: Int = 1, precision: Precision = Precision(),
                parallelism: Parallelism = Parallelism(), placement: Placement = Placement(), routing: Routing = .balanced,
                expertFetch: ExpertFetch = .onDemand, subBatches: Int = 1, microBatches: Int = 1, training: Training? = nil) {
        self.model = model
        self.phase = phase
        self.batch = batch
        self.prompt = prompt
        self.output = output
        self.precision = precision
        self.parallelism = parallelism
        self.placement = placement
        self.routing = routing
        self.expertFetch = expertFetch
        self.subBatches = subBatches
        self.microBatches = microBatches
        self.training = training
    }
}

/// Storage of the tensors of a model.
public struct Precision: Sendable, Equatable {
    public var weights: TensorFormat
    public var activations: TensorFormat
    public var cache: TensorFormat
    /// Embedding tables and output head where they differ from the other weights (quantised models keep them wide).
    public var embeddings: TensorFormat
    /// Routed experts where they differ.
    public var experts: TensorFormat
    /// The arithmetic, where it is not the activations' format.
    public var math: NumberFormat?

    /// What is not said follows from what is: the cache is stored like the activations, experts like the other weights,
    /// embeddings too unless the weights are narrower than 16 bits, which leaves embeddings like the activations.
    public init(weights: TensorFormat = .bf16, activations: TensorFormat = .bf16, cache: TensorFormat? = nil,
                embeddings: TensorFormat? = nil, experts: TensorFormat? = nil, math: NumberFormat? = nil) {
        self.weights = weights
        self.activations = activations
        self.cache = cache ?? activations
        self.embeddings = embeddings ?? (weights.bits < 16 ? activations : weights)
        self.experts = experts ?? weights
        self.math = math
    }
}

/// Devices of the accelerator group and how they share the model.
public struct Parallelism: Sendable, Equatable {
    public var tensor = 1
    public var pipeline = 1
    /// Devices over which the experts are spread; tokens travel between them all-to-all.
    public var expert = 1
    public var data = 1
    /// Devices that share out the tokens of each sequence (ring attention, arXiv 2310.01889), in training.
    public var context = 1

    public init(tensor: Int = 1, pipeline: Int = 1, expert: Int = 1, data: Int = 1, context: Int = 1) {
        self.tensor = tensor
        self.pipeline = pipeline
        self.expert = expert
        self.data = data
        self.context = context
    }

    /// Devices that it takes: expert parallelism runs over the same devices as tensor and data parallelism.
    public var devices: Int { tensor * pipeline * data * context }
}

/// Where tensors live and where attention runs: shares by group name; the accelerator where nothing is said.
public struct Placement: Sendable, Equatable {
    /// Group name to share of the bytes; the shares add up to 1. `device` names the accelerator group.
    public var weights: [Share]
    public var cache: [Share]
    public var experts: [Share]
    /// The group that computes attention, nil for the accelerator.
    public var attention: String?

    public struct Share: Sendable, Equatable {
        public var group: String
        public var share: Double

        public init(group: String, share: Double) {
            self.group = group
            self.share = share
        }
    }

    public init(weights: [Share] = [], cache: [Share] = [], experts: [Share] = [], attention: String? = nil) {
        self.weights = weights
        self.cache = cache
        self.experts = experts
        self.attention = attention
    }
}

/// How tokens spread over experts.
public enum Routing: Sendable, Equatable {
    case balanced
    /// Popularity of the i-th expert ∝ 1/i^s.
    case zipf(exponent: Double)
    /// Popularity ∝ i^(−α) drawn in a shuffled order, as the kernel benchmarks of serving engines do.
    case powerLaw(exponent: Double)
    /// Relative popularity of each expert.
    case counts([Double])
}

/// When experts that live elsewhere are brought to the device.
public enum ExpertFetch: String, CaseIterable, Sendable {
    /// After the router has chosen: the copy waits for the router, the experts for the copy.
    case onDemand = "on-demand"
    /// The router of the previous expert layer chooses, so that the copy overlaps a whole layer (Pre-gated MoE, ISCA 2024).
    case preGated = "pre-gated"
    /// All experts of the next expert layer are copied while this one runs (SE-MoE).
    case prefetchAll = "prefetch-all"
}

/// One operator by itself, as in a kernel benchmark: cold main memory, warm instruction cache.
public struct SingleOperator: Sendable {
    public var name: String
    public var operators: [Operator]
    /// How often it runs back to back.
    public var repetitions: Int
}
