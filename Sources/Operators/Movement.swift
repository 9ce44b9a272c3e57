import Quantities

/// An exchange among devices that all have to take part in.
public struct Collective: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case allReduce = "all-reduce"
        case allGather = "all-gather"
        case reduceScatter = "reduce-scatter"
        case allToAll = "all-to-all"
        case broadcast
        case send
    }

    public var kind: Kind
    /// Devices that take part.
    public var participants: Int
    /// How many of them stand in one node; equal to `participants` when the exchange stays inside.
    public var participantsPerNode: Int
    /// Bytes that one participant contributes: its whole buffer for all-reduce, reduce-scatter and all-to-all, its own
    /// part for all-gather, the message for broadcast and send.
    public var bytes: Bytes
    /// The largest share of `bytes` that one participant receives in an all-to-all over the mean: 1 when balanced.
    public var imbalance: Double
    public var format: TensorFormat
    /// Tokens of one participant that travel as messages of their own, as in an exchange between experts; 0 for one block.
    public var messages: Int
    /// Bytes of one copy of such a message; zero where it is not known, or without messages.
    public var messageBytes: Bytes
    /// Units of the device that copy, where the caller says how many; 0 where the kernel takes what it needs.
    public var units = 0
    /// Bytes of one participant in an all-to-all of which each node is sent one copy, to hand on inside; nil where every
    /// participant in another node is sent its own.
    public var relayed: Bytes?

    public init(_ kind: Kind, participants: Int, participantsPerNode: Int? = nil, bytes: Bytes, imbalance: Double = 1, format: TensorFormat, messages: Int = 0,
                messageBytes: Bytes = .zero) {
        self.kind = kind
        self.participants = participants
        self.participantsPerNode = participantsPerNode ?? participants
        self.bytes = bytes
        self.imbalance = imbalance
        self.format = format
        self.messages = messages
        self.messageBytes = messageBytes
    }

    public var crossesNodes: Bool { participantsPerNode < participants }

    /// Additions of one participant: (n−1)/n of its buffer for the reducing kinds.
    public var flops: Flops {
        guard participants > 1, kind == .allReduce || kind == .reduceScatter else { return .zero }
        let elements = bytes.value * 8 / format.bitsPerElement
        return Flops(elements * Double(participants - 1) / Double(participants))
    }

    /// Bytes that one participant has to send at least, whatever the algorithm (Chan et al., "Collective communication:
    /// theory, practice, and experience", 2007): 2(n−1)/n of the buffer for all-reduce, (n−1)/n for reduce-scatter and
    /// all-to-all, (n−1) times its part for all-gather.
    public var wireBytes: Bytes {
        let n = Double(participants)
        guard participants > 1 else { return .zero }
        switch kind {
        case .allReduce: return bytes * (2 * (n - 1) / n)
        case .reduceScatter, .allToAll: return bytes * ((n - 1) / n)
        case .allGather: return bytes * (n - 1)
        case .broadcast, .send: return bytes
        }
    }
}

/// Bytes carried from one place to another.
public struct Copy: Hashable, Sendable {
    /// Names of groups of the system.
    public var from: String
    public var to: String
    public var bytes: Bytes
    /// Separate requests it is made of: each pays the latency of its link or drive.
    public var requests: Int

    public init(from: String, to: String, bytes: Bytes, requests: Int = 1) {
        self.from = from
        self.to = to
        self.bytes = bytes
        self.requests = requests
    }
}
