import Foundation
import Orrery
import Testing
@testable import Sweeps

/// The library that comes with the program.
let library = Result { try Library(URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..").standardizedFileURL.path) }

func grid(_ text: String, id: String = "grid") throws -> Grid { try Grid(reading: Document(file: "\(id).json", text: Array(text.utf8))) }

struct WhatIfTests {
    private func scenario(_ axes: String, base: String = #""job": "llama-3.2-1b-decode", "device": "a100-sxm-80gb""#) throws -> Scenario {
        try Sweep(grid(#"{ \#(base), "axes": { \#(axes) }, "objectives": ["latency"] }"#), in: library.get()).scenario(at: 0)
    }

    @Test("×1 changes nothing that an answer depends on")
    func identity() throws {
        let same = try scenario(#""device.memory[dram].bandwidth": ["×1"]"#), plain = try scenario(#""device": ["a100-sxm-80gb"]"#)
        let (a, b) = (try same.report([]), try plain.report([]))
        #expect(a.timing?.latency == b.timing?.latency)
        #expect(a.energy?.total == b.energy?.total)
    }

    @Test("Twice the bandwidth has pins twice as fast, and reaches twice as much")
    func bandwidth() throws {
        let twice = try scenario(#""device.memory[dram].bandwidth": ["×2"]"#).system.accelerator.device
        let once = try library.get().device("a100-sxm-80gb")
        let index = once.mainMemoryIndex
        #expect(twice.memory[index].bandwidth == once.memory[index].bandwidth.map { $0 * 2 })
        #expect(twice.memory[index].pinRate == once.memory[index].pinRate.map { $0 * 2 })
        #expect(twice.achieved.bandwidth[.dram] == once.achieved.bandwidth[.dram].map { $0 * 2 })
        #expect(twice.memory[index].capacity == once.memory[index].capacity)
    }

    @Test("A value in place of a factor moves what goes with it in the same ratio")
    func value() throws {
        let device = try scenario(#""device.memory[dram].bandwidth": ["4078 GB/s"]"#).system.accelerator.device
        let once = try library.get().device("a100-sxm-80gb")
        let ratio = 4.078e12 / (try #require(once.mainMemory.bandwidth).value)
        #expect(abs((try #require(device.mainMemory.pinRate) / (try #require(once.mainMemory.pinRate))) - ratio) < 1e-9)
    }

    @Test("A link of a system, the number of its nodes, a runtime and a model can be varied")
    func others() throws {
        let base = #""job": "llama-3.1-70b-decode", "system": "2x-hgx-h100-infiniband", "runtime": "vllm""#
        let changed = try scenario(#""system.links[nvlink].bandwidth": ["×0.5"], "system.nodes": [4], "runtime.hostPerStep": ["0 s"], "model.decoder.layers": [10]"#, base: base)
        let plain = try library.get().system("2x-hgx-h100-infiniband")
        #expect(changed.system.links[0].bandwidth == plain.links[0].bandwidth * 0.5)
        #expect(changed.system.links[0].achieved == plain.links[0].achieved.map { $0 * 0.5 })
        #expect(changed.system.nodes == 4)
        #expect(changed.runtime.hostPerStep == .zero)
        guard case .model(let work) = changed.job.work else { return }
        #expect(work.model.decoder?.layers == 10)
    }

    @Test("Ranges: steps, ratios, counts, logarithms, units and factors", arguments: [
        (#"{ "from": 1, "to": 64, "times": 2 }"#, ["1", "2", "4", "8", "16", "32", "64"]),
        (#"{ "from": 512, "to": 2048, "step": 512 }"#, ["512", "1024", "1536", "2048"]),
        (#"{ "from": "1 TB/s", "to": "8 TB/s", "count": 4, "scale": "log" }"#, ["1 TB/s", "2 TB/s", "4 TB/s", "8 TB/s"]),
        (#"{ "from": "×1", "to": "×2", "count": 3 }"#, ["×1", "×1.5", "×2"]),
        (#"{ "from": 0.1, "to": 0.3, "step": 0.1 }"#, ["0.1", "0.2", "0.3"]),
        (#"{ "from": 1, "to": 3, "count": 9 }"#, ["1", "2", "3"]),
    ])
    func ranges(_ text: String, _ labels: [String]) throws {
        #expect(try AxisRange(reading: Document(file: "g", text: Array(text.utf8))).values.map(\.label) == labels)
    }

    @Test("A number has the base unit of its dimension, so that an axis has a scale")
    func numbers() {
        #expect(AxisValue.value(text: "2 TB/s", isNumber: false).number == 2e12)
        #expect(AxisValue.factor(1.5).number == 1.5)
        #expect(AxisValue.value(text: "h100-sxm", isNumber: false).number == nil)
    }
}

struct StrategyTests {
    private func sweep(_ strategy: String, filters: String = "") throws -> Sweep {
        try Sweep(grid(#"""
            { "job": "gemm-256", "device": "h100-sxm", "axes": { "job.operator.m": { "from": 1, "to": 50, "step": 1 }, "job.operator.n": { "from": 1, "to": 40, "step": 1 } },
              \#(filters) "objectives": ["latency"], "strategy": \#(strategy) }
            """#), in: library.get())
    }

    @Test("Random and Sobol samples are of distinct places, in order, and the same every time", arguments: [
        #"{ "kind": "random", "points": 100 }"#, #"{ "kind": "random", "points": 100, "seed": 7 }"#, #"{ "kind": "sobol", "points": 100 }"#,
    ])
    func samples(_ strategy: String) throws {
        let places = try sweep(strategy).places
        #expect(places.count == 100)
        #expect(places == Array(Set(places)).sorted())
        #expect(try sweep(strategy).places == places)
    }

    @Test("A Sobol sample has as many places in each quarter of the grid, within two")
    func sobolIsEven() throws {
        let sweep = try sweep(#"{ "kind": "sobol", "points": 64 }"#)
        var quarters = [0, 0, 0, 0]
        for place in sweep.places {
            let choices = sweep.grid.choices(at: place)
            quarters[(choices[0] < 25 ? 0 : 2) + (choices[1] < 20 ? 0 : 1)] += 1
        }
        #expect(quarters.allSatisfy { (14...18).contains($0) }, "\(quarters)")
    }

    @Test("Filters keep what they say, whichever way they are written")
    func filters() throws {
        let kept = try sweep(#""exhaustive""#, filters: #""filters": [{ "if": { "job.operator.m": "<= 10" }, "then": { "job.operator.n": [1, 2] } }, { "not": { "job.operator.m": "> 20" } }],"#)
        // 10 × 2 up to ten, 10 × 40 up to twenty, none beyond.
        #expect(kept.places.count == 10 * 2 + 10 * 40)
    }

    @Test("Shards share the places out, each to one")
    func shards() throws {
        let whole = try sweep(#""exhaustive""#)
        let parts = try (1...7).map { try Sweep(whole.grid, in: library.get(), shard: .init(number: $0, count: 7)).places }
        #expect(parts.flatMap { $0 }.sorted() == whole.places)
    }

    @Test("Numbers of places and choices are each other's inverse")
    func places() throws {
        let grid = try sweep(#""exhaustive""#).grid
        for place in stride(from: 0, to: grid.places, by: 17) { #expect(grid.place(of: grid.choices(at: place)) == place) }
    }
}
