import Hardware
import Operators
import Quantities
import Workloads
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension KernelRun {
    /// `moe_gemm`: the whole expert network of the busiest rank without its exchanges: choice of experts, both grouped
    /// products with what is between them, and the weighted sum.
    static func experts(_ row: RowReading, on device: Device) throws(RowError) -> KernelRun {
        let formats = try KernelFormats(row.row.precision)
        if row.text("groups") != nil { return try groupedProduct(row, formats, on: device) }
        let tokens = try row.count("num_tokens", "batch"), hidden = try row.count("hidden_size", "hidden"), inter = try row.count("inter_size", "inter")
        let topK = try row.count("topk", in: 1...4096), experts = try row.count("num_experts", "experts", in: 1...16384)
        let (tensor, parallel) = try sharding(row)
        guard topK <= experts, experts % parallel == 0 else { throw RowError("\(topK) of \(experts) experts on \(parallel) ranks") }
        guard tokens <= (1 << 28) / topK else { throw RowError("\(tokens) tokens to \(topK) experts each are too many") }
        let kernel = row.text("kernel_source", "kernel") ?? "", foreign = ForeignChoices(kernel, version: row.text("version") ?? "", row.row.precision)
        let load = try ExpertLoad(row.text("distribution", "dist") ?? "balanced", tokens: tokens, topK: topK, experts: experts,
                                  ranks: foreign == .kept ? 1 : parallel)
        var local = load.local
        if parallel > 1, let first = local.indices.first {
            switch foreign {
            case .left, .kept: break
            case .ofPresentTokens: local[first] += Self.strayChoices(tokens: tokens, topK: topK, local: local)
            case .all: local[first] += max(0, tokens * topK - local.reduce(0, +))
            }
        }
        let rows = local.reduce(0, +), width = max(1, inter / tensor)
        let gated = isGated(kernel, hidden: hidden, inter: inter, topK: topK)
        var operators: [Operator] = [.elementwise(.router(tokens: tokens, experts: experts, topK: topK, activations: .bf16))]
        guard rows > 0 else { return KernelRun(device: device, operators: operators) }
        func product(_ n: Int, _ k: Int) -> GroupedMatmul {
            var product = GroupedMatmul(tokens: local, n: n, k: k, activations: formats.input, output: formats.stream, weights: formats.weights, math: formats.math)
            product.choices = tokens * topK
            return product
        }
        var up = product(gated ? 2 * width : width, hidden), down = product(hidden, width)
        up.warm = repeats(row) && device.keeps(up.traffic.weights + down.traffic.weights)
        down.warm = up.warm
        if formats.quantises { operators.append(.elementwise(.quantise(rows: tokens, width: hidden, from: formats.stream, to: formats.input))) }
        operators.append(.elementwise(.permute(tokens: tokens, copies: rows, width: hidden, activations: formats.input)))
        operators.append(.grouped(up))
        operators.append(.elementwise(.activation(gated ? .swiglu : .relu, rows: rows, width: width, activations: formats.stream)))
        if formats.quantises { operators.append(.elementwise(.quantise(rows: rows, width: width, from: formats.stream, to: formats.input))) }
        operators.append(.grouped(down))
        operators.append(.elementwise(.combine(tokens: tokens, copies: rows, width: hidden, activations: formats.stream)))
        return KernelRun(device: device, operators: operators)
    }

    /// Whether the experts have a gate beside the up projection.
    ///
    /// The Nemotron-H models square a ReLU instead (`relu2` in their configurations). Their shapes were timed without a
    /// gate except by the Triton kernels of SGLang and of older vLLM, which know no other form.
    private static func isGated(_ kernel: String, hidden: Int, inter: Int, topK: Int) -> Bool {
        if kernel.contains("nongated") { return false }
        let isNemotron = topK == 22 && [2688, 5120].contains(inter) || (hidden, inter, topK) == (2688, 1856, 6)
        return !isNemotron || ["", "sglang_fused_moe_triton", "vllm_fused_moe"].contains(kernel)
    }

    /// What was timed of the choices that fall on experts of other ranks.
    private enum ForeignChoices {
        /// Nothing is computed for them.
        case left
        /// Local expert 0 computes, with weight 0, those of the tokens that have at least one choice here; all of them.
        case ofPresentTokens, all
        /// The experts are all here, whatever the row says.
        case kept

        /// As the tables show where a step has thousands of tokens, so that time goes with rows: with more ranks that of SGLang 0.5.10 falls
        /// only once most tokens have no choice here, and the others' never.
        init(_ kernel: String, version: String, _ format: String?) {
            switch kernel {
            case "vllm_mxfp4_moe": self = .kept
            case "moe_torch_flow_triton_fp8_block": self = .all
            case _ where kernel.hasPrefix("sglang_marlin_moe") && format == "w4a16_mxfp4": self = .all
            case "sglang_fused_moe_triton", "sglang_marlin_moe": self = version.isEmpty || version == "0.5.10" ? .ofPresentTokens : .left
            default: self = .left
            }
        }
    }

    /// Choices on other ranks of the tokens that have at least one on this one.
    ///
    /// Choices are laid out expert by expert, the most popular first, and dealt to tokens in turn (`_assign_experts_from_counts`);
    /// with experts independent of each other, a token without any choice here has probability Π(1 − countₑ/tokens).
    private static func strayChoices(tokens: Int, topK: Int, local: [Int]) -> Int {
        let without = local.reduce(1.0) { $0 * (1 - Double($1) / Double(tokens)) }
        let present = Double(tokens) * (1 - without)
        return max(0, Int((present * Double(topK)).rounded()) - local.reduce(0, +))
    }

    /// One grouped product, `m` rows for each of `groups` weights, inputs quantised beforehand (DeepGEMM, README).
    private static func groupedProduct(_ row: RowReading, _ formats: KernelFormats, on device: Device) throws(RowError) -> KernelRun {
        let tokens = [Int](repeating: try row.count("m"), count: try row.count("groups", in: 1...16384))
        return KernelRun(device: device, operators: [.grouped(GroupedMatmul(
            tokens: tokens, n: try row.count("n"), k: try row.count("k"), activations: formats.input, output: formats.stream, weights: formats.weights, math: formats.math))])
    }

    /// Ranks that divide each expert, and ranks over which the experts are spread: columns, or `moe_tp8_ep2(shard)`.
    private static func sharding(_ row: RowReading) throws(RowError) -> (tensor: Int, experts: Int) {
        guard row.text("moe_tp_size") == nil, let label = row.text("parallelism") else {
            return (try row.count("moe_tp_size", or: 1, in: 1...65536), try row.count("moe_ep_size", or: 1, in: 1...65536))
        }
        var sizes = ["tp": 1, "ep": 1]
        for part in label.prefix(while: { $0 != "(" }).split(separator: "_") {
            for key in sizes.keys where part.hasPrefix(key) {
                guard let size = Int(part.dropFirst(2)), (1...65536).contains(size) else { throw RowError("parallelism \"\(label)\" is not known") }
                sizes[key] = size
            }
        }
        return (sizes["tp"] ?? 1, sizes["ep"] ?? 1)
    }
}

/// Tokens of each expert of the busiest rank, as the collectors of the AIConfigurator tables deal them out
/// (ai-dynamo/aiconfigurator, collector/helper.py: `balanced_logits`, `_generate_power_law_distribution`).
struct ExpertLoad: Equatable {
    /// Tokens of each expert that the rank holds.
    var local: [Int]

    /// - Parameter distribution: `balanced`, or `power_law_α`.
    init(_ distribution: String, tokens: Int, topK: Int, experts: Int, ranks: Int) throws(RowError) {
        let each = experts / ranks
        if distribution == "balanced" {
            // Rank 0 is the one that was timed.
            local = Array(Self.balanced(tokens: tokens, topK: topK, experts: experts)[..<each])
        } else if distribution.hasPrefix("power_law_"), let alpha = Double(distribution.dropFirst(10)), (0.01...20).contains(alpha), alpha != 1 {
            local = Self.powerLaw(alpha, tokens: tokens, topK: topK, experts: experts, ranks: ranks)
        } else {
            throw RowError("distribution \"\(distribution)\" is not known")
        }
    }

    /// Choice i of token t is expert (t + i·⌈experts/topK⌉) mod experts; with fewer tokens than that step the tokens are
    /// spread over it.
    static func balanced(tokens: Int, topK: Int, experts: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: experts)
        let step = (experts + topK - 1) / topK
        for choice in 0..<topK {
            if tokens >= step {
                let (laps, rest) = tokens.quotientAndRemainder(dividingBy: experts)
                if laps > 0 { for expert in 0..<experts { counts[expert] += laps } }
                for token in 0..<rest { counts[(token + choice * step) % experts] += 1 }
            } else {
                for token in 0..<tokens { counts[(token * step / tokens + choice * step) % experts] += 1 }
            }
        }
        return counts
    }

    /// Popularities drawn from p(x) ∝ x^−α between 1 and 0.8·tokens (0.01 and 2 when there are fewer choices than
    /// experts), scaled to all choices, no expert more than once a token.
    ///
    /// The collector draws at random; here the draws are the quantiles of the same law, dealt to the ranks by a fixed
    /// shuffle. The rank with the largest load is the one that was timed; of five shuffles the one whose largest load is
    /// the middle one stands for all.
    static func powerLaw(_ alpha: Double, tokens: Int, topK: Int, experts: Int, ranks: Int) -> [Int] {
        let choices = tokens * topK
        let (low, high) = choices > experts ? (1.0, max(1.000001, Double(tokens) * 0.8)) : (0.01, 2.0)
        let a = pow(low, 1 - alpha), b = pow(high, 1 - alpha)
        let drawn = (0..<experts).map { pow((b - a) * (Double($0) + 0.5) / Double(experts) + a, 1 / (1 - alpha)) }
        let scale = Double(choices) / drawn.reduce(0, +)
        var counts = drawn.map { min(tokens, Int(($0 * scale).rounded())) }
        settle(&counts, to: choices, most: tokens)
        guard ranks > 1 else { return counts }

        let each = experts / ranks
        var random = SplitMix(seed: 0x6F72_7265_7279)
        var busiest: [(load: Int, tokens: [Int])] = []
        for _ in 0..<5 {
            counts.shuffle(using: &random)
            let loads = (0..<ranks).map { counts[$0 * each..<($0 + 1) * each] }
            let most = loads.map { $0.reduce(0, +) }.max() ?? 0
            if let rank = loads.first(where: { $0.reduce(0, +) == most }) { busiest.append((most, Array(rank))) }
        }
        return busiest.sorted { $0.load < $1.load }[busiest.count / 2].tokens
    }

    /// Adds to the smallest or takes from the largest counts until they add up.
    private static func settle(_ counts: inout [Int], to total: Int, most: Int) {
        var difference = total - counts.reduce(0, +)
        let order = counts.indices.sorted { counts[$0] < counts[$1] }
        while difference != 0 {
            let before = difference
            for place in difference > 0 ? order : order.reversed() where difference != 0 {
                if difference > 0, counts[place] < most { counts[place] += 1; difference -= 1 }
                if difference < 0, counts[place] > 0 { counts[place] -= 1; difference += 1 }
            }
            if difference == before { break }
        }
    }
}
