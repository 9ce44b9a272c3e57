import Documents
import Hardware
import Operators
import Quantities
import Testing
@testable import Workloads

/// Reads a job from text; models are those of the library.
func job(_ text: String) throws(DocumentError) -> Job {
    try Job(reading: Document(file: "job.json", text: text.utf8), id: "job") { (place) throws(DocumentError) in
        guard case .string = place.json else { return try Model(reading: place, id: "inline") }
        let name = try place.string()
        do { return try model(name) } catch { throw place.error("\"\(name)\" is no model of the library") }
    }
}

@Suite("Reading jobs")
struct JobReadingTests {
    /// A mistake and what is said about it, after `job.json: `.
    struct Mistake: CustomTestStringConvertible, Sendable {
        let text: String
        let message: String
        var testDescription: String { message }

        init(_ members: String, model: String = "llama-3.1-8b", phase: String = "decode", prompt: Int? = 100, _ message: String) {
            let start = #"{ "model": "\#(model)", "phase": "\#(phase)""# + (prompt.map { #", "prompt": \#($0)"# } ?? "")
            text = start + (members.isEmpty ? "" : ", ") + members + " }"
            self.message = message
        }

        init(whole text: String, _ message: String) {
            self.text = text
            self.message = message
        }

        static func single(_ members: String, _ message: String) -> Mistake { Mistake(whole: #"{ "operator": { \#(members) } }"#, message) }
    }

    static let shape: [Mistake] = [
        Mistake(whole: "[]", "is a list; write an object in curly braces"),
        Mistake(whole: "{}", #""model" is missing"#),
        Mistake(whole: #"{ "modle": "llama-3.1-8b" }"#, #""model" is missing; is "modle" a misspelling of it?"#),
        Mistake(whole: #"{ "model": "llama-3.1-8b", "prompt": 8 }"#, #""phase" is missing"#),
        Mistake("", phase: "prefil", #"phase: "prefil" is unknown; did you mean "prefill"?"#),
        Mistake("", prompt: nil, #""prompt" is missing"#),
        Mistake("", model: "llama-9", #"model: "llama-9" is no model of the library"#),
        Mistake(#""bach": 4"#, #"unknown key "bach"; did you mean "batch"?"#),
        Mistake(#""batch": 0"#, "batch: 0 is out of range; use 1 to 1000000"),
        Mistake(#""batch": 2.5"#, "batch: 2.5 is not a whole number; use 1 to 1000000"),
        Mistake(#""batch": "4""#, "batch: is a string; write a whole number"),
        Mistake("", prompt: 0, "prompt: 0 is out of range; use 1 to 10000000"),
        Mistake("", phase: "generate", #""output" is missing"#),
        Mistake(#""output": 0"#, phase: "generate", "output: 0 is out of range; use 1 to 10000000"),
        Mistake(#""output": 5"#, #"output: 5 tokens come out of a "generate" job only; leave it out or set "phase" to "generate""#),
        Mistake(#""precision": { "weights": "bf61" }"#, #"precision.weights: "bf61" is not a tensor format; did you mean "bf16"?"#),
        Mistake(#""precision": { "weight": "bf16" }"#, #"precision: unknown key "weight"; did you mean "weights"?"#),
        Mistake(#""precision": { "math": "int5" }"#, #"precision.math: "int5" is unknown; did you mean "int8"?"#),
        Mistake(#""expertFetch": "eager""#, #"expertFetch: "eager" is unknown; use on-demand, pre-gated or prefetch-all"#),
        Mistake(#""runsOn": { "sytem": "hgx-h100" }"#, #"runsOn: unknown key "sytem"; did you mean "system"?"#),
        Mistake(#""runsOn": { "system": "hgx-h100", "device": "h100-sxm" }"#, "runsOn.device: a job runs on a system or on a device, not both"),
        Mistake(#""operator": { "kind": "gemm", "m": 1, "n": 1, "k": 1 }"#, "model: a job is a model or an operator, not both"),
    ]

    static let impossible: [Mistake] = [
        Mistake("", prompt: 131_072, #"prompt: 131072 cached tokens and a new one: 131073 tokens are more than the 131072 of "llama-3.1-8b""#),
        Mistake("", phase: "prefill", prompt: 200_000, #"prompt: 200000 tokens are more than the 131072 of "llama-3.1-8b""#),
        Mistake(#""output": 100"#, model: "opt-13b", phase: "generate", prompt: 2000, #"output: 2000 prompt and 100 output tokens are more than the 2048 of "opt-13b""#),
        Mistake("", model: "bert-base", #"phase: "decode" needs a decoder, which "bert-base" does not have; use "prefill""#),
        Mistake("", model: "vit-b16", phase: "prefill", prompt: 100, #"prompt: an image of "vit-b16" has 197 tokens; leave it out"#),
        Mistake(#""batch": 1000000"#, phase: "prefill", prompt: 100_000, "batch: 1000000 sequences of 100000 tokens are more than 10000000000 tokens in one pass"),
        Mistake(#""parallelism": { "tensor": 3 }"#, "parallelism.tensor: 3 does not divide 32 heads; use 1, 2, 4, 8, 16 or 32"),
        Mistake(#""parallelism": { "tensor": 0 }"#, "parallelism.tensor: 0 is out of range; use 1 to 100000"),
        Mistake(#""parallelism": { "tensor": 4 }"#, model: "falcon-7b", "parallelism.tensor: 4 does not divide 71 heads; use 1 or 71"),
        Mistake(#""parallelism": { "tensor": 3 }"#, model: "qwen2.5-1.5b",
                "parallelism.tensor: 3 and 2 key-value heads do not divide each other; use 1, 2, 4, 6 or 12"),
        Mistake(#""parallelism": { "pipeline": 33 }"#, "parallelism.pipeline: 33 stages are more than 32 layers; use 1 to 32"),
        Mistake(#""batch": 6, "parallelism": { "data": 4 }"#, "parallelism.data: 4 replicas do not divide a batch of 6; use 1, 2, 3 or 6"),
        Mistake(#""batch": 6, "subBatches": 4"#, "subBatches: 4 does not divide the 6 sequences of a replica; use 1, 2, 3 or 6"),
        Mistake(#""batch": 6, "microBatches": 4"#, "microBatches: 4 does not divide the 6 sequences of a replica; use 1, 2, 3 or 6"),
        Mistake(#""batch": 12, "subBatches": 2, "microBatches": 4"#, "microBatches: 4 does not divide the 6 sequences of a sub-batch; use 1, 2, 3 or 6"),
        Mistake(#""parallelism": { "expert": 2 }"#, #"parallelism.expert: "llama-3.1-8b" has no experts; use 1"#),
        Mistake(#""routing": { "kind": "zipf", "exponent": 1 }"#, #"routing: "llama-3.1-8b" has no experts to route to; leave it out"#),
        Mistake(#""placement": { "experts": "host" }"#, #"placement.experts: "llama-3.1-8b" has no experts; leave it out"#),
        Mistake(#""parallelism": { "expert": 6 }"#, model: "mixtral-8x7b", "parallelism.expert: 6 does not divide 8 experts; use 1, 2, 4 or 8"),
        Mistake(#""parallelism": { "expert": 8 }"#, model: "mixtral-8x7b", "parallelism.expert: 8 does not fit tensor 1 × data 1 devices; use 1"),
        Mistake(#""batch": 8, "parallelism": { "tensor": 2, "data": 4, "expert": 1 }, "routing": { "kind": "counts", "counts": [1, 2] }"#, model: "mixtral-8x7b",
                "routing.counts: 2 values for 8 experts"),
        Mistake(#""routing": { "kind": "counts", "counts": [1, 0, 0, 0, 0, 0, 0, 0] }"#, model: "mixtral-8x7b",
                "routing.counts: 1 experts above 0 are fewer than the 2 that each token visits"),
        Mistake(#""routing": { "kind": "zipf" }"#, model: "mixtral-8x7b", #"routing: "exponent" is missing"#),
        Mistake(#""routing": { "kind": "zipf", "exponent": -1 }"#, model: "mixtral-8x7b", "routing.exponent: -1 is out of range; use 0 to 10"),
        Mistake(#""placement": { "weights": { "device": 0.5, "host": 0.4 } }"#, "placement.weights: the shares add up to 0.9; they have to add up to 1"),
        Mistake(#""placement": { "weights": { "device": 1.5 } }"#, "placement.weights.device: 1.5 is out of range; use 0 to 1"),
        Mistake(#""placement": { "weights": {} }"#, "placement.weights: has no shares; leave it out to keep everything on the device"),
        Mistake(#""placement": { "cache": 3 }"#, #"placement.cache: is a number; write the name of a group, or an object of shares such as { "device": 0.2, "host": 0.8 }"#),
        Mistake(#""placement": { "cache": "host" }"#, model: "switch-base-8", phase: "prefill", "placement.cache: only the cache of a decoder can be placed; leave it out"),
        Mistake(#""parallelism": { "expert": 2, "data": 2 }, "batch": 2"#, model: "switch-base-8", phase: "prefill",
                "parallelism.expert: the experts of an encoder-decoder are not spread over devices; use 1"),
        Mistake(#""parallelism": { "pipeline": 2 }"#, model: "switch-base-8", phase: "prefill", "parallelism.pipeline: an encoder-decoder runs in one stage; use 1"),
        Mistake(#""batch": 1024, "subBatches": 1024, "microBatches": 1025"#, "microBatches: 1025 is out of range; use 1 to 1024"),
    ]

    static let operators: [Mistake] = [
        .single(#""kind": "gem", "m": 1, "n": 1, "k": 1"#, #"operator.kind: "gem" is unknown; did you mean "gemm"?"#),
        .single(#""kind": "gemm", "m": 1, "n": 1"#, #"operator: "k" is missing"#),
        .single(#""kind": "gemm", "m": 0, "n": 1, "k": 1"#, "operator.m: 0 is out of range; use 1 to 100000000"),
        .single(#""kind": "gemm", "m": 1, "n": 1, "k": 1, "heads": 2"#, #"operator: unknown key "heads"; known keys are activations, batch, k, kind, m, math, n or weights"#),
        .single(#""kind": "attention", "batch": 1, "queries": 9, "context": 8, "heads": 8, "headDimension": 64"#,
                "operator: 9 queries are more than a context of 8 tokens, which contains them"),
        .single(#""kind": "attention", "batch": 1, "context": 8, "heads": 8, "kvHeads": 3, "headDimension": 64"#, "operator: 3 key-value heads do not divide 8 heads"),
        .single(#""kind": "moe", "tokens": 8, "hidden": 64, "dimension": 64, "experts": 4, "topK": 5"#, "operator: each token visits 5 experts, but there are 4"),
        .single(#""kind": "moe", "tokens": 8, "hidden": 64, "dimension": 64, "experts": 8, "topK": 2, "expertParallel": 3"#,
                "operator: expertParallel 3 does not divide 8 experts; use 1, 2, 4 or 8"),
        .single(#""kind": "collective", "operation": "all-reduce", "participants": 1, "bytes": "1 MiB""#, "operator.participants: 1 is out of range; use 2 to 100000"),
        .single(#""kind": "collective", "operation": "all-reduce", "participants": 8, "bytes": 1024"#, #"operator.bytes: 1024 has no unit; write a string such as "1024 B""#),
        .single(#""kind": "collective", "operation": "all-reduce", "participants": 8, "bytes": "1 MiB", "imbalance": 2"#, #"operator: imbalance is for an "all-to-all""#),
        .single(#""kind": "copy", "from": "host", "to": "host", "bytes": "1 GiB""#, #"operator.to: is "host", where the bytes come from"#),
        .single(#""kind": "copy", "from": "host", "to": "device", "bytes": "-1 GiB""#, #"operator.bytes: "-1 GiB" is negative, which a size is not"#),
        Mistake(whole: #"{ "operator": { "kind": "gemm", "m": 1, "n": 1, "k": 1 }, "repetitions": 0 }"#, "repetitions: 0 is out of range; use 1 to 10000"),
        Mistake(whole: #"{ "operator": { "kind": "gemm", "m": 1, "n": 1, "k": 1 }, "batch": 2 }"#, #"unknown key "batch"; known keys are description, model, name, operator, repetitions or runsOn"#),
    ]

    @Test("A mistake in a job file is refused with its place and what would be right", arguments: shape + impossible + operators)
    func mistakes(_ mistake: Mistake) {
        do {
            _ = try job(mistake.text)
            Issue.record("read without an error")
        } catch {
            #expect(error.description == "job.json: " + mistake.message)
        }
    }

    @Test("A job says what it leaves out: batch 1, bf16, one device, everything on it")
    func defaults() throws {
        guard case .model(let work) = try job(#"{ "model": "llama-3.1-8b", "phase": "decode", "prompt": 5 }"#).work else { Issue.record("no model job"); return }
        #expect(work.batch == 1 && work.output == 1 && work.parallelism == Parallelism() && work.placement == Placement())
        #expect(work.precision == Precision(weights: .bf16, activations: .bf16, cache: .bf16, embeddings: .bf16, experts: .bf16))
    }

    @Test("Narrow weights leave the embeddings as wide as the activations, and experts follow the weights")
    func precisionDefaults() throws {
        let text = #"{ "model": "mixtral-8x7b", "phase": "decode", "prompt": 5, "precision": { "weights": "int4/g128", "activations": "fp16" } }"#
        guard case .model(let work) = try job(text).work else { Issue.record("no model job"); return }
        #expect(work.precision.embeddings == .fp16 && work.precision.cache == .fp16)
        #expect(work.precision.experts == (try TensorFormat(parsing: "int4/g128")))
    }

    @Test("An image encoder takes as many tokens as an image has patches, and one more")
    func imageTokens() throws {
        guard case .model(let work) = try job(#"{ "model": "vit-b16", "phase": "prefill", "batch": 2 }"#).work else { Issue.record("no model job"); return }
        #expect(work.prompt == 197)
    }
}
