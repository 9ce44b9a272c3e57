import Documents
import Hardware
import Operators
import Quantities

/// A model job on a given system under a given runtime, with names looked up and defaults filled in: what lowering asks.
struct Arrangement {
    let job: ModelJob
    let model: Model
    let runtime: Runtime
    let layout: Layout
    /// The accelerator group.
    let accelerator: String
    /// The host group, where there is one.
    let host: String?
    let weights: [Source]
    let experts: [Source]
    let cache: [Source]
    let attention: AttentionPlace
    let precision: Precision
    /// Nodes that the job's devices fill.
    let nodes: Int
    /// Devices of each group in a node.
    private let counts: [String: Int]

    /// A place outside the accelerator that holds a share of something.
    struct Source: Equatable {
        var group: String
        var share: Double
        /// The host's memory lies between it and the accelerator.
        var staged: Bool
    }

    enum AttentionPlace: Equatable {
        case accelerator
        /// The multiply-accumulate units in the accelerator's own memory.
        case banks
        case group(String, devices: Int)
    }

    var math: NumberFormat? { precision.math }
    var activations: TensorFormat { precision.activations }
    var collectiveStream: OperatorGraph.Stream { runtime.overlapsCollectives ? .communication : .compute }
    var copyStream: OperatorGraph.Stream { runtime.overlapsCopies ? .copyIn : .compute }
    var copyOutStream: OperatorGraph.Stream { runtime.overlapsCopies ? .copyOut : .compute }

    /// Sequences of one replica that go through the model together.
    var sequencesPerChain: Int { job.batch / (layout.data * job.subBatches * job.microBatches) }

    init(_ job: ModelJob, file: String, on system: System, under runtime: Runtime) throws(DocumentError) {
        func refuse(_ path: String, _ message: String) -> DocumentError { DocumentError(file: file, path: path, message: message) }
        let accelerator = system.accelerator

        guard runtime.runsOn.contains(accelerator.device.kind) else {
            throw refuse("", "the runtime \"\(runtime.id)\" runs on \(list(runtime.runsOn.map(\.rawValue))), but \"\(accelerator.device.id)\" is a \(accelerator.device.kind.rawValue)")
        }
        let wanted = job.parallelism.devices
        guard wanted <= system.acceleratorCount else {
            let p = job.parallelism
            throw refuse("parallelism", "tensor \(p.tensor) × pipeline \(p.pipeline) × data \(p.data) takes \(wanted) devices, but \"\(system.id)\" has \(system.acceleratorCount) of \"\(accelerator.name)\"")
        }

        func sources(_ shares: [Placement.Share], _ path: String) throws(DocumentError) -> [Source] {
            var found: [Source] = []
            for share in shares where share.share > 0 && share.group != "device" && share.group != accelerator.name {
                guard let group = system.group(share.group) else {
                    throw refuse(path, system.unknown(share.group))
                }
                let direct = system.link(group.name, accelerator.name) != nil
                found.append(Source(group: group.name, share: share.share, staged: !direct && group.name != system.host?.name && system.host != nil))
            }
            return found
        }
        weights = try sources(job.placement.weights, "placement.weights")
        experts = job.placement.experts.isEmpty ? weights : try sources(job.placement.experts, "placement.experts")
        var cache = try sources(job.placement.cache, "placement.cache")

        let used = (wanted + accelerator.count - 1) / accelerator.count
        if let name = job.placement.attention, name != "device", name != accelerator.name {
            if let group = system.group(name) {
                guard group.device.kind != .storage else {
                    throw refuse("placement.attention", "\"\(name)\" is \(group.device.name), which stores but does not compute")
                }
                attention = .group(name, devices: group.count * used)
                guard cache.isEmpty || cache == [Source(group: name, share: 1, staged: cache[0].staged)] else {
                    throw refuse("placement.cache", "attention runs on \"\(name)\", so the cache has to be there as a whole; leave \"cache\" out or write \"\(name)\"")
                }
                cache = []
            } else if name == "pim", accelerator.device.engine(.bank) != nil {
                attention = .banks
            } else {
                throw refuse("placement.attention", system.unknown(name))
            }
        } else {
            attention = .accelerator
        }
        self.cache = cache
        self.job = job
        self.runtime = runtime
        self.accelerator = accelerator.name
        model = job.model
        host = system.host?.name
        layout = Layout(job.parallelism, devicesPerNode: accelerator.count)
        precision = job.precision
        nodes = used
        counts = Dictionary(system.groups.map { ($0.name, $0.count) }, uniquingKeysWith: { first, _ in first })
    }

    /// A product with weights: `[m, k] · [k, n]`, `batch` times over.
    func product(m: Int, n: Int, k: Int, batch: Int = 1, weights: TensorFormat? = nil, math: NumberFormat? = nil) -> Operator {
        .matmul(Matmul(m: m, n: n, k: k, batch: batch, activations: activations, weights: weights ?? precision.weights, math: math ?? self.math))
    }

    func devices(of group: String) -> Int { counts[group] ?? 1 }

    /// Share of the dense weights that is brought to the device layer by layer.
    var streamedWeights: Double { weights.reduce(0) { $0 + $1.share } }
    /// Routed experts go wherever the other weights go.
    var expertsFollowWeights: Bool { job.placement.experts.isEmpty }
    /// Routed experts are fetched by what the router chooses rather than streamed with their layer.
    var fetchesExperts: Bool { !expertsFollowWeights && !experts.isEmpty }
    var streamedExperts: Double { experts.reduce(0) { $0 + $1.share } }
    var streamedCache: Double { cache.reduce(0) { $0 + $1.share } }

    // MARK: Attention elsewhere

    /// Heads of the cache as it is kept elsewhere: those that ranks replicate are there once, a latent is one.
    var keptHeads: Int { model.decoder.map { $0.attention.latent == nil ? $0.attention.kvHeads : 1 } ?? 1 }

    /// The most devices of the attention group among which a chain's sequences and the heads of its cache divide evenly.
    var attentionSplit: (sequences: Int, heads: Int, devices: Int) {
        var best = (sequences: 1, heads: 1, devices: 1)
        guard case .group(_, let devices) = attention else { return best }
        for ways in divisors(of: keptHeads, upTo: devices) {
            for groups in divisors(of: sequencesPerChain * layout.data, upTo: devices / ways) where ways * groups > best.devices {
                best = (groups, ways, ways * groups)
            }
        }
        return best
    }
}

extension System {
    func unknown(_ name: String) -> String {
        let names = ["device"] + groups.map(\.name)
        let hint = nearest(to: name, among: names).map { "did you mean \"\($0)\"?" } ?? "use \(list(names.map { "\"\($0)\"" }))"
        return "\"\(id)\" has no group \"\(name)\"; \(hint)"
    }
}
