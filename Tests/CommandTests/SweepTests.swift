import Foundation
import Testing

/// Sweeps from the command line, on a small library: what is kept, what survives, what is refused.
struct SweepTests {
    private let command: Command

    init() throws { command = try Command() }

    private static let grid = """
        { "name": "toys", "job": "talk",
          "axes": { "device": ["toy"], "job.batch": { "from": 1, "to": 40, "step": 1 }, "job.prompt": { "from": 16, "to": 128, "step": 16 },
                    "device.memory[dram].bandwidth": ["×1", "×2"] },
          "constraints": { "tpot": "<= 1 s" }, "objectives": ["tpot", "throughput", "energyPerToken"] }
        """
    /// 40 × 8 × 2.
    private static let count = 640

    private func write(_ grid: String = grid, _ name: String = "grid.json") throws { try command.folder.write(grid, to: name) }

    @discardableResult
    private func succeed(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        let outcome = try command.run(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: sourceLocation)
        return outcome.output
    }

    /// All that a results file says, but when.
    private func contents(_ file: String) throws -> String {
        try ["specs", "runSpecs", "axes", "axisValues", "objectives", "constraints", "metricKinds", "bases", "points", "places", "metrics"].map {
            try succeed("query", file, "SELECT * FROM \($0) ORDER BY 1, 2", "--json")
        }.joined() + succeed("query", file, "SELECT key, size, due, shard, shards, finished IS NOT NULL FROM runs", "--json")
    }

    @Test("A sweep says how many points there are and how long they take, then the best and the front; every point is in the file")
    func answers() throws {
        try write()
        let outcome = try command.run("sweep", "grid.json", "--db", "a.db")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("toys: 640 points, about "))
        for word in ["min tpot", "max throughput", "Pareto front", "640 of 640"] { #expect(outcome.output.contains(word)) }
        #expect(try succeed("query", "a.db", "SELECT count(*) AS n FROM results WHERE outcome = 'computed'", "--json").contains("\"n\": 640"))
        let csv = try succeed("export", "a.db").split(separator: "\n")
        #expect(csv.count == Self.count + 1)
        #expect(csv[0] == "place,device,batch,prompt,bandwidth,outcome,latency,ttft,tpot,throughput,bound,busy,energy,energyPerToken,power,memory,memoryFree,devices,price,costPerMillionTokens,reason")
        #expect(try command.folder.names().filter { $0.hasPrefix("a.db") } == ["a.db"])
    }

    @Test("A point of a sweep has the figures that simulate gives for the same job")
    func sameAsSimulate() throws {
        try write()
        try succeed("sweep", "grid.json", "--db", "a.db")
        let one = try succeed("simulate", "talk", "--batch", "7", "--prompt", "48", "--json")
        let point = try succeed("query", "a.db", "SELECT latency, energy FROM results WHERE batch = 7 AND prompt = 48 AND bandwidth = '×1'", "--json")
        func number(_ key: String, in text: String) throws -> Double {
            let rest = try #require(text.range(of: "\"\(key)\": ")).upperBound
            return try #require(Double(text[rest...].prefix { "0123456789.e-+".contains($0) }))
        }
        #expect(try number("latency", in: point) == number("latencySeconds", in: one))
    }

    @Test("The same grid gives the same file on one worker and on four, in one piece and in four shards")
    func sameOnAnyNumber() throws {
        try write()
        try succeed("sweep", "grid.json", "--db", "one.db", "--jobs", "1")
        try succeed("sweep", "grid.json", "--db", "four.db", "--jobs", "4")
        for shard in 1...4 { try succeed("sweep", "grid.json", "--db", "shard-\(shard).db", "--shard", "\(shard)/4", "--jobs", "2") }
        try succeed("merge", "shard-3.db", "shard-1.db", "shard-4.db", "shard-2.db", "--db", "merged.db")
        let whole = try contents("one.db")
        #expect(try contents("four.db") == whole)
        #expect(try contents("merged.db") == whole)
    }

    @Test("Killed at random moments and gone on with, a sweep ends with what an uninterrupted one has, and the file is sound each time")
    func killed() throws {
        try write()
        try succeed("sweep", "grid.json", "--db", "whole.db")
        for _ in 0..<6 {
            try command.kill(after: Double.random(in: 0.05...0.6), ["sweep", "grid.json", "--db", "killed.db", "--resume", "--jobs", "2"])
            guard try command.folder.names().contains("killed.db") else { continue }
            #expect(try succeed("query", "killed.db", "PRAGMA integrity_check").contains("ok"))
        }
        try succeed("sweep", "grid.json", "--db", "killed.db", "--resume")
        #expect(try contents("killed.db") == contents("whole.db"))
    }

    @Test("A sweep that was begun is not begun again by mistake; with --resume, a complete one is answered at once")
    func begunTwice() throws {
        try write()
        try succeed("sweep", "grid.json", "--db", "a.db")
        let again = try command.run("sweep", "grid.json", "--db", "a.db")
        #expect(again.status == 74)
        #expect(again.errors.contains("already holds this sweep, all 640 points of it"))
        try succeed("sweep", "grid.json", "--db", "a.db", "--resume")
    }

    @Test("Merging refuses shards that are missing, there twice, incomplete or of another grid")
    func wrongShards() throws {
        try write()
        try write(Self.grid.replacingOccurrences(of: "\"to\": 40", with: "\"to\": 20"), "other.json")
        for shard in 1...2 { try succeed("sweep", "grid.json", "--db", "\(shard).db", "--shard", "\(shard)/2") }
        try succeed("sweep", "other.json", "--db", "other.db", "--shard", "2/2")
        try succeed("sweep", "grid.json", "--db", "copy.db", "--shard", "1/2")
        for (files, message) in [(["1.db"], "missing is 2"), (["1.db", "copy.db"], "is shard 1 of 2, and so is 1.db"),
                                 (["1.db", "other.db"], "another state of \"toys\""), (["1.db", "none.db"], "no such file")] {
            let outcome = try command.run(["merge"] + files + ["--db", "m.db"])
            #expect(outcome.status == 65)
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
        }
    }

    @Test("Two sweeps on one file: the second is refused, and the first loses nothing")
    func twoAtOnce() throws {
        try write(Self.grid.replacingOccurrences(of: "\"to\": 40", with: "\"to\": 400"))
        let first = try command.start(["sweep", "grid.json", "--db", "a.db", "--jobs", "1"])
        while !FileManager.default.fileExists(atPath: "\(command.folder.path)/a.db.lock") { usleep(1000) }
        let second = try command.run("sweep", "grid.json", "--db", "a.db", "--resume")
        #expect(second.status == 74)
        #expect(second.errors.contains("another sweep is writing it"))
        kill(first.processIdentifier, SIGINT)
        first.waitUntilExit()
        #expect(first.terminationStatus == 130 || first.terminationStatus == 0)
        try succeed("sweep", "grid.json", "--db", "a.db", "--resume")
        #expect(try succeed("query", "a.db", "SELECT count(*) AS n FROM places", "--json").contains("\"n\": 6400"))
    }

    @Test("A folder that is not there, and a query that would write, are refused with what to do")
    func unwritable() throws {
        try write()
        let lost = try command.run("sweep", "grid.json", "--db", "nowhere/a.db")
        #expect(lost.status == 74)
        #expect(lost.errors.contains("nowhere/a.db: cannot be written: no such file or directory; choose another file with --db"))
        try succeed("sweep", "grid.json", "--db", "a.db")
        for sql in ["DELETE FROM points", "DROP TABLE runs", "CREATE TABLE t (x)", "nonsense", ""] {
            let outcome = try command.run("query", "a.db", sql)
            #expect(outcome.status == 65, "\(sql): \(outcome.errors)")
        }
        #expect(try succeed("query", "a.db", "SELECT count(*) AS n FROM points", "--json").contains("\"n\": 640"))
    }

    @Test("Points that cannot be are answers with their reason")
    func reasons() throws {
        try write("""
            { "job": "talk", "axes": { "job.parallelism.tensor": [1, 3], "job.batch": [1, 1000000] }, "objectives": ["tpot"] }
            """)
        try succeed("sweep", "grid.json", "--db", "a.db")
        let rows = try succeed("query", "a.db", "SELECT tensor, batch, outcome, reason FROM results", "--json")
        #expect(rows.contains("parallelism.tensor: 3 does not divide 8 heads; use 1, 2, 4 or 8"))
        #expect(rows.contains("\"does not fit\"") && rows.contains("\"cannot be\"") && rows.contains("\"computed\""))
    }

    @Test("A bad grid is refused before anything runs, and says what would be right", arguments: [
        (#""axes": { "job.batch": [1], "devise": ["toy"] }"#, #""devise" is no axis; did you mean "device"?"#),
        (#""axes": { "device": ["toy", "tpy"] }"#, #"axes.device[1]: tpy: is no device of the library; did you mean "toy"?"#),
        (#""axes": { "device.memory[dram].bandwith": ["1 GB/s"] }"#, #"unknown key "bandwith"; did you mean "bandwidth"?"#),
        (#""axes": { "device.memory[hbm].bandwidth": ["×2"] }"#, #"there is nothing there to multiply"#),
        (#""axes": { "device.memory[dram].bandwidth": ["×1", "2 TBs"] }"#, #""2 TBs" is not a bandwidth; did you mean "2 TB/s"?"#),
        (#""axes": { "job.batch": [1, 0] }"#, "0 is out of range; use 1 to 1000000"),
        (#""axes": { "job.batch": [] }"#, "axes.job.batch: is empty"),
        (#""axes": {}"#, "axes: is empty"),
        (#""axes": { "job.batch": [1, 1] }"#, "stands here a second time: 1"),
        (#""axes": { "job.batch": { "from": 8, "to": 1, "step": 1 } }"#, "is not above \"from\""),
        (#""axes": { "job.batch, job.prompt": [[1, 16], [2]] }"#, "has 1 values for 2 things"),
        (#""axes": { "job.batch": [1, 2] }, "constraints": { "tpot": ["<= 10 ms", ">= 20 ms"] }"#, "contradict each other: no point keeps both"),
        (#""axes": { "job.batch": [1, 2] }, "constraints": { "tpot": "<= 10 GB" }"#, "\"10 GB\" is not a time"),
        (#""axes": { "job.batch": [1, 2] }, "constraints": { "tpott": "<= 10 ms" }"#, "did you mean \"tpot\"?"),
        (#""axes": { "job.phase": ["prefill"] }, "constraints": { "tpot": "<= 10 ms" }"#, "no job of the grid has a time per output token"),
        (#""axes": { "job.batch": [1, 2] }, "constraints": { "price": "<= 10 USD/h" }"#, "has no price of toy"),
        (#""axes": { "job.batch": [1, 2] }, "filters": [{ "not": { "job.batch": [1, 2] } }]"#, "leave no point"),
        (#""axes": { "job.batch": { "from": 1, "to": 100000, "step": 1 }, "job.prompt": { "from": 1, "to": 100000, "step": 1 }, "job.output": { "from": 1, "to": 100, "step": 1 } }"#,
         "1,000,000,000,000 points, more than the 10,000,000 that are tried one by one"),
    ])
    func badGrids(_ part: String, _ message: String) throws {
        let job = part.contains("job.phase") ? "step" : "talk"
        try write("{ \"job\": \"\(job)\", \(part), \"objectives\": [\"latency\"] }")
        let outcome = try command.run("sweep", "grid.json", "--db", "a.db")
        #expect(outcome.status == 65)
        #expect(outcome.errors.hasPrefix("error: grid.json: "))
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(try !command.folder.names().contains("a.db"))
        #expect(try command.run("check", "grid.json").status == 65)
    }
}
