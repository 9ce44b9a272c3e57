import CostModels
import Hardware
import Operators
import Quantities

/// Which kernels to measure on a device so that the intervals of a learned model shrink most.
///
/// Greedy: each next kernel is the one whose measurement would take most variance away from all candidates together, as the
/// Gaussian process of a few-shot correction sees it (active learning, Cohn, Ghahramani and Jordan, JAIR 1996).
public struct MeasurementSuggestion: Sendable {
    public var family: KernelKey.Family
    /// What to run, in words and as columns of an operator table.
    public var title: String
    public var columns: [(name: String, value: String)]
    /// Part of the candidates' variance that is left when this and all before it are measured.
    public var left: Double
}

extension LearnedModel {
    /// - Parameters:
    ///   - count: how many to name.
    ///   - software: the runtime whose kernels are to be measured.
    /// - Returns: the best first; fewer than asked where there are not as many candidates.
    public func suggestions(for device: Device, under software: String, count: Int) -> [MeasurementSuggestion] {
        let candidates = MeasurementCandidate.all(on: device, under: software).compactMap { candidate in place(of: candidate.site).map { (candidate, $0) } }
        var chosen: [KernelKey.Family: [GaussianProcess.Point]] = (fewShots[device.id]?.families ?? [:]).mapValues(\.process.points)
        let likeness = { (family: KernelKey.Family) in fewShots[device.id]?.families[family]?.process.likeness ?? GaussianProcess.Likeness() }
        func variance(_ family: KernelKey.Family, _ points: [GaussianProcess.Point]) -> Double {
            let process = GaussianProcess(points, likeness: likeness(family))
            return candidates.filter { $0.0.site.family == family }.reduce(0) { sum, candidate in
                let deviation = process?.predict(candidate.1.label, candidate.1.place).deviation
                    ?? (likeness(family).covariance(candidate.1, candidate.1) + likeness(family).noise).squareRoot()
                return sum + deviation * deviation
            }
        }
        var variances: [KernelKey.Family: Double] = [:]
        for family in Set(candidates.map(\.0.site.family)) { variances[family] = variance(family, chosen[family] ?? []) }
        let whole = variances.values.reduce(0, +)
        var open = Array(candidates.indices), suggestions: [MeasurementSuggestion] = []
        while suggestions.count < count, !open.isEmpty, whole > 0 {
            var best: (place: Int, variance: Double, gain: Double)?
            for place in open {
                let (candidate, point) = candidates[place], family = candidate.site.family
                let after = variance(family, (chosen[family] ?? []) + [point]), gain = (variances[family] ?? 0) - after
                if gain > best?.gain ?? 0 { best = (place, after, gain) }
            }
            guard let best else { break }
            let (candidate, point) = candidates[best.place], family = candidate.site.family
            chosen[family, default: []].append(point)
            variances[family] = best.variance
            open.removeAll { $0 == best.place }
            suggestions.append(MeasurementSuggestion(family: family, title: candidate.title, columns: candidate.columns,
                                                     left: variances.values.reduce(0, +) / whole))
        }
        return suggestions
    }
}

/// A kernel that is worth measuring: shapes from one token to long prompts of models of 1 to 70 billion parameters.
struct MeasurementCandidate {
    var site: KernelSite
    var title: String
    var columns: [(name: String, value: String)]

    static func all(on device: Device, under software: String) -> [MeasurementCandidate] {
        func candidate(_ family: KernelKey.Family, _ operation: Operator, _ title: String, _ columns: [(String, Int)], _ format: [(String, String)]) -> MeasurementCandidate? {
            guard var site = KernelSite(running: operation, over: Fabric(), on: device, under: software) else { return nil }
            site.family = family
            return MeasurementCandidate(site: site, title: title, columns: format.map { ($0.0, $0.1) } + columns.map { ($0.0, "\($0.1)") })
        }
        var all: [MeasurementCandidate?] = []
        for m in [1, 16, 128, 1024, 8192] {
            for (n, k) in [(4096, 4096), (14336, 4096), (4096, 14336), (1024, 8192)] {
                all.append(candidate(.gemm, .matmul(Matmul(m: m, n: n, k: k, activations: .bf16, weights: .bf16)), "product \(m) × \(n) × \(k), bf16",
                                     [("m", m), ("n", n), ("k", k)], [("dtype", "bfloat16")]))
            }
        }
        let formats = [("attn_dtype", "bfloat16"), ("kv_cache_dtype", "bfloat16")]
        for (heads, kvHeads) in [(32, 8), (64, 8), (16, 16)] {
            func columns(_ batch: Int, _ tokens: Int, _ step: Int) -> [(String, Int)] {
                [("batch_size", batch), ("isl", tokens), ("step", step), ("num_heads", heads), ("num_key_value_heads", kvHeads), ("head_dim", 128), ("window_size", 0)]
            }
            for (batch, tokens) in [(1, 512), (1, 8192), (8, 2048)] {
                let attention = Attention(batch: batch, queries: tokens, context: tokens, heads: heads, kvHeads: kvHeads, keyDimension: 128, valueDimension: 128, activations: .bf16, cache: .bf16)
                all.append(candidate(.attentionPrefill, .attention(attention), "prefill attention, \(batch) × \(tokens) tokens, \(heads) heads over \(kvHeads)", columns(batch, tokens, 0), formats))
            }
            for (batch, context) in [(1, 1024), (16, 1024), (16, 8192), (128, 2048)] {
                let attention = Attention(batch: batch, queries: 1, context: context, heads: heads, kvHeads: kvHeads, keyDimension: 128, valueDimension: 128, activations: .bf16, cache: .bf16)
                all.append(candidate(.attentionDecode, .attention(attention), "decode attention, \(batch) × context \(context), \(heads) heads over \(kvHeads)", columns(batch, 1, context - 1), formats))
            }
        }
        return all.compactMap(\.self)
    }
}
