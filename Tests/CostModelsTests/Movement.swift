@testable import Hardware
import Operators
import Quantities
import Testing
@testable import CostModels

private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(abs(a), abs(b)) }

private func link(_ bandwidth: Double, latency: Double = 1e-6, _ topology: Link.Topology = .switch, scope: Link.Scope = .node,
                  reduces: Bool = false) -> Link {
    Link(name: "link", topology: topology, scope: scope, between: ["gpu"], bandwidth: BytesPerSecond(bandwidth), achieved: nil,
         latency: Seconds(latency), reduces: reduces, energy: nil)
}

@Suite("Collectives and copies") struct Movement {
    private let fast = link(450e9)
    private let slow = link(50e9, latency: 5e-6, scope: .system)
    private var network: Network { Network(fast, datasheet: true) }

    @Test("A ring all-reduce moves 2(n−1)/n of the buffer through every port in 2(n−1) steps", arguments: [2, 3, 8, 64])
    func ring(_ n: Int) throws {
        let time = try #require(network.time(.allReduce, by: .ring, members: n, bytes: 1e9))
        #expect(near(time.bytes, 2 * Double(n - 1) / Double(n) * 1e9))
        #expect(near(time.transfer, time.bytes / 450e9))
        #expect(near(time.latency, 2 * Double(n - 1) * 1e-6))
    }

    @Test("A tree takes 2⌈log₂ n⌉ latencies", arguments: [(2, 2.0), (3, 4), (8, 6), (9, 8)])
    func tree(_ n: Int, _ steps: Double) throws {
        #expect(near(try #require(network.time(.allReduce, by: .tree, members: n, bytes: 1)).latency, steps * 1e-6))
    }

    @Test("What each node is sent once and hands on crosses the network between nodes once, and never beats the bound")
    func relayed() throws {
        let fabric = Fabric(inside: fast, across: slow), device = Fixture.processor
        var copied = Collective(.allToAll, participants: 32, participantsPerNode: 8, bytes: Bytes(8e9), format: .bf16)
        let apart = try #require(Exchange(copied, over: fabric, on: device, datasheet: true))
        copied.relayed = Bytes(2e9)
        let once = try #require(Exchange(copied, over: fabric, on: device, datasheet: true))
        #expect(near(apart.fastest().1.transfer, 8e9 * 24 / 32 / 50e9))
        // Three of four nodes are others.
        #expect(near(once.fastest().1.transfer, 2e9 * 3 / 4 / 50e9))
        #expect(once.bound.transfer <= once.fastest().1.transfer * (1 + 1e-12))
    }

    @Test("Without a switch every port forwards: a ring beats nothing, and small messages over it take 2(n−1) or log steps")
    func onARing() {
        let ring = Network(link(450e9, .ring), datasheet: true)
        #expect(ring.time(.allReduce, by: .direct, members: 8, bytes: 1e6) == nil)
        #expect(ring.fastest(.allReduce, members: 8, bytes: 1e9).0 == .ring)
        #expect(ring.fastest(.allReduce, members: 8, bytes: 8).0 == .tree)
    }

    @Test("A switch that adds halves a large all-reduce but for the part a member owns: (n+1)/n instead of 2(n−1)/n")
    func inSwitch() {
        let network = Network(link(450e9, reduces: true), datasheet: true)
        let (algorithm, time) = network.fastest(.allReduce, members: 8, bytes: 1e9)
        #expect(algorithm == .inSwitch)
        #expect(near(time.bytes, 9.0 / 8 * 1e9))
    }

    @Test("A bus carries what all members send, one after the other")
    func bus() throws {
        let bus = try #require(Network(link(450e9, .bus), datasheet: true).time(.allGather, by: .ring, members: 4, bytes: 1e9))
        #expect(near(bus.transfer, 4 * 3 * 1e9 / 450e9))
    }

    @Test("Sixteen in two nodes: reduce-scatter inside, exchange of an eighth between, gather inside")
    func hierarchical() throws {
        let collective = Collective(.allReduce, participants: 16, participantsPerNode: 8, bytes: Bytes(1e9), format: .bf16)
        let exchange = try #require(Exchange(collective, over: Fabric(inside: fast, across: slow), on: Fixture.h100, datasheet: true))
        let (algorithm, time) = exchange.fastest()
        #expect(algorithm == .hierarchical)
        #expect(near(time.transfer, 2 * (7.0 / 8) * 1e9 / 450e9 + 1 * (1e9 / 8) / 50e9))
    }

    @Test("Of an all-to-all over two nodes of eight, 8/16 of the bytes cross and 7/16 stay, both at once")
    func allToAll() throws {
        let collective = Collective(.allToAll, participants: 16, participantsPerNode: 8, bytes: Bytes(1e9), imbalance: 1.5, format: .bf16)
        let exchange = try #require(Exchange(collective, over: Fabric(inside: fast, across: slow), on: Fixture.h100, datasheet: true))
        #expect(near(exchange.fastest().1.transfer, 1.5 * (8.0 / 16) * 1e9 / 50e9))
    }

    @Test("No exchange beats its bound, and more bandwidth, fewer bytes or fewer participants never slow it", arguments: Collective.Kind.allCases)
    func bounds(_ kind: Collective.Kind) {
        var random = Seeded(state: 7)
        for _ in 0..<300 {
            let perNode = random.pick([1, 2, 4, 8]), nodes = kind == .send ? 1 : random.pick([1, 2, 3, 16])
            let topology = random.pick([Link.Topology.switch, .pointToPoint, .ring, .bus])
            let reduces = Bool.random(using: &random)
            let bytes = Double(random.size(upTo: 1 << 30))
            func time(bytes: Double, faster: Double = 1, _ model: some CostModel) -> Double {
                let collective = Collective(kind, participants: perNode * nodes, participantsPerNode: perNode, bytes: Bytes(bytes), format: .bf16)
                let fabric = Fabric(inside: link(450e9 * faster, topology, reduces: reduces), across: link(50e9 * faster, latency: 5e-6, scope: .system))
                return model.demand(of: collective, over: fabric, on: Fixture.h100, under: Fixture.graph).duration.value
            }
            let predicted = time(bytes: bytes, Cycle())
            #expect(predicted >= time(bytes: bytes, Roofline()) * (1 - 1e-9))
            #expect(time(bytes: bytes, faster: 1.5, Cycle()) <= predicted * (1 + 1e-9))
            #expect(time(bytes: bytes * 1.3, Cycle()) >= predicted * (1 - 1e-9))
        }
    }

    @Test("One participant has nothing to exchange")
    func alone() {
        let collective = Collective(.allReduce, participants: 1, bytes: Bytes(1e9), format: .bf16)
        let demand = Cycle().demand(of: collective, over: Fabric(inside: fast), on: Fixture.h100, under: Fixture.graph)
        #expect(demand.linkTime == .zero && demand.linkBytes == .zero)
    }

    @Test("A copy runs at the slowest of source, link and target, and every request pays the link's latency")
    func copies() {
        let copy = Copy(from: "host", to: "gpu", bytes: Bytes(1e9), requests: 10)
        let demand = Cycle().demand(of: copy, over: link(63e9, latency: 2e-6), from: Fixture.cpu, to: Fixture.h100, under: Fixture.graph)
        #expect(near(demand.busy.value, 1e9 / 63e9))
        #expect(near(demand.latency.value, 10 * 2e-6 + 90e-9))
        let within = Cycle().demand(of: copy, over: nil, from: Fixture.h100, to: Fixture.h100, under: Fixture.graph)
        #expect(near(within.memoryTime.value, 2e9 / 3095e9))
    }

    @Test("A copy out of flash waits for sensing and then for the channels, not for the faster link")
    func fromFlash() {
        let copy = Copy(from: "csd", to: "gpu", bytes: Bytes(1e9))
        let demand = Cycle().demand(of: copy, over: link(63e9), from: Fixture.csd, to: Fixture.h100, under: Fixture.graph)
        #expect(demand.boundBy == .memory)
        #expect(demand.busy.value >= 1e9 / 11.2e9 + 40e-6)
        #expect(demand.busy.value <= 1e9 / 11.2e9 + 60e-6)
    }
}
