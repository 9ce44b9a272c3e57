import Quantities

/// Devices joined by links: a workstation, a server, a supernode.
public struct System: Sendable {
    /// Devices of one kind that play one part.
    public struct Group: Sendable {
        /// The name jobs place things by: `gpu`, `host`, `ssd`, `csd`, `pim`.
        public var name: String
        public var device: Device
        /// How many of them each node has.
        public var count: Int
    }

    public var id: String
    public var name: String
    public var aliases: [String]
    /// Identical nodes.
    public var nodes: Int
    public var groups: [Group]
    public var links: [Link]
    public var provenance: Provenance

    public init(id: String, name: String, aliases: [String] = [], nodes: Int = 1, groups: [Group], links: [Link], provenance: Provenance) {
        self.id = id
        self.name = name
        self.aliases = aliases
        self.nodes = nodes
        self.groups = groups
        self.links = links
        self.provenance = provenance
    }

    public func group(_ name: String) -> Group? { groups.first { $0.name == name } }
    /// The group that runs the model unless a job places something elsewhere: the first that is neither host nor storage.
    public var accelerator: Group { groups.first { ![.cpu, .storage, .csd].contains($0.device.kind) } ?? groups[0] }
    /// The processor whose threads launch kernels and whose memory holds what is offloaded.
    public var host: Group? { groups.first { $0.device.kind == .cpu } }
    public var acceleratorCount: Int { accelerator.count * nodes }

    /// The link that two groups share, the fastest one inside a node first; the same name twice asks for peers.
    public func link(_ a: String, _ b: String, crossingNodes: Bool = false) -> Link? {
        links.filter { ($0.scope == .system) == crossingNodes || (crossingNodes == false && nodes == 1) }
            .filter { $0.joins(a, b) }
            .max { $0.bandwidth < $1.bandwidth }
    }
}

/// A network that joins members of one or more groups.
public struct Link: Sendable {
    public enum Topology: String, CaseIterable, Sendable {
        /// Every member has its own port into a non-blocking switch.
        case `switch`
        /// Every pair named has its own wires.
        case pointToPoint = "point-to-point"
        /// Each member talks to two neighbours.
        case ring
        /// All members share one bandwidth.
        case bus
    }

    public enum Scope: String, CaseIterable, Sendable {
        /// Inside each node.
        case node
        /// Between nodes.
        case system
    }

    public var name: String
    public var topology: Topology
    public var scope: Scope
    /// Names of the groups it joins; one name joins the members of a group with each other.
    public var between: [String]
    /// One direction of one member's port (of the whole, for a bus).
    public var bandwidth: BytesPerSecond
    /// What large transfers were measured to reach, where somebody measured.
    public var achieved: BytesPerSecond?
    /// Time of a smallest message from end to end.
    public var latency: Seconds
    /// The switch adds up what passes through it (NVLink SHARP).
    public var reduces: Bool
    public var energy: JoulesPerByte?

    public func joins(_ a: String, _ b: String) -> Bool {
        a == b ? between == [a] : between.contains(a) && between.contains(b)
    }
}

extension Link {
    /// What a device's port is part of, where no system says more.
    public init(_ port: Port, topology: Topology) {
        self.init(name: port.name, topology: topology, scope: .node, between: [], bandwidth: port.bandwidth, achieved: port.achieved,
                  latency: port.latency ?? .zero, reduces: false)
    }
}
