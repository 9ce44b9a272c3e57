import Hardware
import Operators
import Quantities
import Testing
@testable import Workloads

@Suite("Experts: who receives which tokens, and when their weights arrive")
struct LoweringExpertTests {
    static let routings: [Routing] = [.balanced, .zipf(exponent: 1.2), .zipf(exponent: 4), .powerLaw(exponent: 1.01), .counts([9, 0, 3, 1, 1, 1, 1, 0])]

    @Test("Every token reaches exactly topK experts, and none of them twice", arguments: routings, [1, 7, 64, 1000])
    func tokensConserved(routing: Routing, tokens: Int) {
        for ranks in [1, 2, 4, 8] {
            let counts = routing.tokensPerExpert(tokens: tokens, topK: 2, experts: 8, ranks: ranks)
            #expect(counts.reduce(0, +) == 2 * tokens)
            #expect(counts.allSatisfy { (0...tokens).contains($0) })
        }
    }

    @Test("A more popular expert never receives fewer tokens")
    func popularityOrders() {
        let counts = Routing.zipf(exponent: 1.1).tokensPerExpert(tokens: 500, topK: 4, experts: 64, ranks: 8)
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 >= $1 })
    }

    @Test("Balanced tokens that do not divide are dealt out over the ranks before a rank gets a second one")
    func remainders() {
        #expect(Routing.balanced.tokensPerExpert(tokens: 1, topK: 4, experts: 16, ranks: 4) == [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0])
    }

    @Test("Ranks folded into classes keep all ranks and all tokens", arguments: routings + [.zipf(exponent: 0.3)])
    func foldingConserves(routing: Routing) {
        for tokens in [1, 5, 33, 4096] {
            for ranks in [1, 2, 4, 8] {
                let counts = routing.tokensPerExpert(tokens: tokens, topK: 2, experts: 8, ranks: ranks)
                let classes = RankClass.fold(counts, ranks: ranks)
                #expect(classes.reduce(0) { $0 + $1.ranks } == ranks)
                #expect(classes.reduce(0) { $0 + $1.ranks * $1.load } == 2 * tokens)
                let loads = (0..<ranks).map { rank in counts[rank * 8 / ranks..<(rank + 1) * 8 / ranks].reduce(0, +) }
                #expect(classes[0].load == loads.max())
            }
        }
    }

    @Test("Expert FLOPs over all ranks are those of one device, however tokens are routed and experts spread", arguments: routings)
    func flopsConserved(routing: Routing) throws {
        let model = try model("mixtral-8x7b")
        func experts(_ p: Parallelism) throws -> Double {
            let graph = try Lower.plan(ModelJob(model: model, phase: .decode, batch: 64, prompt: 100, parallelism: p, routing: routing)).steps[0].graph
            return graph.total { if case .grouped(let o) = $0 { o.flops.value } else { 0 } }
        }
        let one = try experts(Parallelism())
        let tokens = 64 * 2, layers = 32, elements = 3 * 4096 * 14336
        #expect(one == Double(2 * tokens * layers * elements))
        #expect(try experts(Parallelism(expert: 8, data: 8)) == one)
        #expect(try experts(Parallelism(tensor: 8, expert: 8)) == one)
        #expect(try experts(Parallelism(tensor: 8)) == one)
        #expect(try experts(Parallelism(tensor: 2, expert: 8, data: 4)) == one)
        #expect(try experts(Parallelism(tensor: 4, expert: 2)) == one)
    }

    @Test("Dispatch carries one row for every expert that a token visits, and combine brings them back")
    func dispatchBytes() throws {
        let job = ModelJob(model: try model("deepseek-v3"), phase: .decode, batch: 256, prompt: 100, precision: Precision(weights: .fp8, math: .fp8),
                           parallelism: Parallelism(expert: 16, data: 16))
        let graph = try Lower.plan(job, on: Lower.system(count: 8, nodes: 2)).steps[0].graph
        let elements = 58 * 256 * 8 * 7168  // layers, tokens, experts of each, hidden
        #expect(graph.total(named: "experts.dispatch", \.linkBytes) == Double(elements))
        #expect(graph.total(named: "experts.combine", \.linkBytes) == Double(2 * elements))
        guard case .collective(let dispatch) = graph.operation(of: graph.nodes(named: "experts.dispatch")[0]) else { Issue.record("no collective"); return }
        #expect(dispatch.participants == 16 && dispatch.participantsPerNode == 8)
    }

    @Test("Shared experts do not wait for the dispatch, and run before the routed ones do")
    func sharedOverlap() throws {
        let job = ModelJob(model: try model("deepseek-v3"), phase: .decode, batch: 64, prompt: 100, parallelism: Parallelism(expert: 8, data: 8))
        let graph = try Lower.plan(job).steps[0].graph
        let names = graph.nodes.map { graph.uses[Int($0.use)].name }
        let dispatch = try #require(names.firstIndex(of: "experts.dispatch")), shared = try #require(names.firstIndex(of: "experts.shared.down"))
        let routed = try #require(names.firstIndex(of: "experts.gate-up"))
        var reached: Set<Int> = [], open = [shared]
        while let node = open.popLast() {
            for before in graph.dependencies(of: node) where reached.insert(Int(before)).inserted { open.append(Int(before)) }
        }
        #expect(!reached.contains(dispatch))
        #expect(graph.dependencies(of: routed).contains(Int32(dispatch)))
        #expect(shared < routed)
        #expect(graph.nodes[dispatch].stream == .communication)
    }

    @Test("A runtime that overlaps nothing runs its exchanges on the compute stream")
    func noOverlap() throws {
        let job = ModelJob(model: try model("deepseek-v3"), phase: .decode, batch: 64, prompt: 100, parallelism: Parallelism(expert: 8, data: 8))
        let graph = try Lower.plan(job, under: Lower.runtime(collectives: false)).steps[0].graph
        #expect(graph.nodes.allSatisfy { $0.stream == .compute })
    }

    @Test("Skewed routing slows the hottest rank: its lane has more tokens, and the exchange is as unequal")
    func skew() throws {
        let job = ModelJob(model: try model("mixtral-8x7b"), phase: .decode, batch: 64, prompt: 100, parallelism: Parallelism(expert: 8, data: 8), routing: .counts([4, 1, 1, 1, 1, 1, 1, 1]))
        let graph = try Lower.plan(job).steps[0].graph
        #expect(graph.lanes[0].label == "hottest expert rank" && graph.lanes[0].multiplicity == 1)
        #expect(graph.lanes.reduce(0) { $0 + $1.multiplicity } == 8)
        let dispatch = graph.nodes(named: "experts.dispatch")
        guard case .collective(let exchange) = graph.operation(of: dispatch[0]) else { Issue.record("no collective"); return }
        #expect(exchange.imbalance == 46.0 / 16)  // 4/11 of 128 tokens is 46.5, 1/11 is 11.6; the mean of eight ranks is 16
        // All lanes meet there.
        let first = try #require(graph.nodes.firstIndex { graph.uses[Int($0.use)].name == "experts.dispatch" })
        #expect(graph.dependencies(of: first).count == graph.lanes.count)
    }

    @Test("Without a grouped kernel each active expert runs by itself, with the same FLOPs and weights")
    func oneByOne() throws {
        let job = ModelJob(model: try model("mixtral-8x7b"), phase: .decode, batch: 3, prompt: 100)
        let grouped = try Lower.plan(job).steps[0].graph
        let each = try Lower.plan(job, under: Lower.runtime([.attention, .qkv, .gateUp, .residualNorm, .rotaryCache])).steps[0].graph
        #expect(each.total(\.weightFlops) == grouped.total(\.weightFlops))
        #expect(each.total(\.weightBytes) == grouped.total(\.weightBytes))
        #expect(each.nodes(named: "experts.down").count == 32 * 6)
    }

    // MARK: Fetching

    func switchGraph(_ fetch: ExpertFetch) throws -> OperatorGraph {
        let job = ModelJob(model: try model("switch-base-128"), phase: .generate, prompt: 256, output: 2, precision: Precision(weights: .fp32, activations: .fp32),
                           placement: Placement(experts: [.init(group: "host", share: 1)]), expertFetch: fetch)
        return try Lower.plan(job, on: Lower.system(count: 1)).steps[1].graph
    }

    @Test("On demand and pre-gated fetch the one chosen expert of each of six layers, 18,874,368 bytes; prefetching fetches all 128")
    func fetchedBytes() throws {
        #expect(try switchGraph(.onDemand).total(\.linkBytes) == 6 * 18_874_368)
        #expect(try switchGraph(.preGated).total(\.linkBytes) == 6 * 18_874_368)
        #expect(try switchGraph(.prefetchAll).total(\.linkBytes) == 6 * 128 * 18_874_368)
    }

    @Test("On demand the copy waits for its own router, pre-gated for that of the expert layer before")
    func fetchOrder() throws {
        func routerLayers(_ fetch: ExpertFetch) throws -> [(experts: Int16, router: Int16)] {
            let graph = try switchGraph(fetch)
            return graph.nodes.indices.filter { graph.uses[Int(graph.nodes[$0].use)].name == "experts.up" }.compactMap { node in
                let fetch = graph.dependencies(of: node).first { graph.uses[Int(graph.nodes[Int($0)].use)].name == "experts.fetch" }
                let router = fetch.flatMap { graph.dependencies(of: Int($0)).first { graph.uses[Int(graph.nodes[Int($0)].use)].name == "experts.top-k" } }
                return router.map { (graph.nodes[node].layer, graph.nodes[Int($0)].layer) }
            }
        }
        #expect(try routerLayers(.onDemand).map { $0.experts - $0.router } == [0, 0, 0, 0, 0, 0])
        #expect(try routerLayers(.preGated).map { $0.experts - $0.router } == [0, 2, 2, 2, 2, 2])
        #expect(try routerLayers(.prefetchAll).isEmpty)
        #expect(try switchGraph(.onDemand).nodes(named: "experts.fetch").allSatisfy(\.waitsForHost))
        #expect(try switchGraph(.prefetchAll).nodes(named: "experts.fetch").allSatisfy { !$0.waitsForHost })
    }
}
