import Operators

/// How the devices of the accelerator group share a model: which of them stand together in each exchange.
///
/// Devices are numbered node by node; tensor-parallel ranks are neighbours, replicas follow, pipeline stages come last,
/// the order of Megatron-LM (arXiv 2104.04473, section 3).
struct Layout {
    let tensor: Int
    let pipeline: Int
    let data: Int
    let expert: Int
    let devicesPerNode: Int

    init(_ parallelism: Parallelism, devicesPerNode: Int) {
        tensor = parallelism.tensor
        pipeline = parallelism.pipeline
        data = parallelism.data
        expert = parallelism.expert
        self.devicesPerNode = max(1, devicesPerNode)
    }

    var devices: Int { tensor * pipeline * data }
    var devicesPerStage: Int { tensor * data }

    /// Tokens travel to experts on other replicas; otherwise every rank that holds an expert has its tokens already.
    var dispatches: Bool { expert > tensor }
    /// Devices that share the matrices of one expert.
    var expertTensor: Int { dispatches ? 1 : tensor / expert }
    /// Replicas whose tokens meet in one set of experts.
    var replicasPerExpertSet: Int { dispatches ? expert / tensor : 1 }
    /// Sets of experts in one stage.
    var expertSets: Int { devicesPerStage / (expert * expertTensor) }

    /// How many of `participants` neighbours stand in one node.
    func inNode(_ participants: Int) -> Int {
        if devices <= devicesPerNode || devicesPerNode % participants == 0 { return participants }
        return greatestCommonDivisor(participants, devicesPerNode)
    }

    /// How many of the two devices of a send from one stage to the next stand in the sender's node, at the worst rank.
    func inNode(sendFrom stage: Int) -> Int {
        for rank in stage * devicesPerStage..<(stage + 1) * devicesPerStage
        where rank / devicesPerNode != (rank + devicesPerStage) / devicesPerNode { return 1 }
        return 2
    }

    /// The layers of a stage: as even as possible, the first stages one more.
    func layers(of stage: Int, among count: Int) -> Range<Int> {
        let base = count / pipeline, extra = count % pipeline
        let start = stage * base + min(stage, extra)
        return start..<start + base + (stage < extra ? 1 : 0)
    }
}

func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }

/// The numbers that divide `number`, at most `limit` of them, ascending: what an error can propose.
func divisors(of number: Int, upTo limit: Int = 1 << 20) -> [Int] {
    guard number > 0 else { return [] }
    return (1...min(number, limit)).filter { number % $0 == 0 }
}
