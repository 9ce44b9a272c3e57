import Quantities

/// An operator whose work is proportional to the elements it touches.
public struct Elementwise: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case norm, activation, rotary, add, softmax, embedding, sampling, router, permute, combine, dequantise, quantise, cacheWrite
        case patchEmbedding
        /// Bytes copied as they are.
        case move
    }

    public var kind: Kind
    /// Rows that are reduced or normalised together: tokens, or tokens times heads.
    public var rows: Int
    /// Elements of a row.
    public var width: Int
    /// Operations of one element on the vector engine.
    public var flopsPerElement: Double
    /// Transcendental functions of one element on the special engine.
    public var specialsPerElement: Double
    public var math: NumberFormat
    public var moved: Traffic

    public init(_ kind: Kind, rows: Int, width: Int, flopsPerElement: Double, specialsPerElement: Double = 0,
                math: NumberFormat = .fp32, moved: Traffic) {
        self.kind = kind
        self.rows = rows
        self.width = width
        self.flopsPerElement = flopsPerElement
        self.specialsPerElement = specialsPerElement
        self.math = math
        self.moved = moved
    }

    public var elements: Double { Double(rows) * Double(width) }
    public var flops: Flops { Flops(elements * flopsPerElement) }
    public var specials: Double { elements * specialsPerElement }
    public var traffic: Traffic { moved }
}
