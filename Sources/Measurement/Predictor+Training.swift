import Hardware
import Operators
import Quantities
import Workloads

extension Predictor {
    /// The training that a row measured, as its source runs it; nil where the row is about inference.
    mutating func training(_ row: RowReading) throws(RowError) -> TrainingMemory? {
        let source = row.text("source") ?? ""
        return switch source {
        case "torchtitan": try torchtitan(row)
        case "torchtune": try torchtune(row)
        case "peft": try peft(row)
        case "KTransformers" where row.row.precision?.hasSuffix("LoRA") == true: try expertTuning(row)
        default: try fineTuning(row, isLitGPT: source.hasPrefix("litgpt"))
        }
    }

    // MARK: Pre-training

    /// torchtitan, train_configs and torchtitan/parallelisms/parallelize_llama.py: weights, gradients and moments in 32 bits, fully
    /// sharded over the data- and context-parallel devices, brought together in bf16; micro-batches as many as pipeline stages.
    private mutating func torchtitan(_ row: RowReading) throws(RowError) -> TrainingMemory {
        let model = try Self.plain(model(row.text("model") ?? ""))
        var parallelism = Parallelism()
        for part in (row.text("parallelism") ?? "").split(separator: "_") {
            let name = part.prefix { $0.isLetter }, ways = Int(part.dropFirst(name.count))
            switch (name, ways) {
            case ("fsdp", let ways?) where (1...4096).contains(ways): parallelism.data = ways
            case ("tp", let ways?) where (1...64).contains(ways): parallelism.tensor = ways
            case ("pp", let ways?) where (1...128).contains(ways): parallelism.pipeline = ways
            case ("cp", let ways?) where (1...4096).contains(ways): parallelism.context = ways
            case ("asynctp", nil): break
            case _ where part == "1f1b": break
            default: throw RowError("memory of training with parallelism \"\(row.text("parallelism") ?? "")\" is not predicted yet")
            }
        }
        var training = Training(.full, sharding: .weights)
        training.master = .fp32
        training.wholeGradients = parallelism.pipeline > 1
        switch row.text("note") {
        case "selective AC"?, "per-op SAC"?: training.recomputation = .selective
        case "full AC"?: training.recomputation = .full
        default: throw RowError("the row does not say what of a layer is computed again")
        }
        let batch = try row.count("local_batch", "batch", in: 1...4096), micro = parallelism.pipeline > 1 ? parallelism.pipeline : 1
        guard batch % micro == 0 else { throw RowError("\(micro) micro-batches do not divide a batch of \(batch)") }
        return TrainingMemory(model: model, precision: Precision(), training: training, parallelism: parallelism, sequences: batch / micro,
                              tokens: try row.count("input_len"), microBatches: micro)
    }

    private static func plain(_ model: Model) throws(RowError) -> Model {
        guard model.decoder != nil else { throw RowError("\"\(model.id)\" has no decoder to train") }
        return model
    }

    // MARK: Fine-tuning

    /// torchtune, recipes/configs/llama3_1 (8B_full_single_device, 8B_lora_single_device, 70B_full, 70B_lora, 405B_qlora): two examples of
    /// Alpaca, recomputation of whole layers, a loss in pieces; on one device moments of 8 bits in paged memory outside the
    /// allocator's and an update within the way back, on several fully sharded weights with all offloaded where all are trained.
    private mutating func torchtune(_ row: RowReading) throws(RowError) -> TrainingMemory {
        let model = try Self.plain(model(row.text("model") ?? "")), label = row.row.precision?.lowercased() ?? ""
        let devices = try row.count("n_devices", or: 1, in: 1...4096)
        let isFull = label.hasSuffix("full")
        var training = Training(isFull ? .full : .adapters(parameters: Self.adapters(of: model)), sharding: devices > 1 ? .weights : .none, recomputation: .full)
        training.chunkedLoss = true
        if isFull {
            training.offload = devices > 1 ? .all : .optimizer
            training.updatesInBackward = devices == 1
        }
        return TrainingMemory(model: model, precision: try Precision(label: label), training: training, parallelism: Parallelism(data: devices),
                              sequences: 2, tokens: Self.longestExample(model))
    }

    /// peft, examples/causal_language_modeling and conditional_generation: weights as they are loaded, in 32 bits; eight sequences of 64
    /// tokens, a label of a few; AdamW. With DeepSpeed weights stay with the host, and as many are brought together as
    /// `stage3_max_live_parameters` and `stage3_prefetch_bucket_size` allow: 1e9 and 5e8 (deepspeed.ai, configuration-json).
    private mutating func peft(_ row: RowReading) throws(RowError) -> TrainingMemory {
        let model = try model(row.text("model") ?? ""), label = row.row.precision ?? ""
        guard label.contains("LoRA") else { throw RowError("memory of \"\(label)\" is not predicted yet") }
        var training = Training(.adapters(parameters: Self.adapters(of: model)))
        if row.text("parallelism")?.hasPrefix("offload:cpu") == true {
            training.offload = .all
            training.gatheredParameters = 1.5e9
        }
        return TrainingMemory(model: model, precision: Precision(weights: .fp32, activations: .fp32), training: training, sequences: 8, tokens: 64, targets: 8)
    }

    /// kvcache-ai/ktransformers, doc/en/SFT: LoRA on one sequence at a time; under KTransformers the processor keeps and computes the
    /// routed experts.
    private mutating func expertTuning(_ row: RowReading) throws(RowError) -> TrainingMemory {
        var model = try model(row.text("model") ?? "")
        let software = row.row.software ?? ""
        if software == "KTransformers", var decoder = model.decoder, let experts = decoder.experts {
            decoder.feedForward.dimension = max(1, experts.shared * experts.sharedDimension)
            decoder.experts = nil
            model.decoder = decoder
        } else if software != "HF" {
            throw RowError("the row does not say in which format \"\(software)\" keeps the frozen weights")
        }
        return TrainingMemory(model: model, precision: try Precision(label: row.row.precision ?? ""), training: Training(.adapters(parameters: Self.adapters(of: model))),
                              tokens: try row.count("input_len"))
    }

    /// LoRA, adapters or all weights on one device, or under litgpt (litgpt/finetune/lora.py, full.py) fully sharded over several with
    /// recomputation of whole layers, gradients whole until a step of 64 examples is through.
    private mutating func fineTuning(_ row: RowReading, isLitGPT: Bool) throws(RowError) -> TrainingMemory? {
        var model = try model(row.text("model") ?? "")
        let precision = try Precision(label: row.row.precision ?? ""), label = row.text("parallelism") ?? ""
        // litgpt, litgpt/model.py: table and head never share their weights.
        if isLitGPT { model.tiedEmbeddings = false }
        guard var training = try tuning(row, model) else { return nil }
        let batch = try row.count("batch", or: 1, in: 1...4096), devices = try row.count("n_devices", or: 1, in: 1...4096)
        // The kernels of bitsandbytes that litgpt called at first kept inputs in 16 bits.
        let kept = row.text("table") == nil ? 32.0 : 16
        training.chunkedLoss = true
        var memory = TrainingMemory(model: model, precision: precision, training: training, sequences: batch, tokens: try tunedTokens(row, model),
                                    microBatches: 2, keptInputs: kept)
        if label.hasPrefix("fsdp") {
            memory.shard(over: devices)
        } else if isLitGPT, training.method == .full, memory.peak.total > (try device(row.row.device)).mainMemory.capacity {
            // Its tables state one peak for one and for four devices: what is too much for one is that of four, where it ran.
            memory.shard(over: row.row.metric == "oom" ? devices : max(4, devices))
        }
        return memory
    }

    /// What a row trains; nil for inference.
    private func tuning(_ row: RowReading, _ model: Model) throws(RowError) -> Training? {
        // litgpt, tutorials/resource-tables.md: LoRA, Adapter, Adapter v2, LoRA on two devices, inference.
        let tables = ["0": "lora", "1": "adapter", "2": "adapter-v2", "3": "lora", "4": "inference"]
        let label = row.row.precision?.lowercased() ?? ""
        let named = ["qlora", "lora", "full"].first { label.hasSuffix($0) }
        let method = row.text("method") ?? row.text("table").flatMap { tables[$0] } ?? named ?? "inference"
        let stated = row.text("trainable").flatMap { Double($0.filter { $0 != "," }) }
        var training = Training(.adapters(parameters: stated ?? Self.adapters(of: model)))
        switch method {
        case "inference": return nil
        case "full": training.method = .full
        case "lora", "qlora": break
        // litgpt, litgpt/adapter.py: adapter_start_layer is 2.
        case "adapter": training.firstAdapted = 2
        case "adapter-v2":
            training.firstAdapted = 0
            training.scalesOutputs = true
        default: throw RowError("memory of \"\(method)\" is not predicted yet")
        }
        return training
    }

    /// Where nobody counts them a thousandth of the weights: rank 8 to 32 at queries and values.
    private static func adapters(of model: Model) -> Double { Double(model.parameters.total) / 1000 }

    private func tunedTokens(_ row: RowReading, _ model: Model) throws(RowError) -> Int {
        guard let text = row.text("input_len"), !text.hasPrefix("Alpaca") else { return Self.longestExample(model) }
        guard let tokens = Int(text), RowReading.counts.contains(tokens) else { throw RowError("the row does not say how many tokens a step has") }
        return tokens
    }

    /// The longest example of Alpaca sets the peak: 1304 tokens of Llama's vocabulary, a fifth fewer of one half again as large
    /// (litgpt, tutorials/resource-tables.md).
    private static func longestExample(_ model: Model) -> Int {
        switch model.vocabulary {
        case ...40_000: 1304
        case ...60_000: 1044
        default: 1079
        }
    }
}

private extension TrainingMemory {
    /// Fully sharded with recomputation of whole layers and gradients that add up whole.
    mutating func shard(over devices: Int) {
        training.sharding = .weights
        training.recomputation = .full
        training.wholeGradients = true
        parallelism.data = devices
    }
}
