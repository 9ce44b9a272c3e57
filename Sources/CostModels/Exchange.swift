import Hardware
import Operators
import Quantities

/// A collective over the one or two networks that join its participants.
struct Exchange {
    var inside: Network
    var across: Network
    var collective: Collective

    /// Without links the device's fastest port stands for the network; nil for a device that has none either.
    init?(_ collective: Collective, over fabric: Fabric, on device: Device, datasheet: Bool) {
        self.collective = collective
        let links = [fabric.inside, fabric.across].compactMap(\.self).map { Network($0, datasheet: datasheet) }
        if let first = links.first, let last = links.last {
            inside = first
            across = last
        } else if let port = device.ports.max(by: { $0.bandwidth < $1.bandwidth }) {
            inside = Network(port)
            across = inside
        } else {
            return nil
        }
        if !collective.crossesNodes { across = inside }
    }

    private var nodes: Int { ceilDivide(collective.participants, max(1, collective.participantsPerNode)) }
    private var bytes: Double { collective.bytes.value }

    /// Of an all-to-all of so many bytes what leaves the node of a participant.
    private func bytesToOtherNodes(_ bytes: Double) -> Double {
        let n = Double(collective.participants), count = Double(nodes), perNode = Double(max(1, collective.participantsPerNode))
        if let relayed = collective.relayed { return relayed.value * (count - 1) / count }
        return bytes * max(0, n - perNode) / n
    }

    /// The fastest way to do it.
    func fastest() -> (CollectiveAlgorithm, ExchangeTime) {
        let n = collective.participants
        let scale = collective.kind == .allToAll ? max(1, collective.imbalance) : 1
        guard collective.crossesNodes else { return inside.fastest(collective.kind, members: n, bytes: bytes * scale) }
        guard collective.kind != .send else { return across.fastest(.send, members: n, bytes: bytes) }
        let hierarchical = (CollectiveAlgorithm.hierarchical, hierarchicalTime(bytes * scale))
        guard collective.kind != .allToAll else { return hierarchical }
        let flat = slowest.fastest(collective.kind, members: n, bytes: bytes)
        return flat.1.total < hierarchical.1.total ? flat : hierarchical
    }

    /// The network that a pattern without regard for nodes runs at.
    private var slowest: Network {
        var network = across
        network.bandwidth = min(inside.bandwidth, across.bandwidth)
        network.latency = max(inside.latency, across.latency)
        return network
    }

    /// Inside the nodes first, then between them with what is left to exchange, then inside again.
    private func hierarchicalTime(_ bytes: Double) -> ExchangeTime {
        let p = max(1, collective.participantsPerNode), n = Double(collective.participants), perNode = Double(p)
        func sum(_ parts: ExchangeTime...) -> ExchangeTime {
            parts.reduce(.nothing) { ExchangeTime(latency: $0.latency + $1.latency, transfer: $0.transfer + $1.transfer, bytes: $0.bytes + $1.bytes) }
        }
        switch collective.kind {
        case .allReduce:
            return sum(inside.fastest(.reduceScatter, members: p, bytes: bytes).1,
                       across.fastest(.allReduce, members: nodes, bytes: bytes / perNode).1,
                       inside.fastest(.allGather, members: p, bytes: bytes / perNode).1)
        case .reduceScatter:
            return sum(inside.fastest(.reduceScatter, members: p, bytes: bytes).1,
                       across.fastest(.reduceScatter, members: nodes, bytes: bytes / perNode).1)
        case .allGather:
            return sum(across.fastest(.allGather, members: nodes, bytes: bytes).1,
                       inside.fastest(.allGather, members: p, bytes: bytes * Double(nodes)).1)
        case .broadcast:
            return sum(across.fastest(.broadcast, members: nodes, bytes: bytes).1, inside.fastest(.broadcast, members: p, bytes: bytes).1)
        case .allToAll:
            // Each pair exchanges its own part, over whichever network joins the two; both networks run at once.
            // What arrived from another node once is handed on, too.
            let near = inside.exchange(among: p, steps: 1, bytes: bytes * (perNode - 1) / (collective.relayed == nil ? n : perNode))
            let far = across.exchange(among: collective.participants, steps: 1, bytes: bytesToOtherNodes(bytes))
            return ExchangeTime(latency: max(near.latency, far.latency), transfer: max(near.transfer, far.transfer), bytes: near.bytes + far.bytes)
        case .send:
            return .nothing
        }
    }

    /// No algorithm is faster: every participant has its bytes to send, over all its ports together, and every node
    /// has its share to send over the network between nodes; one message takes one latency.
    var bound: ExchangeTime {
        let n = collective.participants
        guard n > 1 || collective.kind == .send else { return .nothing }
        var least = collective.wireBytes.value
        // Who hands on sends less himself; how much of it stays inside depends on where the receivers are.
        if collective.relayed != nil { least = bytesToOtherNodes(bytes) }
        let adds = inside.reduces || across.reduces
        if adds, collective.kind == .allReduce { least = min(least, bytes) }
        guard collective.crossesNodes, collective.kind != .send else {
            let network = collective.crossesNodes ? across : inside
            return ExchangeTime(latency: network.latency, transfer: least / network.bandwidth, bytes: least)
        }
        let count = Double(nodes), perNode = Double(max(1, collective.participantsPerNode))
        let outside: Double = switch collective.kind {
        case .allReduce: (adds ? 1 : 2 * (count - 1) / count) * bytes / perNode
        case .reduceScatter: (count - 1) / count * bytes / perNode
        case .allGather: (count - 1) * bytes
        case .allToAll: bytesToOtherNodes(bytes)
        case .broadcast: bytes / perNode
        case .send: bytes
        }
        let transfer = max(least / (inside.bandwidth + across.bandwidth), outside / across.bandwidth)
        return ExchangeTime(latency: min(inside.latency, across.latency), transfer: transfer, bytes: least)
    }
}

extension Network {
    init(_ port: Port) {
        bandwidth = port.bandwidth.value
        latency = port.latency?.value ?? 0
        topology = .switch
        reduces = false
    }
}
