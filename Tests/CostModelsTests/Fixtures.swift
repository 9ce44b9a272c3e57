import Documents
import Hardware
import Testing

/// Small declarations of the machines that these tests reason about, apart from the library's files so that a corrected
/// fact there does not move a law here.
enum Fixture {
    static let a100 = read("a100", """
        { "name": "A100", "kind": "gpu", "architecture": "ampere", "clock": { "boost": "1.41 GHz" }, "units": 108,
          "engines": {
            "tensor": { "rates": { "fp16": "1024 FMA/cycle", "bf16": "1024 FMA/cycle", "int8": "2048 FMA/cycle" }, "sparsity24": 2 },
            "vector": { "rates": { "fp32": "64 FMA/cycle" } }, "special": { "rates": { "fp32": "16 OP/cycle" } } },
          "memory": [
            { "level": "l1", "per": "unit", "capacity": "192 KiB", "bandwidth": "128 B/cycle", "latency": "33 cycles" },
            { "level": "l2", "per": "device", "capacity": "40 MiB", "bandwidth": "5403 GB/s", "latency": "205.6 cycles" },
            { "level": "dram", "per": "device", "capacity": "80 GB", "bandwidth": "2039 GB/s", "latency": "391 ns" } ],
          "ports": { "nvlink": { "bandwidth": "300 GB/s", "latency": "1 us" } },
          "kernel": { "floor": "1.08 us", "streamGap": "2.6 us", "graphGap": "1.34 us" },
          "power": { "limit": "400 W", "active": "66.5 W", "perFlop": { "bf16": "1.44 pJ/FLOP" }, "perByte": { "dram": "118.4 pJ/B" } },
          "achieved": { "bandwidth": { "dram": "1781 GB/s" }, "compute": { "bf16": "299 TFLOP/s", "int8": "585.7 TFLOP/s" } },
          "sources": { "": "test" } }
        """)

    static let h100 = read("h100", """
        { "name": "H100", "kind": "gpu", "architecture": "hopper", "clock": { "boost": "1.98 GHz" }, "units": 132,
          "engines": {
            "tensor": { "clock": "1.83 GHz", "rates": { "bf16": "2048 FMA/cycle", "fp8": "4096 FMA/cycle", "int8": "4096 FMA/cycle" }, "sparsity24": 2, "multicast": 2 },
            "vector": { "rates": { "fp32": "128 FMA/cycle" } }, "special": { "rates": { "fp32": "16 OP/cycle" } } },
          "memory": [
            { "level": "l1", "per": "unit", "capacity": "256 KiB", "bandwidth": "128 B/cycle", "latency": "33 cycles" },
            { "level": "l2", "per": "device", "capacity": "50 MiB", "bandwidth": "10075 GB/s", "latency": "280 cycles" },
            { "level": "dram", "per": "device", "capacity": "80 GB", "bandwidth": "3350 GB/s", "latency": "347 ns" } ],
          "ports": { "nvlink": { "bandwidth": "450 GB/s", "latency": "1 us" } },
          "kernel": { "floor": "1.26 us", "streamGap": "2.43 us", "graphGap": "1.26 us" },
          "power": { "limit": "700 W", "active": "105.4 W", "perFlop": { "bf16": "1.02 pJ/FLOP" }, "perByte": { "dram": "122.4 pJ/B" } },
          "achieved": { "bandwidth": { "dram": "3095 GB/s" }, "compute": { "bf16": "956 TFLOP/s" } },
          "sources": { "": "test" } }
        """)

    /// SARATHI's A6000 as its arithmetic takes it (arXiv 2308.16369, section 3): nothing but a peak and a bandwidth.
    static let a6000 = read("a6000", """
        { "name": "A6000", "kind": "gpu", "architecture": "ampere", "clock": { "boost": "1.8 GHz" }, "units": 84,
          "engines": { "tensor": { "count": 1, "clock": "1 GHz", "rates": { "fp16": "154800 FLOP/cycle" } } },
          "memory": [ { "level": "dram", "per": "device", "capacity": "48 GB", "bandwidth": "768 GB/s" } ],
          "sources": { "": "test" } }
        """)

    static let npu = read("npu", """
        { "name": "NPU", "kind": "npu", "architecture": "npu", "clock": { "boost": "1 GHz" }, "units": 8,
          "engines": {
            "systolic": { "rows": 128, "columns": 128, "dataflow": "output-stationary", "rates": { "bf16": "16384 MAC/cycle" } },
            "vector": { "rates": { "fp32": "128 FMA/cycle" } } },
          "memory": [
            { "level": "scratchpad", "per": "device", "capacity": "128 MiB", "bandwidth": "8 TB/s" },
            { "level": "dram", "per": "device", "capacity": "32 GB", "bandwidth": "1024 GB/s", "latency": "100 ns" } ],
          "sources": { "": "test" } }
        """)

    /// One GDDR6-AiM chip: timing of arkhadem/aim_simulator, preset GDDR6_AiM_timing, clock 0.5 ns.
    static let aim = read("aim", """
        { "name": "AiM", "kind": "pim", "architecture": "aim", "clock": { "boost": "1 GHz" }, "units": 2,
          "engines": { "bank": { "rates": { "bf16": "16 MAC/cycle" } } },
          "memory": [
            { "level": "dram", "per": "device", "capacity": "1 GiB", "bandwidth": "64 GB/s",
              "organisation": { "channels": 2, "banksPerChannel": 16, "row": "2048 B", "column": "32 B", "clock": "2 GHz" },
              "timing": { "tRCD": "36 cycles", "tRCDRDMAC": "56 cycles", "tRP": "32 cycles", "tRAS": "54 cycles", "tRTP": "12 cycles",
                          "tCCD": "2 cycles", "tRFC": "210 cycles", "tREFI": "3333 cycles" } } ],
          "sources": { "": "test" } }
        """)

    /// Systolic arrays and multiply-accumulate lanes over one memory (casys-kaist/NeuPIMs).
    static let neupims = read("neupims", """
        { "name": "NeuPIMs", "kind": "pim", "architecture": "neupims", "clock": { "boost": "1 GHz" }, "units": 8,
          "engines": {
            "systolic": { "rows": 128, "columns": 128, "dataflow": "weight-stationary", "rates": { "fp16": "16384 MAC/cycle" } },
            "vector": { "rates": { "fp32": "128 FMA/cycle" } },
            "bank": { "rates": { "fp16": "16 MAC/cycle" } } },
          "memory": [
            { "level": "scratchpad", "per": "device", "capacity": "128 MiB" },
            { "level": "dram", "per": "device", "capacity": "32 GB", "bandwidth": "1024 GB/s",
              "organisation": { "channels": 32, "banksPerChannel": 32, "row": "1024 B", "column": "64 B", "clock": "1 GHz", "dualRowBuffer": true },
              "timing": { "tRCD": "14 cycles", "tRP": "14 cycles", "tRAS": "34 cycles", "tCCD_L": "2 cycles", "tRFC": "260 cycles",
                          "tREFI": "3900 cycles", "tGWRITE": "100 cycles", "tGEMV": "184 cycles" } } ],
          "sources": { "": "test" } }
        """)

    /// InstInfer's emulated drive (arXiv 2409.04992, section V).
    static let csd = read("csd", """
        { "name": "CSD", "kind": "csd", "architecture": "csd", "units": 1,
          "engines": { "storage": { "clock": "1 GHz", "rates": { "fp16": "13.3 FLOP/cycle" } } },
          "memory": [
            { "level": "flash", "per": "device", "capacity": "1 TB", "bandwidth": "11.2 GB/s",
              "organisation": { "channels": 8, "banksPerChannel": 8, "planes": 4, "row": "4096 B", "channelBandwidth": "1.4 GB/s" },
              "timing": { "tR": "40 us" } } ],
          "ports": { "pcie": { "bandwidth": "7 GB/s" } },
          "sources": { "": "test" } }
        """)

    static let cpu = read("cpu", """
        { "name": "CPU", "kind": "cpu", "architecture": "icelake", "clock": { "boost": "2.3 GHz" }, "units": 40,
          "engines": { "vector": { "rates": { "fp32": "32 FMA/cycle" } } },
          "memory": [
            { "level": "l1", "per": "unit", "capacity": "48 KiB", "bandwidth": "128 B/cycle" },
            { "level": "l3", "per": "device", "capacity": "60 MiB", "bandwidth": "400 GB/s" },
            { "level": "dram", "per": "device", "capacity": "512 GB", "bandwidth": "204.8 GB/s", "latency": "90 ns" } ],
          "sources": { "": "test" } }
        """)

    static let graph = runtime(sparse24: true)
    static let bare = runtime(fusions: "", weightOnly: "", sparse24: false)

    static let computing = [a100, h100, npu, aim, neupims, csd, cpu]

    static func runtime(fusions: String = #""attention", "split-context", "grouped-experts""#,
                        weightOnly: String = #""int4/g128", "int8""#, sparse24: Bool) -> Runtime {
        let text = """
            { "name": "test", "launch": "graph", "runsOn": ["gpu"], "hostPerKernel": "0 us", "hostPerStep": "0 us",
              "fusions": [\(fusions)], "weightOnly": [\(weightOnly)], "sparse24": \(sparse24), "sources": { "": "test" } }
            """
        do { return try Runtime(reading: Document(file: "runtime.json", text: text.utf8)) } catch { preconditionFailure("\(error)") }
    }

    static func read(_ id: String, _ text: String) -> Device {
        do { return try Device(reading: Document(file: "\(id).json", text: text.utf8)) } catch { preconditionFailure("\(error)") }
    }
}

extension Device: CustomTestStringConvertible {
    public var testDescription: String { id }
}
