import Operators
import Quantities
import Testing
@testable import Workloads

@Suite("Memory of fine-tuning")
struct FineTuningTests {
    /// Two layers of 64 elements with four heads of 16, two of them cached, 256 in between, a thousand words.
    private var model: Model {
        get throws { try Self.model }
    }

    private static var model: Model {
        get throws {
            let text = """
                { "name": "tiny", "family": "decoder", "hidden": 64, "vocabulary": 1000, "norm": "rms", "rotary": true,
                  "decoder": { "layers": 2, "attention": { "heads": 4, "kvHeads": 2, "headDimension": 16 }, "feedForward": { "kind": "swiglu", "dimension": 256 } },
                  "source": "made up" }
                """
            return try Model(reading: .init(file: "tiny.json", text: text.utf8), id: "tiny")
        }
    }

    @Test("Activations of a token by hand: two norms, queries, keys, values and attention, four products a layer, logits three times")
    func byHand() throws {
        let step = FineTuning(model: try model, method: .adapters(parameters: 1000), precision: Precision(), tokens: 10)
        let layer = 2 * (2 + 4 + 2) * 64 + 2 * (2 * 64 + 2 * 32) + 2 * 4 * 256
        #expect(step.activations.value == Double(10 * (2 * layer + 1000 * (2 + 4 + 4))))
        #expect(step.states.value == 3 * 2 * 1000)
        #expect(step.weights.value == Double(2 * (try model).parameters.total))
    }

    @Test("Training all weights takes three times their bytes more; quantised weights are smaller but keep inputs of their products")
    func methods() throws {
        let full = FineTuning(model: try model, method: .full, precision: Precision(), tokens: 10)
        #expect(full.states.value == 3 * full.weights.value)
        let narrow = Precision(weights: TensorFormat(bits: 4, number: .int4, group: 64), activations: .bf16)
        let quantised = FineTuning(model: try model, method: .full, precision: narrow, tokens: 10)
        #expect(quantised.weights < full.weights && quantised.activations > full.activations)
    }
}
