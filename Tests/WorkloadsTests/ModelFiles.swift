import Documents
import Foundation
@testable import Workloads

/// The root of the package, found from where this file stands.
let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

func document(at path: String) throws -> Document {
    try Document(file: path, text: Data(contentsOf: root.appending(path: path)))
}

func model(_ id: String) throws -> Model {
    try Model(reading: document(at: "Workloads/models/\(id).json"), id: id)
}

let shippedModels: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Workloads/models").path)) ?? [])
    .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
