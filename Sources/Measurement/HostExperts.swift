import CostModels
import Hardware
import Operators
import Quantities
import Workloads

/// Routed experts whose weights stay in the memory of a processor, which computes them, while the accelerator does the rest
/// (KTransformers, doc/en/DeepseekR1_V3_tutorial.md). The layer goes on when both are done; the accelerator has nothing else to do
/// meanwhile, so that a pass takes what both take one after the other.
struct HostExperts {
    var processor: Device
    /// The software on the processor: its kernels.
    var runtime: Runtime
    var experts: Experts
    var hidden: Int
    var layers: Int
    var weights: TensorFormat

    /// The two grouped products of one layer for so many tokens, widened to 32 bits as they are read.
    private func operations(tokens: Int) -> [Operator] {
        let counts = Routing.balanced.tokensPerExpert(tokens: tokens, topK: experts.topK, experts: experts.count, ranks: 1)
        // AMX and the vector units of the processor both take 8-bit integers and bf16 at their rates: weights of 8 bits as they are.
        let math: NumberFormat = weights.bits == 8 ? .int8 : .fp32, input: TensorFormat = weights.bits == 8 ? .int8 : .fp32
        return [
            .grouped(GroupedMatmul(tokens: counts, n: 2 * experts.dimension, k: hidden, activations: input, output: .fp32, weights: weights, math: math)),
            .grouped(GroupedMatmul(tokens: counts, n: hidden, k: experts.dimension, activations: input, output: .fp32, weights: weights, math: math)),
        ]
    }

    /// llamafile's kernels unpack weights once for several rows, where llama.cpp's own do not.
    private var tiling: Runtime {
        var runtime = runtime
        runtime.dotProducts = [:]
        return runtime
    }

    /// What they need of the processor in one pass.
    func kernels(tokens: Int) -> [StepWork.Kernel] {
        let runtime = tiling
        return operations(tokens: tokens).map { operation in
            StepWork.Kernel(count: Double(layers), devices: 0, operation: operation, demand: Cycle().demand(of: operation, on: processor, under: runtime),
                            bound: Roofline().demand(of: operation, on: processor, under: runtime))
        }
    }

    /// What kernels for the matrix tiles of a processor (AMX) reach in 8-bit integers, and from how many tokens of each expert on they
    /// are used (KTransformers, doc/en/AMX.md, version 0.3).
    private static let tiles = (rate: 35e12, rows: 4.0)

    /// Seconds of the processor in one pass, with the constants that were fitted to whole passes.
    func time(tokens: Int, under constants: WholeConstants?) -> Seconds {
        let tiled = weights.bits == 8 && Double(tokens * experts.topK) > Self.tiles.rows * Double(experts.count)
        return kernels(tokens: tokens).reduce(.zero) { sum, kernel in
            var demand = constants?.applied(to: kernel.demand, of: kernel.operation, bound: kernel.bound) ?? kernel.demand
            if tiled {
                demand.engineTime = Seconds(kernel.operation.flops.value / Self.tiles.rate)
                demand.vectorTime = .zero
            }
            return sum + demand.duration * kernel.count
        }
    }

    func bound(tokens: Int) -> Seconds { kernels(tokens: tokens).reduce(.zero) { $0 + $1.bound.duration * $1.count } }
}
