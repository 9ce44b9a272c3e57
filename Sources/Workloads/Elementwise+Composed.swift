import Operators
import Quantities

/// Elementwise operators as a runtime without kernels of its own for them runs them: one elementary kernel after the other.
extension Elementwise {
    /// RMS norm in the form of the published model code: to 32 bits, square, mean, add epsilon, inverse root, scale, back to
    /// the activations' format, weight (LlamaRMSNorm in Hugging Face transformers). What has 32 bits is not converted.
    static func composedNorm(rows: Int, width: Int, activations: TensorFormat, vectors: TensorFormat) -> [Elementwise] {
        let elements = Double(rows) * Double(width)
        let narrow = activations.bytes(elements: elements), wide = TensorFormat.fp32.bytes(elements: elements)
        let perRow = TensorFormat.fp32.bytes(elements: Double(rows))
        func kernel(_ flops: Double, reads: Bytes, writes: Bytes, weights: Bytes = .zero) -> Elementwise {
            Elementwise(.norm, rows: rows, width: width, flopsPerElement: flops, moved: Traffic(weights: weights, activationsRead: reads, activationsWritten: writes))
        }
        func small(_ specials: Double) -> Elementwise {
            Elementwise(.norm, rows: rows, width: 1, flopsPerElement: 1, specialsPerElement: specials, moved: Traffic(activationsRead: perRow, activationsWritten: perRow))
        }
        func converted(_ one: Elementwise) -> [Elementwise] { activations == .fp32 ? [] : [one] }
        return converted(kernel(0, reads: narrow, writes: wide))
            + [kernel(1, reads: wide, writes: wide), kernel(1, reads: wide, writes: perRow), small(0), small(1), kernel(1, reads: wide + perRow, writes: wide)]
            + converted(kernel(0, reads: wide, writes: narrow))
            + [kernel(1, reads: narrow, writes: narrow, weights: vectors.bytes(elements: Double(width)))]
    }

    /// Rotary embedding as `x·cos + rotate(x)·sin`: negate one half, concatenate, two products, a sum; once for the queries
    /// and once for the keys, here each with half of the elements of both.
    static func composedRotary(tokens: Int, width: Int, table: Int, activations: TensorFormat) -> [Elementwise] {
        let elements = Double(tokens) * Double(width) / 2
        let all = activations.bytes(elements: elements), row = activations.bytes(elements: Double(tokens) * Double(table) / 2)
        func kernel(_ flops: Double, reads: Bytes, writes: Bytes) -> Elementwise {
            Elementwise(.rotary, rows: tokens, width: max(1, width / 2), flopsPerElement: flops, moved: Traffic(activationsRead: reads, activationsWritten: writes))
        }
        let once = [kernel(0.5, reads: all / 2, writes: all / 2), kernel(0, reads: all, writes: all), kernel(1, reads: all + row, writes: all),
                    kernel(1, reads: all + row, writes: all), kernel(1, reads: all * 2, writes: all)]
        return once + once
    }

    /// Codes of a quantised cache to the activations' format, as elementary kernels on packed bytes: the low codes, the high ones, both
    /// behind each other a byte each, the cast, the scale, the offset (FMInference/FlexLLMGen, flexgen/compression.py).
    static func composedWidening(rows: Int, width: Int, from cache: TensorFormat, to activations: TensorFormat) -> [Elementwise] {
        let elements = Double(rows) * Double(width)
        let packed = cache.bytes(elements: elements), codes = Bytes(elements), wide = activations.bytes(elements: elements)
        func kernel(_ flops: Double, reads: Bytes, writes: Bytes) -> Elementwise {
            Elementwise(.dequantise, rows: rows, width: width, flopsPerElement: flops, moved: Traffic(activationsRead: reads, activationsWritten: writes))
        }
        return [kernel(0.5, reads: packed, writes: packed), kernel(0.5, reads: packed, writes: packed), kernel(0, reads: codes, writes: codes),
                kernel(1, reads: codes, writes: wide), kernel(1, reads: wide, writes: wide), kernel(1, reads: wide, writes: wide)]
    }

    /// Keys, values or results laid out anew: each of `copies` copies is written, the original is read once.
    static func relayout(rows: Int, width: Int, copies: Int = 1, activations: TensorFormat) -> Elementwise {
        let bytes = activations.bytes(elements: Double(rows) * Double(width))
        return Elementwise(.permute, rows: rows * copies, width: width, flopsPerElement: 0, moved: Traffic(activationsRead: bytes, activationsWritten: bytes * Double(copies)))
    }

    /// Scores to weights as elementary kernels: scale, add the mask, softmax into 32 bits, cast back where the activations are narrower
    /// (eager_attention_forward of models/llama/modeling_llama.py in Hugging Face transformers).
    ///
    /// - Parameter mask: elements of the mask, which the heads of a sequence share.
    static func composedSoftmax(rows: Int, width: Int, mask: Double, activations: TensorFormat) -> [Elementwise] {
        let elements = Double(rows) * Double(width)
        let narrow = activations.bytes(elements: elements), wide = TensorFormat.fp32.bytes(elements: elements)
        func kernel(_ flops: Double, specials: Double = 0, reads: Bytes, writes: Bytes) -> Elementwise {
            Elementwise(.softmax, rows: rows, width: width, flopsPerElement: flops, specialsPerElement: specials, moved: Traffic(activationsRead: reads, activationsWritten: writes))
        }
        let weights = [kernel(1, reads: narrow, writes: narrow), kernel(1, reads: narrow + activations.bytes(elements: mask), writes: narrow),
                       kernel(4, specials: 1, reads: narrow, writes: wide)]
        return activations.bits < TensorFormat.fp32.bits ? weights + [kernel(0, reads: wide, writes: narrow)] : weights
    }

    /// The function of the gate, then its product with the other half of the projection.
    static func composedActivation(_ kind: FeedForward.Kind, rows: Int, width: Int, activations: TensorFormat) -> [Elementwise] {
        let whole = activation(kind, rows: rows, width: width, activations: activations)
        guard kind.gated else { return [whole] }
        let one = activations.bytes(elements: Double(rows) * Double(width))
        let function = Elementwise(.activation, rows: rows, width: width, flopsPerElement: whole.flopsPerElement - 1, specialsPerElement: whole.specialsPerElement,
                                   moved: Traffic(activationsRead: one, activationsWritten: one))
        let product = Elementwise(.activation, rows: rows, width: width, flopsPerElement: 1, moved: Traffic(activationsRead: one * 2, activationsWritten: one))
        return [function, product]
    }

    /// A copy in 32 bits.
    static func widening(rows: Int, width: Int, activations: TensorFormat) -> Elementwise {
        let elements = Double(rows) * Double(width)
        return Elementwise(.dequantise, rows: rows, width: width, flopsPerElement: 0,
                           moved: Traffic(activationsRead: activations.bytes(elements: elements), activationsWritten: TensorFormat.fp32.bytes(elements: elements)))
    }
}
