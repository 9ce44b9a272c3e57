import Orrery
import Testing

@Suite("The same from Swift")
struct LibraryTests {
    @Test("Ten lines of Swift give the report that the program prints, byte for byte")
    func tenLines() throws {
        let command = try Command()
        let library = try Library(command.folder.path)
        let job = try library.job("talk")
        let system = try library.system(ofDevice: "toy")
        let runtime = try library.runtime("quick")
        let report = try simulate(job, on: system, under: runtime, with: Cycle())
        #expect(TextReport(report).text == (try command.run("simulate", "talk").output))
        #expect(JSONReport(report).text == (try command.run("simulate", "talk", "--json").output))
    }

    @Test("A job without a runtime that suits the device gets one that does, and the report says which and why")
    func otherRuntime() throws {
        let command = try Command()
        try command.folder.write("""
            { "name": "A processor", "kind": "cpu", "architecture": "none", "clock": { "boost": "2 GHz" }, "units": 4,
              "engines": { "vector": { "rates": { "fp32": "16 FMA/cycle", "bf16": "32 FMA/cycle" } } },
              "memory": [ { "level": "l3", "per": "device", "capacity": "8 MiB", "bandwidth": "200 GB/s" },
                          { "level": "dram", "per": "device", "capacity": "16 GB", "bandwidth": "40 GB/s" } ],
              "sources": { "": "made up" } }
            """, to: "HardwareSpecs/devices/processor.json")
        for (name, kinds) in [("aaa-everything", "[\"cpu\", \"npu\", \"gpu\"]"), ("for-processors", "[\"cpu\"]")] {
            try command.folder.write("""
                { "name": "A runtime", "launch": "inline", "runsOn": \(kinds), "hostPerKernel": "1 us", "hostPerStep": "0 us", "sources": { "": "made up" } }
                """, to: "HardwareSpecs/runtimes/\(name).json")
        }
        let scenario = try Library(command.folder.path).scenario(of: "talk", device: "processor")
        #expect(scenario.runtime.id == "for-processors")
        #expect(try scenario.report().notes.first == "Runtime for-processors was chosen: quick, which the job names, does not run on a device of kind cpu.")
    }
}
