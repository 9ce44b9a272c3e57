import Documents
import Operators
import Quantities

extension Training {
    private enum Kind: String, CaseIterable {
        case full, adapters
    }

    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        self.init()
        let kind: Kind = try reader.optional("method")?.choice() ?? .full
        if kind == .adapters {
            method = .adapters(parameters: try reader.require("adapterParameters").number(in: 1...1e15))
        } else if let count = reader.optional("adapterParameters") {
            throw count.error("is of \"method\" \"adapters\" only; leave it out to train all weights")
        }
        sharding = try reader.optional("sharding")?.choice() ?? .none
        recomputation = try reader.optional("recomputation")?.choice() ?? .none
        offload = try reader.optional("offload")?.choice() ?? .none
        master = try reader.optional("master")?.tensorFormat()
        gradients = try reader.optional("gradients")?.tensorFormat()
        moments = try reader.optional("moments")?.tensorFormat()
        wholeGradients = try reader.optional("wholeGradients")?.bool() ?? false
        chunkedLoss = try reader.optional("chunkedLoss")?.bool() ?? false
        updatesInBackward = try reader.optional("updatesInBackward")?.bool() ?? false
        try reader.finish()
    }
}

extension ModelJob {
    /// Refuses training that cannot be.
    func checkTraining(_ require: (Bool, String, @autoclosure () -> String) throws(DocumentError) -> Void) throws(DocumentError) {
        guard phase == .train else {
            try require(training == nil, "training", "only a \"train\" job is trained; leave it out or set \"phase\" to \"train\"")
            return try require(parallelism.context == 1, "parallelism.context", "only training shares out the tokens of a sequence; use 1")
        }
        let training = training ?? Training()
        try require(placement == Placement(), "placement", "what lives elsewhere in training is said by \"training.offload\"; leave it out")
        try require(subBatches == 1, "subBatches", "training has micro-batches only; use 1")
        try require(prompt % parallelism.context == 0, "parallelism.context", "\(parallelism.context) devices do not divide a sequence of \(prompt) tokens")
        try require(!training.wholeGradients || training.sharding == .weights, "training.wholeGradients", "gradients are whole anyway unless \"sharding\" is \"weights\"; leave it out")
        try require(!training.updatesInBackward || microBatches == 1, "training.updatesInBackward",
                    "a weight that is updated at once cannot wait for the gradients of \(microBatches) micro-batches; use one")
    }

    /// What one step of training keeps on each device at its fullest.
    func trainingAllocations(_ arrangement: Arrangement) -> [Plan.Allocation] {
        let memory = TrainingMemory(model: model, precision: precision, training: training ?? Training(), parallelism: parallelism,
                                    sequences: batch / (parallelism.data * microBatches), tokens: prompt, targets: output, microBatches: microBatches)
        let peak = memory.peak
        let parts: [(Plan.Allocation.Kind, Bytes, String)] = [
            (.weights, peak.weights, "weights, and those brought together"), (.gradients, peak.gradients, "gradients"),
            (.optimizer, peak.optimizer, "moments and master weights"), (.activations, peak.activations, "activations kept for the way back"),
            (.workspace, arrangement.runtime.memoryReserved, "context and workspaces of the runtime"),
        ]
        return parts.filter { $0.1 > .zero }.map { Plan.Allocation(group: arrangement.accelerator, kind: $0, bytesPerDevice: $1, note: $2) }
    }
}
