import Operators
import Quantities

/// Device memory of one step of fine-tuning a decoder on one device, every layer's activations kept for the way back.
///
/// Weights stand as they are stored; trained parameters add a gradient and the two moments of AdamW in the activations'
/// format. Kept for every token and layer (FlashAttention keeps no scores; Korthikanti et al., arXiv 2205.05198, section 4,
/// counts a layer of GPT so; modules as in litgpt 0.5, litgpt/model.py):
///
/// - a norm: its input, and where it is composed of elementary kernels (RMS) the input widened to 32 bits and the result;
/// - queries, keys and values, and the result of attention;
/// - of a gated feed-forward the two products, the activation and their product; else the product and the activation;
/// - of weights quantised by groups besides the input of each product, for the kernel that widens them again.
///
/// Logits of all tokens stand there in the activations' format and twice in 32 bits: widened for the loss, and their gradient.
public struct FineTuning: Sendable {
    /// What is trained.
    public enum Method: Sendable {
        case full
        /// So many parameters beside the frozen weights (LoRA, arXiv 2106.09685).
        case adapters(parameters: Double)
    }

    public var model: Model
    public var method: Method
    public var precision: Precision
    /// Tokens of all sequences of a step.
    public var tokens: Int
    /// Width in bits of the inputs that products with quantised weights keep.
    public var keptInputs: Double

    public init(model: Model, method: Method, precision: Precision, tokens: Int, keptInputs: Double = 32) {
        self.model = model
        self.method = method
        self.precision = precision
        self.tokens = tokens
        self.keptInputs = keptInputs
    }

    public var weights: Bytes { model.weightBytes(precision) }

    /// Gradients and moments.
    public var states: Bytes {
        let parameters = switch method {
        case .full: Double(model.parameters.total)
        case .adapters(let parameters): parameters
        }
        return precision.activations.bytes(elements: 3 * parameters)
    }

    public var activations: Bytes {
        guard let decoder = model.decoder else { return .zero }
        let attention = decoder.attention, feedForward = decoder.feedForward
        let hidden = Double(model.hidden), heads = Double(attention.heads * attention.headDimension), keys = Double(attention.kvHeads * attention.headDimension)
        let inner = Double(feedForward.dimension), narrow = precision.activations.bits / 8
        let norm = model.norm == .rms ? 4 + 2 * narrow : narrow
        var layer = Double(decoder.norms) * norm * hidden + narrow * (2 * heads + 2 * keys)
        layer += narrow * inner * (feedForward.gated ? 4 : 2)
        if precision.weights.bits < precision.activations.bits { layer += keptInputs / 8 * (2 * hidden + heads + hidden + inner) }
        let logits = Double(model.vocabulary) * (narrow + 8)
        return Bytes(Double(tokens) * (Double(decoder.layers) * layer + logits))
    }

    public var peak: Bytes { weights + states + activations }
}
