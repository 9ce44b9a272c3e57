import CostModels
import Hardware
import Operators
import Quantities

extension KernelSite {
    /// An operator of a job as the measured tables know it: with the kernels that were timed together with it.
    ///
    /// - Returns: nil for what no family of measured kernels is about.
    public init?(running op: Operator, over fabric: Fabric, on device: Device, under software: String) {
        guard let key = op.learnedKey else { return nil }
        let operators: [Operator] = switch op {
        case .matmul(let o): Self.around(o, on: device)
        case .attention(let o): Self.around(o)
        case .grouped(let o): Self.around(o)
        default: [op]
        }
        self.init(key.family, operators: operators, on: device, over: fabric, gap: device.kernel.graphGap ?? .zero, labels: KernelLabels(software: software))
    }

    /// A product in a narrow format was timed with the quantisation of its input.
    private static func around(_ o: Matmul, on device: Device) -> [Operator] {
        guard o.activations.bits < 16, o.output.bits >= 16 else { return [.matmul(o)] }
        let elements = Double(o.m) * Double(o.k)
        let quantise = Elementwise(.quantise, rows: o.m, width: o.k, flopsPerElement: 4,
                                   moved: Traffic(activationsRead: o.output.bytes(elements: elements), activationsWritten: o.activations.bytes(elements: elements)))
        return [.elementwise(quantise), .matmul(o)]
    }

    /// Attention was timed with the writing of the new tokens' keys and values.
    private static func around(_ o: Attention) -> [Operator] {
        let tokens = o.batch * o.queries, width = o.kvHeads * (o.sharedKeyValue ? o.keyDimension : o.keyDimension + o.valueDimension)
        let elements = Double(tokens) * Double(width)
        let write = Elementwise(.cacheWrite, rows: tokens, width: width, flopsPerElement: 0,
                                moved: Traffic(cacheWritten: o.cache.bytes(elements: elements), activationsRead: TensorFormat.bf16.bytes(elements: elements)))
        return [.elementwise(write), .attention(o)]
    }

    /// One of the two products of an expert network, which were timed together: the other one is its mirror. A first product
    /// makes gate and up projection at once, so that it has more columns than its partner has depth.
    private static func around(_ o: GroupedMatmul) -> [Operator] {
        var first = o, second = o
        if o.n >= o.k || o.foldsGate {
            (second.n, second.k, second.foldsGate) = (o.k, max(1, o.n / 2), false)
        } else {
            (first.n, first.k) = (2 * o.k, o.n)
        }
        return [.grouped(first), .grouped(second)]
    }
}
