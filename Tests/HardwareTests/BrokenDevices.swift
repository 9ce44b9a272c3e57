import Hardware
import Testing

@Suite("Broken devices")
struct BrokenDevices {
    @Test("The sample is right, so that whatever is refused below is refused for its one slip")
    func sampleIsRight() { #expect(complaint { _ = try device(sampleDevice) } == nil) }

    static let slips = [
        Slip("\"units\": 100", "\"unit\": 100", "sample.json: unknown key \"unit\"; did you mean \"units\"?"),
        Slip("\"kernel\"", "\"kernle\"", "sample.json: unknown key \"kernle\"; did you mean \"kernel\"?"),
        Slip("\"kind\": \"gpu\"", "\"kind\": \"gup\"", "sample.json: kind: \"gup\" is unknown; did you mean \"gpu\"?"),
        Slip("\"kind\": \"gpu\", ", "", "sample.json: \"kind\" is missing"),
        Slip("\"architecture\": \"sample\"", "\"architecture\": 9", "sample.json: architecture: is a number; write a string in double quotes"),
        Slip("\"units\": 100", "\"units\": 0", "sample.json: units: 0 is out of range; use 1 to 1000000"),
        Slip("\"units\": 100", "\"units\": 1e300", "sample.json: units: 1e300 is out of range; use 1 to 1000000"),
        Slip("\"base\": \"1.2 GHz\"", "\"base\": \"1.6 GHz\"", "sample.json: clock: the base clock of 1.6 GHz is above the boost clock of 1.5 GHz"),
        Slip("\"boost\": \"1.5 GHz\"", "\"boost\": \"0 GHz\"", "sample.json: clock.boost: \"0 GHz\" is out of range; use 1 kHz to 1000 GHz"),
        Slip("1000 FMA/cycle", "1000 FMA", "sample.json: engines.tensor.rates.fp16: \"1000 FMA\" is not a rate per cycle; its unit is FLOP/cycle, OP/cycle, FMA/cycle or MAC/cycle"),
        Slip("1000 FMA/cycle", "2000 FMA/cycle", "sample.json: engines.tensor: 100 units × 2000 FMA/cycle × 1.5 GHz gives 600 TFLOP/s, but \"quoted.tensor.fp16\" says 300 TFLOP/s"),
        Slip("300 TFLOP/s", "600 TFLOP/s", "sample.json: engines.tensor: 100 units × 1000 FMA/cycle × 1.5 GHz gives 300 TFLOP/s, but \"quoted.tensor.fp16\" says 600 TFLOP/s (is that the 2:4 sparse figure?)"),
        Slip("\"tensor\": { \"fp16\": \"300", "\"tensor\": { \"fp8\": \"300", "sample.json: quoted.tensor.fp8: \"engines.tensor.rates\" has no fp8"),
        Slip("\"quoted\": { \"tensor\"", "\"quoted\": { \"special\"", "sample.json: quoted.special: the device has no special engine; it has tensor or vector"),
        Slip("\"vector\": {", "\"vectors\": {", "sample.json: engines: unknown key \"vectors\"; did you mean \"vector\"?"),
        Slip("{ \"fp16\": \"1000 FMA/cycle\" }", "{ \"fp-16\": \"1000 FMA/cycle\" }", "sample.json: engines.tensor.rates: unknown key \"fp-16\"; did you mean \"fp16\"?"),
        Slip("{ \"fp16\": \"1000 FMA/cycle\" }", "{}", "sample.json: engines.tensor.rates: is empty; state a rate, as in \"fp16\": \"1024 FMA/cycle\""),
        Slip("\"sparsity24\": 2", "\"sparsity24\": 4", "sample.json: engines.tensor.sparsity24: 4 is out of range; use 1 to 2"),
        Slip("\"sparsity24\": 2", "\"rows\": 2", "sample.json: engines.tensor: unknown key \"rows\"; known keys are clock, count, multicast, operandReads, rates, registers or sparsity24"),
        Slip("\"bandwidth\": \"2 TB/s\"", "\"bandwidth\": \"2 TBs\"", "sample.json: memory[2].bandwidth: \"2 TBs\" is not a bandwidth; did you mean \"2 TB/s\"?"),
        Slip("\"bandwidth\": \"2 TB/s\"", "\"bandwidth\": 2000", "sample.json: memory[2].bandwidth: 2000 has no unit; write a string such as \"2000 B/s\""),
        Slip("\"bandwidth\": \"2 TB/s\"", "\"bandwidth\": \"-2 TB/s\"", "sample.json: memory[2].bandwidth: \"-2 TB/s\" is negative, which a bandwidth is not"),
        Slip("\"bandwidth\": \"2 TB/s\"", "\"bandwidth\": \"1e30 TB/s\"", "sample.json: memory[2].bandwidth: \"1e30 TB/s\" is out of range; use 1 B/s to 1000 PB/s"),
        Slip("\"bandwidth\": \"2 TB/s\"", "\"bandwidth\": \"3 TB/s\"", "sample.json: memory[2].bandwidth: 5120 pins × 3.125 Gb/s carry 2 TB/s, but the bandwidth says 3 TB/s"),
        Slip("\"bandwidth\": \"2 TB/s\", ", "", "sample.json: memory[2]: \"bandwidth\" is missing; write one as in \"bandwidth\": \"900 GB/s\""),
        Slip(", \"rate\": \"3.125 Gb/s\"", "", "sample.json: memory[2]: \"bus\" is given without the \"rate\" of a pin"),
        Slip("\"bus\": \"5120 bit\", ", "", "sample.json: memory[2]: \"rate\" is the rate of one pin; \"bus\" is missing beside it"),
        Slip("\"capacity\": \"80 GB\"", "\"capacity\": \"0 GB\"", "sample.json: memory[2].capacity: \"0 GB\" is out of range; use 1 B to 100000 TiB"),
        Slip("\"capacity\": \"40 MiB\"", "\"capacity\": \"40 KiB\"", "sample.json: memory[1].capacity: 40 KiB is less than the 128 KiB of the level before it; list levels from the one next to the engines to the largest"),
        Slip("\"level\": \"l2\", \"per\": \"device\"", "\"level\": \"dram\", \"per\": \"device\"", "sample.json: memory[2]: the level \"dram\" stands here a second time"),
        Slip("\"level\": \"dram\", \"per\": \"device\"", "\"level\": \"dram\", \"per\": \"unit\"", "sample.json: memory[2].per: a level of each unit stands behind one that all units share"),
        Slip("30 cycles", "30 cycels", "sample.json: memory[0].latency: \"30 cycels\" is not a number of cycles; did you mean \"30 cycles\"?"),
        Slip("\"achieved\": \"31 GB/s\"", "\"achieved\": \"33 GB/s\"", "sample.json: ports.pcie: the achieved 33 GB/s are more than the bandwidth of 32 GB/s"),
        Slip("\"idle\": \"50 W\"", "\"idle\": \"500 W\"", "sample.json: power.idle: 500 W is not below the limit of 400 W"),
        Slip("\"active\": \"70 W\"", "\"active\": \"40 W\"", "sample.json: power.active: 40 W with a kernel resident is less than 50 W when idle"),
        Slip("\"perByte\": { \"dram\"", "\"perByte\": { \"flash\"", "sample.json: power.perByte.flash: the device has no memory level \"flash\""),
        Slip("\"perFlop\": { \"fp16\"", "\"perFlop\": { \"fp4\"", "sample.json: power.perFlop.fp4: no engine of the device has a rate for fp4"),
        Slip("\"perByte\": {", "\"perBankByte\": \"4 pJ/B\", \"perByte\": {", "sample.json: power.perBankByte: no engine of the device reads a bank without its bus"),
        Slip("\"vector\": {", "\"systolic\": { \"rows\": 8, \"columns\": 8, \"dataflow\": \"output-stationary\", \"doubleBuffered\": true, \"rates\": { \"fp16\": \"64 MAC/cycle\" } }, \"vector\": {",
             "sample.json: engines.systolic.doubleBuffered: an output-stationary array holds no operand that a second one could replace"),
        Slip("1.8 TB/s", "2.8 TB/s", "sample.json: achieved.bandwidth.dram: 2.8 TB/s is more than the 2 TB/s that the memory has"),
        Slip("280 TFLOP/s", "380 TFLOP/s", "sample.json: achieved.compute.fp16: 380 TFLOP/s is more than the peak of 300 TFLOP/s"),
        Slip("\"units\": 50", "\"units\": 500", "sample.json: modes.half.units: 500 is more than the 100 of the device"),
        Slip("750 MHz", "1750 MHz", "sample.json: modes.half.clock: 1.75 GHz is above the boost clock of 1.5 GHz"),
        Slip("150 W", "450 W", "sample.json: modes.half.limit: 450 W is above the limit of 400 W"),
        Slip("150 W", "65 W", "sample.json: modes.half.limit: 65 W is not above the 70 W drawn before any operation"),
        Slip("{ \"\": \"made up\" }", "{ \"memory\": \"made up\" }", "sample.json: clock.base: has no source; add \"clock.base\" or a section around it to \"sources\", or to \"recalled\" if nobody checked it"),
        Slip("{ \"\": \"made up\" }", "{ \"\": \"made up\", \"memory[3]\": \"a book\" }", "sample.json: sources: \"memory[3]\" leads to nothing in this file; did you mean \"memory[0].per\"?"),
        Slip("{ \"\": \"made up\" }", "{ \"\": \"made up\" }, \"recalled\": [\"power.idel\"]", "sample.json: recalled: \"power.idel\" leads to nothing in this file; did you mean \"power.idle\"?"),
        Slip("{ \"\": \"made up\" }", "{ \"\": 7 }", "sample.json: sources.: is a number; write a string in double quotes"),
        Slip("\"name\": \"Sample\"", "\"name\": \"\"", "sample.json: name: is empty"),
        Slip("{ \"units\": 50", "{ \"units\": 50, \"units\": 60", "sample.json: line 19, column 37: the key \"units\" stands twice in one object"),
    ]

    @Test("A slip is refused with the place, what is wrong and what would be right", arguments: slips)
    func refused(_ slip: Slip) {
        #expect(complaint { _ = try device(slip.applied(to: sampleDevice)) } == slip.message)
    }

    /// An NPU with a systolic array and multipliers at the banks of its memory.
    static let banked = """
        {
          "name": "Banked", "kind": "npu", "architecture": "banked", "clock": { "boost": "1 GHz" }, "units": 8,
          "engines": {
            "systolic": { "rows": 128, "columns": 64, "dataflow": "output-stationary", "rates": { "fp16": "8192 MAC/cycle" } },
            "bank": { "rates": { "fp16": "16 MAC/cycle" } }
          },
          "memory": [{ "level": "dram", "per": "device", "capacity": "8 GB", "bandwidth": "1 TB/s",
            "organisation": { "channels": 32, "banksPerChannel": 32, "row": "1024 B", "column": "32 B", "dualRowBuffer": true },
            "timing": { "tRCD": "14 cycles" } }],
          "sources": { "": "made up" }
        }
        """

    static let bankedSlips = [
        Slip("\"rows\": 128", "\"rows\": 100", "sample.json: engines.systolic: 100 rows × 64 columns make 6400 MAC/cycle, but \"rates.fp16\" says 8192 MAC/cycle"),
        Slip("\"rows\": 128, ", "", "sample.json: engines.systolic: \"rows\" is missing"),
        Slip("output-stationary", "weights-stationary", "sample.json: engines.systolic.dataflow: \"weights-stationary\" is unknown; did you mean \"weight-stationary\"?"),
        Slip("16 MAC/cycle", "32 MAC/cycle", "sample.json: engines.bank: 32 MAC/cycle of fp16 needs 64 B of its bank a cycle, but a column has 32 B"),
        Slip("\"channels\": 32", "\"channels\": 1000000", "sample.json: memory[0].organisation: 1000000 channels × 32 banks are more than 1000000"),
        Slip("\"column\": \"32 B\"", "\"column\": \"2048 B\"", "sample.json: memory[0].organisation: a column of 2 KiB is larger than the row of 1 KiB"),
        Slip("\"capacity\": \"8 GB\"", "\"capacity\": \"8 kB\"", "sample.json: memory[0].organisation: 1024 banks with a row of 1 KiB are more than the capacity of 7.813 KiB"),
        Slip("\"tRCD\"", "\"tRCDD\"", "sample.json: memory[0].timing: unknown key \"tRCDD\"; did you mean \"tRCD\"?"),
        Slip("\"clock\": { \"boost\": \"1 GHz\" }, ", "", "sample.json: memory[0].timing.tRCD: counts cycles, but the file has no \"clock\"; state \"clock\": { \"boost\": … } or write it in seconds and bytes"),
        Slip("\"bank\": { \"rates\": { \"fp16\": \"16 MAC/cycle\" } }", "\"special\": { \"rates\": { \"fp32\": \"16 OP/cycle\" } }", "sample.json: memory[0].organisation.dualRowBuffer: a second row buffer serves a bank engine, and the device has none"),
    ]

    @Test("Systolic arrays and banks must have the geometry that their rates need", arguments: bankedSlips)
    func geometry(_ slip: Slip) {
        #expect(complaint { _ = try device(Self.banked) } == nil)
        #expect(complaint { _ = try device(slip.applied(to: Self.banked)) } == slip.message)
    }
}
