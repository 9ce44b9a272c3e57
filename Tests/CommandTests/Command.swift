import Foundation

/// The built program, run as a person runs it, on a small library of its own.
struct Command {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String
    }

    /// A folder that is removed with the value: library, and place to write.
    let folder: Folder

    init() throws { folder = try Folder() }

    final class Folder {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)").path

        init() throws {
            for (name, text) in Fixture.files { try write(text, to: name) }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ text: String, to name: String) throws {
            let file = URL(fileURLWithPath: "\(path)/\(name)")
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }

        func read(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
        func names(in name: String = "") throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name)").sorted() }
    }

    /// Stands beside the tests in the build folder.
    private static let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("orrery")

    /// Runs it in the folder, with its library unless told otherwise.
    func run(_ arguments: String..., output: FileHandle? = nil) throws -> Outcome { try run(arguments, output: output) }

    func run(_ arguments: [String], output: FileHandle? = nil) throws -> Outcome {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = ["PATH": "/usr/bin:/bin"]
        let outputPipe = Pipe(), errorPipe = Pipe()
        process.standardOutput = output ?? outputPipe
        process.standardError = errorPipe
        try process.run()
        let text = output == nil ? outputPipe.fileHandleForReading.readDataToEndOfFile() : Data()
        let errors = errorPipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: String(decoding: text, as: UTF8.self), errors: String(decoding: errors, as: UTF8.self))
    }
}

extension Command {
    /// Starts it and comes back at once; what it says is lost.
    func start(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = ["PATH": "/usr/bin:/bin"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Kills it after so many seconds, as a failing machine would, unless it has ended before.
    func kill(after seconds: Double, _ arguments: [String]) throws {
        let process = try start(arguments)
        Thread.sleep(forTimeInterval: seconds)
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// A device that computes and one that does not, one system of two, two runtimes, one small model and three jobs.
enum Fixture {
    static let files = [
        "HardwareSpecs/devices/toy.json": """
            { "name": "Toy accelerator", "kind": "gpu", "architecture": "toy", "aliases": ["Toy-1"], "clock": { "boost": "1 GHz" }, "units": 10,
              "engines": { "tensor": { "rates": { "bf16": "512 FMA/cycle" } }, "vector": { "rates": { "fp32": "64 FMA/cycle" } },
                           "special": { "rates": { "fp32": "16 OP/cycle" } } },
              "quoted": { "tensor": { "bf16": "10.24 TFLOP/s" } },
              "memory": [ { "level": "l1", "per": "unit", "capacity": "128 KiB", "bandwidth": "64 B/cycle", "latency": "30 cycles" },
                          { "level": "l2", "per": "device", "capacity": "4 MiB", "bandwidth": "1 TB/s", "latency": "200 cycles" },
                          { "level": "dram", "per": "device", "capacity": "1 GiB", "bandwidth": "100 GB/s", "latency": "400 ns" } ],
              "ports": { "nvlink": { "bandwidth": "20 GB/s" } }, "kernel": { "floor": "2 us", "streamGap": "1 us", "graphGap": "1 us" },
              "power": { "idle": "10 W", "active": "20 W", "limit": "100 W", "perFlop": { "bf16": "1 pJ/FLOP" }, "perByte": { "dram": "100 pJ/B" } },
              "sources": { "": "made up" } }
            """,
        "HardwareSpecs/devices/drive.json": """
            { "name": "A drive", "kind": "storage", "architecture": "nvme",
              "memory": [ { "level": "flash", "per": "device", "capacity": "1 TB", "bandwidth": "7 GB/s", "latency": "50 us" } ],
              "ports": { "pcie": { "bandwidth": "8 GB/s" } }, "sources": { "": "made up" } }
            """,
        "HardwareSpecs/systems/pair.json": """
            { "name": "Two toys", "devices": { "gpu": { "spec": "toy", "count": 2 } },
              "links": [ { "name": "nvlink", "topology": "switch", "between": ["gpu"], "bandwidth": "20 GB/s", "latency": "2 us" } ], "sources": { "": "made up" } }
            """,
        "HardwareSpecs/runtimes/quick.json": """
            { "name": "Quick", "launch": "graph", "runsOn": ["gpu"], "hostPerKernel": "1 us", "hostPerStep": "10 us",
              "fusions": ["attention", "split-context", "qkv", "gate-up"], "sources": { "": "made up" } }
            """,
        "HardwareSpecs/runtimes/sequencer.json": """
            { "name": "For others", "launch": "inline", "runsOn": ["npu", "storage"], "hostPerKernel": "0 us", "hostPerStep": "0 us", "sources": { "": "made up" } }
            """,
        "Workloads/models/small.json": """
            { "name": "Small", "family": "decoder", "hidden": 256, "vocabulary": 1000, "maxContext": 2048, "norm": "rms", "rotary": true,
              "decoder": { "layers": 2, "attention": { "heads": 8, "kvHeads": 4, "headDimension": 32 }, "feedForward": { "kind": "swiglu", "dimension": 512 } },
              "source": "made up" }
            """,
        "Workloads/talk.json": """
            { "name": "Small talk", "model": "small", "phase": "generate", "batch": 2, "prompt": 64, "output": 8, "runsOn": { "device": "toy", "runtime": "quick" } }
            """,
        "Workloads/step.json": """
            { "name": "One step", "model": "small", "phase": "decode", "prompt": 100, "runsOn": { "device": "toy", "runtime": "quick" } }
            """,
        "Workloads/product.json": """
            { "name": "A product", "operator": { "kind": "gemm", "m": 512, "n": 512, "k": 512 }, "runsOn": { "device": "toy", "runtime": "quick" } }
            """,
    ]

    static let llamaConfig = """
        { "model_type": "llama", "hidden_size": 256, "num_hidden_layers": 2, "num_attention_heads": 8, "num_key_value_heads": 4, "intermediate_size": 512,
          "vocab_size": 1000, "max_position_embeddings": 2048, "tie_word_embeddings": false }
        """
}
