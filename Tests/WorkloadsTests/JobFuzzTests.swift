import Documents
import Hardware
import Quantities
import Testing
@testable import Workloads

@Suite("Strange jobs")
struct JobFuzzTests {
    static let strange: [JSON] = [
        .null, .bool(true), .number("0"), .number("-1"), .number("1"), .number("3"), .number("1000000"), .number("9007199254740992"), .number("1e300"), .number("0.5"),
        .string(""), .string("device"), .string("host"), .string("nan"), .array([]), .object([]), .array([.number("1"), .number("0")]),
        .object([.init(key: "device", value: .number("1"))]),
    ]

    /// Every value of a document replaced in turn.
    static func variants(_ json: JSON, by other: JSON) -> [JSON] {
        var all = [other]
        switch json {
        case .object(let members):
            for (index, member) in members.enumerated() {
                for variant in variants(member.value, by: other) {
                    var changed = members
                    changed[index] = .init(key: member.key, value: variant)
                    all.append(.object(changed))
                }
            }
        case .array(let items):
            for (index, item) in items.enumerated() {
                for variant in variants(item, by: other) {
                    var changed = items
                    changed[index] = variant
                    all.append(.array(changed))
                }
            }
        default: break
        }
        return all
    }

    static let texts = [
        #"{ "name": "x", "model": "llama-3.1-8b", "phase": "generate", "batch": 8, "prompt": 64, "output": 4, "parallelism": { "tensor": 2, "pipeline": 2, "data": 2 }, "microBatches": 2, "subBatches": 2, "precision": { "weights": "int4/g128", "cache": "fp8", "math": "fp16" } }"#,
        #"{ "model": "mixtral-8x7b", "phase": "decode", "batch": 8, "prompt": 64, "parallelism": { "tensor": 2, "expert": 8, "data": 4 }, "routing": { "kind": "zipf", "exponent": 1 }, "placement": { "experts": "host", "cache": { "device": 0.5, "host": 0.5 } }, "expertFetch": "pre-gated" }"#,
        #"{ "model": "switch-base-8", "phase": "generate", "batch": 2, "prompt": 64, "output": 3, "placement": { "weights": { "host": 1 }, "experts": "host" }, "expertFetch": "prefetch-all" }"#,
        #"{ "operator": { "kind": "moe", "tokens": 8, "hidden": 64, "dimension": 64, "experts": 8, "topK": 2, "expertParallel": 2, "routing": { "kind": "counts", "counts": [1, 2, 3, 4, 5, 6, 7, 8] } }, "repetitions": 2 }"#,
        #"{ "operator": { "kind": "attention", "batch": 2, "queries": 3, "context": 9, "heads": 4, "kvHeads": 2, "headDimension": 64, "window": 4 } }"#,
        #"{ "operator": { "kind": "collective", "operation": "all-to-all", "participants": 4, "bytes": "1 MiB", "imbalance": 2 } }"#,
        #"{ "operator": { "kind": "copy", "from": "host", "to": "device", "bytes": "1 MiB", "requests": 3 } }"#,
    ]

    @Test("One strange value in a job gives a plan or an error, never a crash", arguments: texts)
    func oneStrangeValue(text: String) throws {
        let document = try Document(file: "job.json", text: text.utf8)
        let system = try Lower.system(), runtime = try Lower.runtime([.attention])
        var read = 0
        for other in Self.strange {
            for variant in Self.variants(document.json, by: other) {
                guard let job = try? Job(reading: Document(file: "job.json", json: variant), id: "job", model: { (place) throws(DocumentError) in
                    let name = try place.string()
                    do { return try model(name) } catch { throw place.error("unknown") }
                }) else { continue }
                guard let plan = try? Plan(lowering: job, onto: system, under: runtime) else { continue }
                read += 1
                #expect(plan.steps.allSatisfy { $0.graph.flops.value.isFinite && $0.graph.memoryBytes.value.isFinite })
                #expect(plan.allocations.allSatisfy { $0.bytesPerDevice.value.isFinite && $0.bytesPerDevice.value >= 0 })
            }
        }
        #expect(read > 0)
    }
}
