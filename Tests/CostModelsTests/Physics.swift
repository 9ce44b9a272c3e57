import Foundation
import Hardware
import Operators
import Quantities
import Testing
@testable import CostModels

private let cycle = Cycle()

private func product(_ m: Int, _ n: Int, _ k: Int, _ weights: TensorFormat = .bf16) -> Operator {
    .matmul(Matmul(m: m, n: n, k: k, activations: .bf16, weights: weights))
}

private func demand(_ op: Operator, on device: Device, under runtime: Runtime = Fixture.graph) -> Demand {
    cycle.demand(of: op, on: device, under: runtime)
}

@Suite("Directions known from hardware") struct Physics {
    @Test("Power keeps an H100 at 75 to 85 % of its bf16 peak on a large product, and an A100 at 80 to 90 %")
    func sustained() {
        let large = product(8192, 8192, 8192)
        let h100 = demand(large, on: Fixture.h100), a100 = demand(large, on: Fixture.a100)
        #expect((0.75...0.85).contains(large.flops.value / h100.duration.value / 989.4e12))
        #expect((0.80...0.90).contains(large.flops.value / a100.duration.value / 312e12))
        #expect(h100.clock < 0.9 && h100.boundBy == .power)
    }

    @Test("Under its limit a device draws the limit: dynamic energy over the time is what idle power leaves of it")
    func atTheLimit() {
        let large = demand(product(8192, 8192, 8192), on: Fixture.h100)
        let watts = large.energy.total.value / large.duration.value + 105.4
        #expect(abs(watts - 700) < 0.5)
    }

    @Test("A burst shorter than the limiter's reaction keeps its clock; a memory-bound operator never loses it")
    func unthrottled() {
        let burst = Cycle(limitsPower: false).demand(of: product(8192, 8192, 8192), on: Fixture.h100, under: Fixture.graph)
        #expect(burst.clock == 1)
        #expect(burst.duration < demand(product(8192, 8192, 8192), on: Fixture.h100).duration)
        #expect(demand(product(1, 8192, 8192), on: Fixture.h100).clock == 1)
    }

    @Test("A device seen at 794.5 of 956 TFLOP/s at 595 W spends 1.08 pJ on an operation at full clock, so that the cube law returns 794.5")
    func calibration() {
        let limit = PowerLimit(budget: Watts(594.6)), peak = FlopsPerSecond(956e12), seen = FlopsPerSecond(794.5e12)
        let energy = limit.energyAtBoost(sustaining: seen, of: peak)
        let work = Flops(1e15)
        let clock = limit.clock(latency: .zero, engine: work / peak, rest: .zero, compute: energy * work, other: .zero)
        #expect(abs(clock * 956 - 794.5) < 1e-6)
        #expect(abs(energy.value - 1.0836e-12) < 1e-15)
    }

    @Test("Decode reads its weights once: a product of one row takes weights ÷ achievable bandwidth and a few microseconds")
    func decode() {
        let one = demand(product(1, 28672, 8192), on: Fixture.a100)
        let reading = 28672.0 * 8192 * 2 / 1781e9
        #expect(one.boundBy == .memory)
        #expect(one.duration.value > reading && one.duration.value < reading + 8e-6)
    }

    @Test("Weights at 4 bits speed a product of one row up by 2.5 to 4 times, and one of 4096 rows hardly at all")
    func weightOnly() {
        func gain(_ m: Int) -> Double {
            demand(product(m, 28672, 8192), on: Fixture.a100).duration / demand(product(m, 28672, 8192, Seeded.int4), on: Fixture.a100).duration
        }
        #expect((2.5...4).contains(gain(1)))
        #expect((0.9...1.05).contains(gain(4096)))
    }

    @Test("Without a kernel for the format, weights are widened through memory: slower than unquantised ones")
    func widenedThroughMemory() {
        let quantised = demand(product(1, 28672, 8192, Seeded.int4), on: Fixture.a100, under: Fixture.bare)
        #expect(quantised.duration > demand(product(1, 28672, 8192), on: Fixture.a100).duration)
        // Stored ones read, widened ones written and read.
        let weights = 28672.0 * 8192
        #expect(quantised.memoryBytes.value >= weights * (4.125 / 8 + 2 + 2))
    }

    @Test("2:4 sparsity doubles a large product only where device and software both have it")
    func sparsity() {
        let dense = product(8192, 8192, 8192), sparse = product(8192, 8192, 8192, Seeded.sparse)
        let burst = Cycle(limitsPower: false)
        func time(_ op: Operator, _ runtime: Runtime) -> Double { burst.demand(of: op, on: Fixture.a100, under: runtime).duration.value }
        #expect((1.6...2).contains(time(dense, Fixture.graph) / time(sparse, Fixture.graph)))
        #expect((0.95...1.05).contains(time(dense, Fixture.bare) / time(sparse, Fixture.bare)))
    }

    @Test("A format without a native rate runs at the next wider one")
    func fallback() {
        let fp8 = Operator.matmul(Matmul(m: 4096, n: 4096, k: 4096, activations: .bf16, weights: .fp8, math: .fp8))
        let rate = fp8.flops.value / Roofline().demand(of: fp8, on: Fixture.a100, under: Fixture.graph).engineTime.value
        #expect(abs(rate / 312e12 - 1) < 0.01)
    }

    @Test("Splitting a long context over the units speeds up decode with few cached heads, and only then")
    func splitContext() {
        func gain(_ batch: Int) -> Double {
            let op = Operator.attention(Attention(batch: batch, queries: 1, context: 131072, heads: 8, kvHeads: 1, keyDimension: 128,
                                                  valueDimension: 128, activations: .bf16, cache: .bf16))
            return demand(op, on: Fixture.h100, under: Fixture.bare).duration / demand(op, on: Fixture.h100).duration
        }
        #expect(gain(1) > 8)
        #expect(gain(132) < 1.1)
    }

    @Test("Attention over a window costs what the window holds, whatever the context")
    func window() {
        func time(_ context: Int) -> Double {
            demand(.attention(Attention(batch: 64, queries: 1, context: context, heads: 32, kvHeads: 8, keyDimension: 128, valueDimension: 128,
                                        window: 4096, activations: .bf16, cache: .bf16)), on: Fixture.h100).duration.value
        }
        #expect(time(1 << 17) == time(1 << 14))
    }

    @Test("Experts without tokens cost nothing: the weights read are those of the experts that have some")
    func experts() {
        func bytes(_ tokens: [Int]) -> Double {
            demand(.grouped(GroupedMatmul(tokens: tokens, n: 4096, k: 7168, activations: .bf16, weights: .fp8)), on: Fixture.h100).memoryBytes.value
        }
        #expect(bytes([1, 0, 0, 1]) == bytes([1, 1]))
        #expect(abs(bytes([1, 1, 1, 1]) / bytes([1, 1]) - 2) < 0.01)
    }

    @Test("On NeuPIMs decode attention goes to the banks and products of many rows to the systolic arrays")
    func engines() {
        let decode = Attention(batch: 64, queries: 1, context: 2048, heads: 12, kvHeads: 12, keyDimension: 128, valueDimension: 128,
                               activations: .fp16, cache: .fp16)
        #expect(demand(.attention(decode), on: Fixture.neupims).engine == .bank)
        let dense = Matmul(m: 512, n: 4096, k: 4096, activations: .fp16, weights: .fp16)
        #expect(demand(.matmul(dense), on: Fixture.neupims).engine == .systolic)
    }

    @Test("Each part of a prediction names what bounds it")
    func bounds() {
        #expect(demand(product(1, 16, 16), on: Fixture.h100).boundBy == .latency)
        #expect(demand(product(1, 28672, 8192), on: Fixture.h100).boundBy == .memory)
        #expect(demand(product(8192, 8192, 8192), on: Fixture.h100).boundBy == .power)
        #expect(Cycle(limitsPower: false).demand(of: product(8192, 8192, 8192), on: Fixture.h100, under: Fixture.graph).boundBy == .compute)
    }

    @Test("A violation of the bound names model, operator and both times")
    func violation() throws {
        let bound = Demand(memoryTime: Seconds(2e-6)), fast = Demand(memoryTime: Seconds(1e-6))
        let violation = try #require(fast.violation(of: bound, model: "cycle", what: "a product"))
        #expect(violation.description == "internal error: cost model cycle predicts 1 us for a product, faster than the physical bound 2 us")
        #expect(bound.violation(of: bound, model: "cycle", what: "a product") == nil)
    }
}

@Suite("The choice of a tile") struct Tiles {
    /// Every tile and split, each at the clock that the limit leaves it.
    private func exhaustive(_ product: Product, on units: Units, within power: PowerBudget?) -> (GEMMTiling, TileCost) {
        var best = GEMMTiling(rows: 0, columns: 0, splitK: 0), bestCost = TileCost(latency: .infinity)
        for rows in GEMMTiling.sides {
            let rowTiles = product.groups.reduce(0) { $0 + ($1 + rows - 1) / rows }
            for columns in GEMMTiling.sides where rows * columns <= GEMMTiling.largest {
                let grid = TileGrid(product, rows: rows, columns: columns, rowTiles: rowTiles, on: units)
                for split in GEMMTiling.splits {
                    var cost = grid.cost(of: product, split: Double(split), depth: GEMMTiling.depth(product.k, split: split), on: units)
                    power?.settle(&cost)
                    if cost.duration < bestCost.duration { (best, bestCost) = (GEMMTiling(rows: rows, columns: columns, splitK: split), cost) }
                }
            }
        }
        return (best, bestCost)
    }

    @Test("Passing over tiles by their bound changes neither the tile nor the time, whatever the shape and the power limit", arguments: [Fixture.a100, Fixture.h100, Fixture.npu])
    func search(_ device: Device) throws {
        var random = SystemRandomNumberGenerator()
        let engine = try #require(device.engines.firstIndex { $0.kind == .tensor || $0.kind == .vector })
        let units = Units(Machine(device), engine: engine, math: .bf16), limit = PowerLimit(device)
        func size(_ most: Double) -> Int { Int(exp2(Double.random(in: 0...most, using: &random))) }
        for _ in 0..<3000 {
            let m = size(14), n = size(15), k = size(15), few = Bool.random(using: &random)
            let groups = few ? [m] : (0..<Int.random(in: 1...32, using: &random)).map { _ in Int.random(in: 0...m, using: &random) }
            let weight = ([2.0, 1, 0.53125] as [Double]).randomElement(using: &random) ?? 2
            let read = Double(n) * Double(k) * weight, rows = Double(groups.reduce(0, +))
            let widens = weight < 2 && Bool.random(using: &random), passes = weight < 2 && !widens
            let product = Product(groups: groups, n: n, k: k, batch: few ? Int.random(in: 1...4, using: &random) : 1, inputWidth: 2, weightWidth: passes ? 2 : weight,
                                  outputWidth: 2, mathWidth: 2, read: read, written: rows * Double(n), wideningOps: widens ? 1.5 : 0,
                                  widened: passes ? read / weight * 2 : 0, storedWeights: passes ? read : 0)
            let flops = Flops(2 * rows * Double(n) * Double(k))
            for power in [nil] + (limit.map { [PowerBudget($0, of: device, flops: flops, math: .bf16)] } ?? []) {
                let found = units.fastest(product, within: power), all = exhaustive(product, on: units, within: power)
                #expect(found.0 == all.0 && found.1.duration == all.1.duration && found.1.clock == all.1.clock, "\(product)")
            }
        }
    }
}
