@testable import ResultsStore

/// Sweeps made by hand, of as many points as are asked for.
enum SweepSample {
    static let devices = ["h100-sxm", "h200-sxm", "a100-sxm-80gb", "l40s", "rtx-4090", "mi300x", "b200", "tpu-v5e"]
    static let weights = ["bf16", "fp8", "int4/g128"]

    static func axis(_ path: String, _ name: String, _ labels: [String], stride: Int) -> SweepResults.Axis {
        .init(path: path, name: name, values: labels.map { .init(label: $0, number: Double($0)) }, stride: stride)
    }

    /// Devices × formats × batches × contexts: time and energy of a made-up law, in which a larger batch costs time and saves
    /// energy, one device in eight does not fit the largest batches, and one format in three cannot be on another.
    static func sweep(batches: Int = 6, contexts: Int = 4, name: String = "device-choice") -> SweepResults {
        var stride = 1
        func next(_ path: String, _ name: String, _ labels: [String]) -> SweepResults.Axis {
            defer { stride *= labels.count }
            return axis(path, name, labels, stride: stride)
        }
        let axes = [next("device", "device", devices), next("job.precision.weights", "weights", weights),
                    next("job.batch", "batch", (0..<batches).map { "\($0 < 12 ? 1 << $0 : $0 * 400)" }), next("job.prompt", "prompt", (1...contexts).map { "\($0 * 1024)" })]
        let metrics: [SweepResults.Metric] = [.init(name: "tpot", unit: "s", title: "time per output token"), .init(name: "energyPerToken", unit: "J", title: "energy per token"),
                                              .init(name: "memory", unit: "B", title: "memory of an accelerator"), .init(name: "costPerMillionTokens", unit: "USD", title: "cost per million tokens")]
        let size = stride
        let points = (0..<size).map { place -> SweepResults.Point in
            let choices = axes.map { $0.choice(at: place) }
            let batch = axes[2].values[choices[2]].number ?? 1, context = axes[3].values[choices[3]].number ?? 1
            let speed = 1 + Double((choices[0] * 5) % 8) * 0.6, bytes = [16.0, 8, 4.25][choices[1]]
            let tpot = (bytes * 1e-3 + batch * context * 2e-8) / speed + 4e-4
            let energy = (250 + 60 * speed) * tpot / batch * (1 + Double(place % 7) * 0.002)
            var point = SweepResults.Point(place: place, id: Int64(place + 1), outcome: .computed, reason: nil,
                                           values: [tpot, energy, bytes * 1e9 + batch * context * 1e5, (1 + speed) / 3600 * tpot / batch * 1e6], basis: 0)
            if choices[0] == 4, batch >= 16 {
                (point.outcome, point.reason, point.basis) = (.doesNotFit, "needs \(Int(batch)) GiB more than the memory of gpu", nil)
                point.values = point.values.map { _ in .nan }
            } else if choices[0] == 7, choices[1] == 1 {
                (point.outcome, point.reason, point.basis) = (.invalid, "tpu-v5e has no engine for fp8", nil)
                point.values = point.values.map { _ in .nan }
            }
            return point
        }
        let run = SweepResults.Run(id: 1, name: name, summary: "Which device for Llama-3.1-8B under 25 ms a token", version: "0.1.0", costModel: "cycle", grid: "{}", strategy: "exhaustive",
                                   started: 1.8e9, finished: 1.8e9 + 60, size: size, shard: 1, shards: 1, due: size)
        let basis = "{\"costModel\":\"cycle\",\"system\":\"h100-sxm\",\"runtime\":\"vllm\",\"calibration\":\"h100-sxm.vllm\",\"inherited\":[\"kernel.floor\"],\"recalled\":[],\"notes\":[\"A note.\"]}"
        return SweepResults(run: run, axes: axes, metrics: metrics,
                            objectives: [.init(metric: "energyPerToken", goal: .min), .init(metric: "tpot", goal: .min)],
                            constraints: [.init(metric: "tpot", relation: .atMost, bound: 0.025, label: "<= 25 ms")], points: points, bases: [basis],
                            specs: [.init(hash: "00ff", kind: "job", name: "llama", content: "{}")])
    }
}
