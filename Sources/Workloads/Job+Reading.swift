import Documents
import Operators
import Quantities

extension Job {
    /// Reads a job file, format in Documentation/Jobs.md.
    ///
    /// - Parameters:
    ///   - id: the name it goes by in the library: its file name without `.json`.
    ///   - model: finds the model that a job names, or reads the one that it contains.
    /// - Throws: for an unknown or missing key, a value out of range, and for a job that cannot be, such as heads that do
    ///   not divide among the tensor-parallel ranks.
    public init(reading document: Document, id: String, model: (Document) throws(DocumentError) -> Model) throws(DocumentError) {
        var reader = try document.object()
        let name = try reader.optional("name")?.string()
        let summary = try reader.optional("description")?.string() ?? ""
        let place = reader.optional("runsOn")
        let work: Work
        if let single = reader.optional("operator") {
            let repetitions = try reader.optional("repetitions")?.integer(in: 1...10_000) ?? 1
            if let extra = reader.optional("model") { throw extra.error("a job is a model or an operator, not both") }
            work = .single(try SingleOperator(reading: single, repetitions: repetitions))
        } else {
            work = .model(try ModelJob(reading: &reader, model: model))
        }
        try reader.finish()
        self.init(id: id, name: name, summary: summary, file: document.file, work: work)
        if let place {
            var reader = try place.object()
            system = try reader.optional("system")?.string()
            let device = reader.optional("device")
            self.device = try device?.string()
            runtime = try reader.optional("runtime")?.string()
            try reader.finish()
            if system != nil, let device { throw device.error("a job runs on a system or on a device, not both") }
        }
        if case .model(let job) = work { try job.check(file: document.file) }
    }
}

extension ModelJob {
    init(reading reader: inout ObjectReader, model find: (Document) throws(DocumentError) -> Model) throws(DocumentError) {
        let model = try find(try reader.require("model"))
        let phase: Phase = try reader.require("phase").choice()
        self.init(model: model, phase: phase, prompt: 1)
        batch = try reader.optional("batch")?.integer(in: JobRange.batch) ?? 1
        if let image = model.image {
            prompt = try reader.optional("prompt")?.integer(in: JobRange.tokens) ?? image.tokens
        } else {
            prompt = try reader.require("prompt").integer(in: JobRange.tokens)
        }
        output = phase == .generate ? try reader.require("output").integer(in: JobRange.tokens)
            : try reader.optional("output")?.integer(in: JobRange.tokens) ?? 1
        if let part = reader.optional("precision") { precision = try Precision(reading: part) }
        if let part = reader.optional("parallelism") { parallelism = try Parallelism(reading: part) }
        if let part = reader.optional("placement") { placement = try Placement(reading: part) }
        if let part = reader.optional("routing") { routing = try Routing(reading: part) }
        expertFetch = try reader.optional("expertFetch")?.choice() ?? .onDemand
        subBatches = try reader.optional("subBatches")?.integer(in: JobRange.chains) ?? 1
        microBatches = try reader.optional("microBatches")?.integer(in: JobRange.chains) ?? 1
        if let part = reader.optional("training") { training = try Training(reading: part) }
    }
}

extension Document {
    /// How a tensor is stored: `"bf16"`, `"int4/g128"`, `"3bit"`.
    func tensorFormat() throws(DocumentError) -> TensorFormat {
        let text = try string()
        do { return try TensorFormat(parsing: text) } catch { throw malformed(error.description) }
    }
}

extension Precision {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        self.init(weights: try reader.optional("weights")?.tensorFormat() ?? .bf16,
                  activations: try reader.optional("activations")?.tensorFormat() ?? .bf16,
                  cache: try reader.optional("cache")?.tensorFormat(),
                  embeddings: try reader.optional("embeddings")?.tensorFormat(),
                  experts: try reader.optional("experts")?.tensorFormat(),
                  math: try reader.optional("math")?.choice())
        try reader.finish()
    }
}

extension Parallelism {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        self.init(tensor: try reader.optional("tensor")?.integer(in: JobRange.ways) ?? 1,
                  pipeline: try reader.optional("pipeline")?.integer(in: JobRange.stages) ?? 1,
                  expert: try reader.optional("expert")?.integer(in: JobRange.ways) ?? 1,
                  data: try reader.optional("data")?.integer(in: JobRange.ways) ?? 1,
                  context: try reader.optional("context")?.integer(in: JobRange.ways) ?? 1)
        try reader.finish()
    }
}

extension Placement {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        self.init(weights: try reader.optional("weights")?.shares() ?? [],
                  cache: try reader.optional("cache")?.shares() ?? [],
                  experts: try reader.optional("experts")?.shares() ?? [],
                  attention: try reader.optional("attention")?.string())
        try reader.finish()
    }
}

extension Document {
    /// `"host"`, or shares of several groups: `{ "device": 0.2, "host": 0.8 }`.
    fileprivate func shares() throws(DocumentError) -> [Placement.Share] {
        if case .string = json { return [Placement.Share(group: try string(), share: 1)] }
        guard case .object = json else { throw error("is \(json.kind); write the name of a group, or an object of shares such as { \"device\": 0.2, \"host\": 0.8 }") }
        var shares: [Placement.Share] = []
        for (group, value) in try members() { shares.append(.init(group: group, share: try value.number(in: 0...1))) }
        guard !shares.isEmpty else { throw error("has no shares; leave it out to keep everything on the device") }
        return shares
    }
}

extension Routing {
    private enum Kind: String, CaseIterable {
        case balanced, zipf
        case powerLaw = "power-law"
        case counts
    }

    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        let kind: Kind = try reader.require("kind").choice()
        switch kind {
        case .balanced: self = .balanced
        case .zipf: self = .zipf(exponent: try reader.require("exponent").number(in: 0...10))
        case .powerLaw: self = .powerLaw(exponent: try reader.require("exponent").number(in: 0...10))
        case .counts:
            var counts: [Double] = []
            for value in try reader.require("counts").array() { counts.append(try value.number(in: 0...1e12)) }
            self = .counts(counts)
        }
        try reader.finish()
    }
}
