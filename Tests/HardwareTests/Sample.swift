import Documents
import Foundation
import Hardware
import Quantities
import Testing

/// A small device that is right in every respect, as the text of a file.
let sampleDevice = """
    {
      "name": "Sample", "kind": "gpu", "architecture": "sample",
      "clock": { "base": "1.2 GHz", "boost": "1.5 GHz" },
      "units": 100,
      "engines": {
        "tensor": { "rates": { "fp16": "1000 FMA/cycle" }, "sparsity24": 2 },
        "vector": { "rates": { "fp32": "100 FMA/cycle" } }
      },
      "quoted": { "tensor": { "fp16": "300 TFLOP/s" } },
      "memory": [
        { "level": "l1", "per": "unit", "capacity": "128 KiB", "bandwidth": "100 B/cycle", "latency": "30 cycles" },
        { "level": "l2", "per": "device", "capacity": "40 MiB", "bandwidth": "5 TB/s" },
        { "level": "dram", "per": "device", "capacity": "80 GB", "bandwidth": "2 TB/s", "bus": "5120 bit", "rate": "3.125 Gb/s" }
      ],
      "ports": { "pcie": { "bandwidth": "32 GB/s", "achieved": "31 GB/s" } },
      "kernel": { "floor": "1 us", "graphGap": "1.3 us" },
      "power": { "idle": "50 W", "active": "70 W", "limit": "400 W", "perFlop": { "fp16": "1 pJ/FLOP" }, "perByte": { "dram": "120 pJ/B" } },
      "achieved": { "bandwidth": { "dram": "1.8 TB/s" }, "compute": { "fp16": "280 TFLOP/s" } },
      "modes": { "half": { "units": 50, "clock": "750 MHz", "dramBandwidth": "1 TB/s", "limit": "150 W" } },
      "sources": { "": "made up" }
    }
    """

let sampleSystem = """
    {
      "name": "Sample pair", "devices": { "gpu": { "spec": "sample", "count": 2 } },
      "links": [{ "name": "nvlink", "topology": "switch", "between": ["gpu"], "bandwidth": "300 GB/s", "latency": "1 us", "reduces": true }],
      "sources": { "": "made up" }
    }
    """

let sampleRuntime = """
    {
      "name": "Sample", "launch": "eager", "runsOn": ["gpu"], "hostPerKernel": "10 us", "hostPerStep": "1 ms",
      "fusions": ["attention"], "weightOnly": ["int4/g128"], "memoryFraction": 0.9, "sources": { "": "made up" }
    }
    """

/// A replacement of a piece of text in a sample that makes it wrong.
struct Slip: CustomTestStringConvertible, Sendable {
    let old: String, new: String, message: String
    init(_ old: String, _ new: String, _ message: String) { (self.old, self.new, self.message) = (old, new, message) }

    var testDescription: String { message }

    func applied(to text: String) -> String {
        guard let range = text.range(of: old) else { preconditionFailure("the sample has no \(old)") }
        return text.replacingCharacters(in: range, with: new)
    }
}

func device(_ text: String) throws(DocumentError) -> Device {
    try Device(reading: Document(file: "sample.json", text: Array(text.utf8)))
}

func system(_ text: String) throws(DocumentError) -> System {
    try System(reading: Document(file: "pair.json", text: Array(text.utf8))) { name in
        guard name == "sample" else { throw DocumentError(file: name, message: "is no device of the library") }
        return try device(sampleDevice)
    }
}

func runtime(_ text: String) throws(DocumentError) -> Runtime {
    try Runtime(reading: Document(file: "eager.json", text: Array(text.utf8)))
}

/// What reading complains about, nil when it does not.
func complaint(_ body: () throws -> Void) -> String? {
    do { try body() } catch { return "\(error)" }
    return nil
}
