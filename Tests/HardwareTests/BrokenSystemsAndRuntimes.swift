import Hardware
import Testing

@Suite("Broken systems and runtimes")
struct BrokenSystemsAndRuntimes {
    static let systems = [
        Slip("\"spec\": \"sample\"", "\"spec\": \"simple\"", "pair.json: devices.gpu.spec: \"simple\" is no device of the library"),
        Slip("\"count\": 2", "\"count\": -2", "pair.json: devices.gpu.count: -2 is out of range; use 1 to 1000000"),
        Slip("\"count\": 2", "\"count\": 1", "pair.json: links[0].between: there is only one \"gpu\" in a node to join"),
        Slip("[\"gpu\"]", "[\"gpus\"]", "pair.json: links[0].between[0]: there is no group \"gpus\"; did you mean \"gpu\"?"),
        Slip("[\"gpu\"]", "[\"gpu\", \"gpu\"]", "pair.json: links[0].between[1]: \"gpu\" stands here twice"),
        Slip("[\"gpu\"]", "[]", "pair.json: links[0].between: is empty; name the groups that the link joins"),
        Slip("\"topology\": \"switch\"", "\"topology\": \"torus\"", "pair.json: links[0].topology: \"torus\" is unknown; use switch, point-to-point, ring or bus"),
        Slip("\"topology\": \"switch\"", "\"topology\": \"ring\"", "pair.json: links[0]: only a switch reduces what passes through it"),
        Slip("\"bandwidth\": \"300 GB/s\"", "\"bandwidth\": \"300 GB/s\", \"achieved\": \"301 GB/s\"", "pair.json: links[0]: the achieved 301 GB/s are more than the bandwidth of 300 GB/s"),
        Slip("\"latency\": \"1 us\"", "\"latency\": \"1 usec\"", "pair.json: links[0].latency: \"1 usec\" is not a time; its unit is s, ms, us, µs, ns or ps"),
        Slip("\"topology\"", "\"scope\": \"system\", \"topology\"", "pair.json: links[0].scope: \"nvlink\" joins nodes, but there is only one; give \"nodes\" or use \"node\""),
        Slip("\"devices\"", "\"nodes\": 2, \"devices\"", "pair.json: links: 2 nodes, but no link with the scope \"system\" joins them"),
        Slip("{ \"gpu\": { \"spec\": \"sample\", \"count\": 2 } }", "{}", "pair.json: devices: is empty; name at least one group of devices"),
    ]

    @Test("A slip in a system is refused with its place", arguments: systems)
    func system(_ slip: Slip) {
        #expect(complaint { _ = try HardwareTests.system(sampleSystem) } == nil)
        #expect(complaint { _ = try HardwareTests.system(slip.applied(to: sampleSystem)) } == slip.message)
    }

    static let runtimes = [
        Slip("\"launch\": \"eager\"", "\"launch\": \"egaer\"", "eager.json: launch: \"egaer\" is unknown; did you mean \"eager\"?"),
        Slip("[\"gpu\"]", "[]", "eager.json: runsOn: is empty; name the kinds of device it runs on"),
        Slip("[\"gpu\"]", "[\"gpu\", \"gpu\"]", "eager.json: runsOn[1]: \"gpu\" stands here twice"),
        Slip("\"10 us\"", "\"10 W\"", "eager.json: hostPerKernel: \"10 W\" is not a time; its unit is s, ms, us, µs, ns or ps"),
        Slip("\"attention\"", "\"flash\"", "eager.json: fusions[0]: \"flash\" is unknown; use attention, split-context, qkv, gate-up, residual-norm, rotary-cache, activation or grouped-experts"),
        Slip("int4/g128", "int4/128", "eager.json: weightOnly[0]: \"int4/128\" is not a tensor format; write a group as in \"int4/g128\" or \"fp4/g16s8\""),
        Slip("\"fusions\"", "\"groupedTiles\": { \"fp32\": \"128\" }, \"fusions\"", "eager.json: groupedTiles.fp32: \"128\" is not the size of a tile; write rows and columns from 1 to 1024, as in \"128x128\""),
        Slip("0.9", "1.9", "eager.json: memoryFraction: 1.9 is out of range; use 0.01 to 1"),
        Slip("hostPerStep", "hostPerSteep", "eager.json: \"hostPerStep\" is missing; is \"hostPerSteep\" a misspelling of it?"),
    ]

    @Test("A slip in a runtime is refused with its place", arguments: runtimes)
    func runtime(_ slip: Slip) {
        #expect(complaint { _ = try HardwareTests.runtime(sampleRuntime) } == nil)
        #expect(complaint { _ = try HardwareTests.runtime(slip.applied(to: sampleRuntime)) } == slip.message)
    }
}
