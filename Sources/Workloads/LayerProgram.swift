import Operators
import Quantities

/// The operators of one layer (or of what stands before and behind the layers), compiled once and stamped into the graph
/// for every layer of that kind.
struct LayerProgram {
    /// What an item waits for: an earlier item of the same layer, by its index, or something from outside.
    enum Outside {
        static let residual = -1
        /// The branch that has not been added to the residual stream yet.
        static let branch = -2
        /// The streamed weights of this layer have arrived.
        static let weights = -3
        /// The cached keys and values of this layer have arrived.
        static let cache = -4
        /// The experts of this layer have arrived.
        static let experts = -5
        /// The experts of the expert layer before this one have been used.
        static let previousExperts = -6
        static let encoderOutput = -7
    }

    enum Place {
        /// On every accelerator lane of the stage.
        case accelerator
        /// On the in-memory engines of the accelerator, a lane beside each accelerator lane.
        case banks
        /// Once, on the group that computes attention.
        case attentionGroup
        /// Once, on the host: what comes from storage is staged there.
        case staging
    }

    struct Work {
        var use: Int32
        var allocates: Bytes
    }

    struct Item {
        /// One for all lanes, or one for each class of ranks; nil where a class has nothing to do.
        var work: [Work?]
        var place: Place
        var stream: OperatorGraph.Stream
        var after: [Int]
        /// Waits for the items in `after` on all lanes of the stage.
        var joins: Bool
        var waitsForHost: Bool

        func work(of rankClass: Int) -> Work? { work.count == 1 ? work[0] : work[rankClass] }
    }

    var items: [Item] = []
    /// Items after which another sub-batch may take its turn on the stream.
    var turns: Set<Int> = []
    /// Items that later layers refer to; nil leaves what was.
    var residual: Int?
    var branch: Int?
    var encoderOutput: Int?
    /// The copy that brings the experts of the next expert layer.
    var fetchedExperts: Int?
    var expertsUsed: Int?
    var attention: Int?
    /// The last item that reads this layer's weights.
    var end: Int { items.count - 1 }
}
