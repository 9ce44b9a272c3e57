import Documents
import Operators
import Quantities
import Testing
@testable import Workloads

@Suite("Memory of training")
struct TrainingMemoryTests {
    /// Two layers of 64 elements with four heads of 16, two of them cached, 256 in between, a thousand words.
    private static let model = Result {
        let text = """
            { "name": "tiny", "family": "decoder", "hidden": 64, "vocabulary": 1000, "norm": "rms", "rotary": true,
              "decoder": { "layers": 4, "attention": { "heads": 4, "kvHeads": 2, "headDimension": 16 }, "feedForward": { "kind": "swiglu", "dimension": 256 } },
              "source": "made up" }
            """
        return try Model(reading: .init(file: "tiny.json", text: text.utf8), id: "tiny")
    }

    private func memory(_ training: Training, _ precision: Precision = Precision(), _ parallelism: Parallelism = Parallelism(), tokens: Int = 16, microBatches: Int = 1) throws -> TrainingMemory {
        TrainingMemory(model: try Self.model.get(), precision: precision, training: training, parallelism: parallelism, tokens: tokens, microBatches: microBatches)
    }

    private var parameters: Double { get throws { Double(try Self.model.get().parameters.total) } }
    /// Bytes that one token of one layer keeps: two norms, queries, keys, values and attention, four products.
    private let layer: Double = {
        let norms: Double = 2 * (2 + 4 + 2) * 64, attention: Double = 2 * (2 * 64 + 2 * 32), products: Double = 2 * 4 * 256
        return norms + attention + products
    }()

    @Test("Mixed precision takes sixteen bytes a parameter, and what is accumulated stands there when the loss is computed (ZeRO, section 3.1)")
    func mixedPrecision() throws {
        var training = Training()
        training.master = .fp32
        training.gradients = .bf16
        let peak = try memory(training, microBatches: 2).peak
        let count = try parameters, activations = 16 * (4 * layer + 12_000)
        #expect(peak.weights.value == 2 * count)
        #expect(peak.gradients.value == 2 * count)
        #expect(peak.optimizer.value == 12 * count)
        #expect(peak.activations.value == activations)
    }

    @Test("Each stage of ZeRO divides one thing more by the devices", arguments: [(Training.Sharding.optimizer, 1.0, 1.0), (.gradients, 1, 8), (.weights, 8, 8)])
    func zero(_ sharding: Training.Sharding, weights: Double, gradients: Double) throws {
        let all = try memory(Training(), Precision(), Parallelism(data: 8), tokens: 1, microBatches: 2).peak
        var training = Training(.full, sharding: sharding)
        training.gatheredParameters = 0
        let peak = try memory(training, Precision(), Parallelism(data: 8), tokens: 1, microBatches: 2).peak
        #expect(peak.optimizer.value == all.optimizer.value / 8)
        #expect(peak.gradients.value >= all.gradients.value / gradients)
        #expect(peak.weights.value >= all.weights.value / weights)
        #expect(peak.total < all.total)
    }

    @Test("Recomputation keeps the input of a layer, or the results of every second product, and the layer at work comes on top")
    func recomputation() throws {
        func activations(_ recomputation: Training.Recomputation, tokens: Int) throws -> Double {
            LayerActivations(try memory(Training(.full, recomputation: recomputation), tokens: tokens)).kept(0).value
        }
        let inputs = 10.0 * 4 * 2 * 64, selected = 10.0 * 4 * 2 * 544, all = 40 * layer
        #expect(try activations(.full, tokens: 10) == inputs)
        // Input and output projection, queries and what attention makes of them, values, one of gate and up.
        #expect(try activations(.selective, tokens: 10) == selected)
        #expect(try activations(.none, tokens: 10) == all)
        let largest = LayerActivations(try memory(Training(), tokens: 10)).largest.value
        #expect(largest == 10 * layer)
    }

    @Test("Context parallelism divides tokens, tensor parallelism what is not gathered; a sequence twice as long over twice the devices is the same")
    func parallelism() throws {
        let training = Training(.full, sharding: .weights, recomputation: .full)
        let short = try memory(training, Precision(), Parallelism(data: 2), tokens: 64).peak, long = try memory(training, Precision(), Parallelism(context: 2), tokens: 128).peak
        #expect(short == long)
        let one = LayerActivations(try memory(training, tokens: 64)), two = LayerActivations(try memory(training, Precision(), Parallelism(tensor: 2), tokens: 64))
        let half = one.kept(0).value / 2, gathered = one.largest.value / 2 + 16_384
        #expect(two.kept(0).value == half)
        #expect(two.largest.value == gathered)
    }

    @Test("The first stage of a pipeline has as many micro-batches under way as there are stages, the last one and the logits")
    func pipeline() throws {
        let deep = try memory(Training(.full, recomputation: .full), Precision(), Parallelism(pipeline: 4), tokens: 4096, microBatches: 8)
        let activations = LayerActivations(deep)
        let inputs = 4096.0 * 128
        #expect(activations.kept(0).value == inputs)
        // Whatever is fullest: the first stage with four inputs of its layer, or the last with the logits.
        let last = activations.kept(3).value + activations.loss.value, first = 4 * activations.kept(0).value + activations.largest.value
        #expect(deep.peak.activations.value == max(first, last))
    }

    @Test("Adapters add a gradient and two moments each; quantised weights are smaller but keep inputs of their products")
    func adapters() throws {
        let plain = try memory(Training(.adapters(parameters: 1000)), microBatches: 2)
        let states = plain.peak.gradients.value + plain.peak.optimizer.value
        #expect(states == 6000)
        let narrow = Precision(weights: TensorFormat(bits: 4, number: .int4, group: 64), activations: .bf16)
        let quantised = try memory(Training(.adapters(parameters: 1000)), narrow, microBatches: 2).peak
        #expect(quantised.weights < plain.peak.weights && quantised.activations > plain.peak.activations)
        var from = Training(.adapters(parameters: 1000))
        from.firstAdapted = 2
        let all = LayerActivations(plain).kept(0).value, upper = LayerActivations(try memory(from)).kept(0).value
        #expect(upper == all / 2)
        from.scalesOutputs = true
        let scaled = LayerActivations(try memory(from)).kept(0).value
        #expect(scaled > upper)
    }

    @Test("What the host keeps is not on the device; what an allocator has reserved is more than what stands in tensors")
    func offload() throws {
        var training = Training(.full, sharding: .weights, recomputation: .full)
        let here = try memory(training, Precision(), Parallelism(data: 2), microBatches: 2)
        training.offload = .optimizer
        #expect(try memory(training, Precision(), Parallelism(data: 2), microBatches: 2).peak.optimizer == .zero)
        training.offload = .all
        #expect(try memory(training, Precision(), Parallelism(data: 2), microBatches: 2).peak.weights < here.peak.weights)
        let held = here.reserved.value * 0.85
        #expect(abs(held - here.peak.total.value) < 1)
    }

    @Test("A job says how it trains; what contradicts itself is refused", arguments: [
        (#""phase": "train", "training": { "method": "adapters" }"#, "adapterParameters"), (#""phase": "prefill", "training": {}"#, "only a \"train\" job"),
        (#""phase": "prefill", "parallelism": { "context": 2 }"#, "only training"), (#""phase": "train", "parallelism": { "context": 3 }"#, "do not divide"),
        (#""phase": "train", "training": { "adapterParameters": 5 }"#, "leave it out"), (#""phase": "train", "training": { "wholeGradients": true }"#, "whole anyway"),
        (#""phase": "train", "batch": 4, "microBatches": 2, "training": { "updatesInBackward": true }"#, "cannot wait"),
        (#""phase": "train", "placement": { "weights": "host" }"#, "training.offload"), (#""phase": "train", "training": { "sharding": "everything" }"#, "sharding"),
    ])
    func mistakes(_ members: String, _ message: String) throws {
        let text = "{ \"model\": \"tiny\", \"prompt\": 128, \(members) }"
        let error = #expect(throws: DocumentError.self) {
            try Job(reading: Document(file: "job.json", text: text.utf8), id: "job") { (_) throws(DocumentError) in
                do { return try Self.model.get() } catch { throw DocumentError(file: "tiny.json", path: "", message: "\(error)") }
            }
        }
        let refusal = error?.description ?? ""
        #expect(refusal.contains(message), "\(refusal)")
    }
}
