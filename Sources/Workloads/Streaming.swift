/// What has been brought in for which piece, and which nodes have to end before a buffer can be filled again.
struct Streaming {
    let classes: Int
    let chains: Int
    /// By piece: the copy that brings the last of its weights, for each class of ranks; empty before it is ordered.
    var weightsReady: [[Int]]
    /// By piece and chain.
    var cacheReady: [[Int]]
    /// Copies out of the host's staging buffers, in order.
    var staged: [[Int]] = []
    /// By piece: last nodes of all chains that came through.
    private var ends: [[[Int]]]
    /// By stage: attention nodes in order.
    private var attentions: [[[Int]]]

    init(pieces: Int, classes: Int, chains: Int, stages: Int) {
        self.classes = classes
        self.chains = chains
        weightsReady = Array(repeating: [], count: pieces)
        cacheReady = Array(repeating: [], count: pieces * chains)
        ends = Array(repeating: [], count: pieces)
        attentions = Array(repeating: [], count: stages)
    }

    /// Another micro-batch enters the pipeline: what it needs is brought in anew.
    mutating func restart() {
        for index in weightsReady.indices { weightsReady[index] = [] }
        for index in cacheReady.indices { cacheReady[index] = [] }
    }

    func weights(_ piece: Int, _ rank: Int) -> Int { weightsReady[piece].isEmpty ? -1 : weightsReady[piece][rank] }

    func cache(_ piece: Int, _ chain: Int, _ rank: Int) -> Int {
        let ready = cacheReady[piece * chains + chain]
        return ready.isEmpty ? -1 : ready[rank]
    }

    mutating func ended(_ piece: Int, _ nodes: [Int]) { ends[piece].append(nodes) }
    mutating func attended(_ stage: Int, _ nodes: [Int]) { attentions[stage].append(nodes) }

    /// The last uses of the buffer that a piece's weights go to: the layer before the last one of its stage.
    func usedBefore(_ piece: Int, _ rank: Int, pieces: [PassLowering.Piece]) -> [Int] {
        guard piece >= 2, pieces[piece - 2].stage == pieces[piece].stage else { return [] }
        return ends[piece - 2].map { $0[rank] }
    }

    /// The last use of the buffer that the next cache goes to: the attention before the last one.
    func attendedBefore(_ stage: Int, _ rank: Int) -> [Int] {
        let past = attentions[stage]
        // The copy that is ordered next belongs to the attention after the one that runs.
        return past.isEmpty ? [] : [past[past.count - 1][rank]]
    }
}
