import Hardware
import Operators

/// The patterns in which participants exchange their parts.
public enum CollectiveAlgorithm: String, CaseIterable, Sendable {
    case ring, tree, direct, hierarchical
    /// Reduction and multicast inside the switch (NVLink SHARP).
    case inSwitch = "in-switch"
}

/// Time of an exchange among the ports of one network: latencies in sequence, then bytes of the busiest port.
struct ExchangeTime {
    var latency: Double
    var transfer: Double
    var bytes: Double

    var total: Double { latency + transfer }

    static let nothing = ExchangeTime(latency: 0, transfer: 0, bytes: 0)
}

/// One network as its members see it.
struct Network {
    var bandwidth: Double
    var latency: Double
    var topology: Link.Topology
    var reduces: Bool

    /// - Parameter datasheet: the quoted bandwidth, where the question is the physical bound.
    init(_ link: Link, datasheet: Bool) {
        bandwidth = datasheet ? link.bandwidth.value : min(link.bandwidth.value, link.achieved?.value ?? .infinity)
        latency = link.latency.value
        topology = link.topology
        reduces = link.reduces && link.topology == .switch
    }

    /// `steps` messages one after the other, `bytes` out of every port.
    func exchange(among members: Int, steps: Double, bytes: Double) -> ExchangeTime {
        let carried = topology == .bus ? bytes * Double(members) : bytes
        return ExchangeTime(latency: steps * latency, transfer: carried / bandwidth, bytes: bytes)
    }

    /// Time of one algorithm, nil where it does not do this kind of exchange or this network cannot carry it.
    ///
    /// Steps and bytes are those of Chan, Heimlich, Purkayastha and van de Geijn, "Collective communication: theory,
    /// practice, and experience" (2007), with the bytes of NCCL's double binary tree (Sanders, Speck and Träff, 2009).
    func time(_ kind: Collective.Kind, by algorithm: CollectiveAlgorithm, members n: Int, bytes: Double) -> ExchangeTime? {
        guard n > 1 else { return .nothing }
        let count = Double(n), part = (count - 1) / count
        let depth = Double(Int.bitWidth - (n - 1).leadingZeroBitCount)  // ⌈log₂ n⌉
        switch (kind, algorithm) {
        case (.allReduce, .ring): return exchange(among: n, steps: 2 * (count - 1), bytes: 2 * part * bytes)
        case (.allReduce, .tree): return exchange(among: n, steps: 2 * depth, bytes: 2 * bytes)
        case (.allReduce, .direct):
            // Every port sends its part to every other, twice: scatter of sums, then gather.
            return topology == .ring ? nil : exchange(among: n, steps: 2, bytes: 2 * part * bytes)
        case (.allReduce, .inSwitch):
            // The switch pulls every contribution once and each member multicasts the part it owns.
            return reduces ? exchange(among: n, steps: 2, bytes: bytes * (count + 1) / count) : nil
        case (.reduceScatter, .ring): return exchange(among: n, steps: count - 1, bytes: part * bytes)
        case (.allGather, .ring): return exchange(among: n, steps: count - 1, bytes: (count - 1) * bytes)
        case (.reduceScatter, .direct): return topology == .ring ? nil : exchange(among: n, steps: 1, bytes: part * bytes)
        case (.allGather, .direct): return topology == .ring ? nil : exchange(among: n, steps: 1, bytes: (count - 1) * bytes)
        case (.allToAll, .direct):
            // Around a ring a message takes n/4 hops on average, each through another member's port.
            let hops = topology == .ring ? max(1, count / 4) : 1
            return exchange(among: n, steps: hops, bytes: part * bytes * hops)
        case (.broadcast, .tree): return exchange(among: n, steps: depth, bytes: bytes)
        case (.send, .direct): return ExchangeTime(latency: latency, transfer: bytes / bandwidth, bytes: bytes)
        default: return nil
        }
    }

    /// The fastest algorithm for this size.
    func fastest(_ kind: Collective.Kind, members: Int, bytes: Double) -> (CollectiveAlgorithm, ExchangeTime) {
        var best: (CollectiveAlgorithm, ExchangeTime) = (.ring, ExchangeTime(latency: 0, transfer: .infinity, bytes: 0))
        for algorithm in [CollectiveAlgorithm.ring, .tree, .direct, .inSwitch] {
            if let time = time(kind, by: algorithm, members: members, bytes: bytes), time.total < best.1.total { best = (algorithm, time) }
        }
        return best
    }
}
