import CostModels
import Hardware
import Operators
import Quantities

extension KernelSite {
    /// One site of a family, always the same: what a model and the program that reads it must agree on.
    public static func probe(_ family: KernelKey.Family, on device: Device, over fabric: Fabric, under software: String) -> KernelSite {
        let operators: [Operator] = switch family {
        case .gemm: [.matmul(Matmul(m: 384, n: 4096, k: 5120, activations: .bf16, weights: .bf16))]
        case .attentionPrefill:
            [.attention(Attention(batch: 3, queries: 1024, context: 1024, heads: 32, kvHeads: 8, keyDimension: 128, valueDimension: 128, activations: .bf16, cache: .bf16))]
        case .attentionDecode:
            [.attention(Attention(batch: 24, queries: 1, context: 1536, heads: 32, kvHeads: 8, keyDimension: 128, valueDimension: 128, activations: .bf16, cache: .bf16))]
        case .experts:
            [.grouped(GroupedMatmul(tokens: [40, 12, 9, 3, 1], n: 4096, k: 2048, activations: .bf16, weights: .bf16)),
             .grouped(GroupedMatmul(tokens: [40, 12, 9, 3, 1], n: 2048, k: 2048, activations: .bf16, weights: .bf16))]
        case .collective: [.collective(Collective(.allReduce, participants: 4, bytes: Bytes(3e6), format: .bf16))]
        case .expertExchange: [.collective(Collective(.allToAll, participants: 8, bytes: Bytes(2e7), format: .bf16, messages: 192))]
        case .elementwise, .copy, .fileRead: []
        }
        return KernelSite(family, operators: operators, on: device, over: fabric, gap: device.kernel.graphGap ?? .zero,
                          labels: KernelLabels(software: software))
    }

    /// Features of the site, as a model stores them of its probes. Empty where the device cannot do it.
    public func features(calibration: Calibration?) -> (names: [String], values: [Float]) {
        guard let costs = SiteCosts(self, calibration: calibration) else { return ([], []) }
        let features = SiteFeatures(site: self, costs: costs)
        return (features.names, features.values)
    }
}
