import Documents
import Foundation
import Testing
@testable import Workloads

/// Every document that differs from `json` in one value.
private func variants(of json: JSON, values: [JSON]) -> [JSON] {
    switch json {
    case .object(let members):
        members.indices.flatMap { index in
            variants(of: members[index].value, values: values).map { value in
                var changed = members
                changed[index] = JSON.Member(key: members[index].key, value: value)
                return .object(changed)
            }
        } + values
    case .array(let items):
        items.indices.flatMap { index in
            variants(of: items[index], values: values).map { value in
                var changed = items
                changed[index] = value
                return .array(changed)
            }
        } + values
    default: values
    }
}

private let strange: [JSON] = [
    .number("0"), .number("1"), .number("3"), .number("-7"), .number("10000"), .number("10000000"), .number("9223372036854775807"),
    .number("1e308"), .null, .bool(true), .string(""), .string("decoder"), .array([]), .object([]),
]

@Suite("Strange model files")
struct ModelFuzzTests {
    @Test("One strange value in a model file gives a model that counts, or an error, never a crash",
          arguments: ["deepseek-v3", "switch-base-8", "gpt-oss-20b", "bert-base", "vit-b16", "falcon-7b"])
    func models(_ id: String) throws {
        let document = try document(at: "Workloads/models/\(id).json")
        for json in variants(of: document.json, values: strange) {
            guard let model = try? Model(reading: Document(file: "strange.json", json: json), id: id) else { continue }
            #expect(model.parameters.total > 0 && model.activeParameters.total <= model.parameters.total)
            #expect(model.cacheElementsPerToken >= 0)
        }
    }

    @Test("One strange value in a Hugging Face configuration gives a model that reads back, or an error, never a crash",
          arguments: ["deepseek-v3", "gemma-3-12b", "gpt-oss-20b", "gpt2", "opt-6.7b", "falcon-40b", "bloom-176b", "qwen3-30b-a3b"])
    func configurations(_ id: String) throws {
        let document = try document(at: "Tests/WorkloadsTests/Fixtures/huggingface/\(id).json")
        for json in variants(of: document.json, values: strange) {
            guard let model = try? Model(huggingFace: Document(file: "config.json", json: json), id: id) else { continue }
            #expect(try Model(reading: Document(file: "model.json", json: model.json), id: id) == model)
        }
    }
}
