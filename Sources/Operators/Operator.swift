import Quantities

/// One operator of a model with its shape: what has to be computed, on whatever machine.
///
/// Equal operators cost the same on the same device, which is what lets a cost model answer once for eighty layers.
public enum Operator: Hashable, Sendable {
    case matmul(Matmul)
    case grouped(GroupedMatmul)
    case attention(Attention)
    case elementwise(Elementwise)
    case collective(Collective)
    case copy(Copy)

    public var flops: Flops {
        switch self {
        case .matmul(let o): o.flops
        case .grouped(let o): o.flops
        case .attention(let o): o.flops
        case .elementwise(let o): o.flops
        case .collective(let o): o.flops
        case .copy: .zero
        }
    }

    /// Bytes that have to move at least once between the main memory and the engines (for a collective, copy: over the wire).
    public var traffic: Traffic {
        switch self {
        case .matmul(let o): o.traffic
        case .grouped(let o): o.traffic
        case .attention(let o): o.traffic
        case .elementwise(let o): o.traffic
        case .collective(let o): Traffic(link: o.bytes)
        case .copy(let o): Traffic(link: o.bytes)
        }
    }
}

/// Bytes of one operator by what they hold.
public struct Traffic: Hashable, Sendable {
    public var weights: Bytes
    public var cacheRead: Bytes
    public var cacheWritten: Bytes
    public var activationsRead: Bytes
    public var activationsWritten: Bytes
    /// Bytes that leave or enter the device over a link.
    public var link: Bytes

    public init(weights: Bytes = .zero, cacheRead: Bytes = .zero, cacheWritten: Bytes = .zero,
                activationsRead: Bytes = .zero, activationsWritten: Bytes = .zero, link: Bytes = .zero) {
        self.weights = weights
        self.cacheRead = cacheRead
        self.cacheWritten = cacheWritten
        self.activationsRead = activationsRead
        self.activationsWritten = activationsWritten
        self.link = link
    }

    /// Bytes between the main memory and the engines.
    public var memory: Bytes { weights + cacheRead + cacheWritten + activationsRead + activationsWritten }
    public var activations: Bytes { activationsRead + activationsWritten }

    public static func + (a: Traffic, b: Traffic) -> Traffic {
        Traffic(weights: a.weights + b.weights, cacheRead: a.cacheRead + b.cacheRead, cacheWritten: a.cacheWritten + b.cacheWritten,
                activationsRead: a.activationsRead + b.activationsRead, activationsWritten: a.activationsWritten + b.activationsWritten,
                link: a.link + b.link)
    }
}

extension Operator {
    /// What reports call operators like it: `matmul`, `softmax`, `all-reduce`.
    public var kind: String {
        switch self {
        case .matmul: "matmul"
        case .grouped: "grouped-matmul"
        case .attention: "attention"
        case .elementwise(let o): o.kind.rawValue
        case .collective(let o): o.kind.rawValue
        case .copy: "copy"
        }
    }
}
