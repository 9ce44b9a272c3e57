import Documents
import Foundation
@testable import ResultsStore

/// A folder of its own for a test, gone with it.
final class Folder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "orrery-results-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}

/// A run of two axes, 3 × 4 places.
func declaration(shard: Int = 1, shards: Int = 1, name: String = "sample") -> RunDeclaration {
    let batches = [1, 2, 4].map { SweepResults.Axis.Value(label: "\($0)", number: Double($0)) }
    let devices = ["a", "b", "c", "d"].map { SweepResults.Axis.Value(label: $0) }
    let grid = "{ \"name\": \"\(name)\" }"
    return RunDeclaration(
        key: ContentHash(of: grid).bytes, name: name, version: "1", costModel: "roofline", grid: grid, size: 12, due: 12 / shards, shard: shard, shards: shards,
        axes: [.init(path: "job.batch", name: "batch", values: batches, stride: 4), .init(path: "device", name: "device", values: devices, stride: 1)],
        metrics: [.init(name: "tpot", unit: "s", title: "time per output token"), .init(name: "energy", unit: "J", title: "energy")],
        objectives: [.init(metric: "tpot", goal: .min), .init(metric: "energy", goal: .min)],
        constraints: [.init(metric: "tpot", relation: .atMost, bound: 10, label: "<= 10 s")],
        specs: [.init(hash: ContentHash(of: "x").bytes, kind: "device", name: "a", content: "x")])
}

/// Place 7 does not fit; places 10 and 11 are one point.
func record(_ place: Int) -> PointRecord {
    let same = min(place, 10)
    let key = PointKey(ContentHash(of: "point \(same)").short)
    if place == 7 {
        return PointRecord(place: place, key: key, answer: .init(outcome: .doesNotFit, reason: "3 GiB are missing", values: [.nan, .nan], basis: "{}"))
    }
    let rows = same == 2 ? [StoredOperator(name: "gate", kind: "matmul", device: "gpu", count: 1, seconds: 2, flops: 3, bytes: 4, joules: 5, bound: "memory", choice: "tile")] : []
    return PointRecord(place: place, key: key, answer: .init(outcome: .computed, values: [Double(12 - same), Double(same)], basis: "{}", operators: rows))
}
