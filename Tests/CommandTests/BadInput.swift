import Testing

/// One mistake in one file of the fixture, and the message that a person gets for it.
struct BadInput: Sendable, CustomTestStringConvertible {
    enum File: String, Sendable {
        case device = "HardwareSpecs/devices/toy.json", system = "HardwareSpecs/systems/pair.json", runtime = "HardwareSpecs/runtimes/quick.json"
        case model = "Workloads/models/small.json", job = "Workloads/talk.json", product = "Workloads/product.json"
    }

    let name: String
    let file: File
    let right: String
    let wrong: String
    let message: String
    let arguments: [String]

    /// - Parameters:
    ///   - right, wrong: what stands in the file, and what stands there by mistake.
    ///   - system, runtime: where the job is to run, when not where its file says.
    ///   - named: what the message names, when not the file.
    init(_ name: String, in file: File, _ right: String, _ wrong: String, on system: String? = nil, under runtime: String? = nil,
         naming named: String? = nil, _ message: String) {
        self.name = name
        self.file = file
        self.right = right
        self.wrong = wrong
        self.message = "error: \(named ?? file.rawValue): \(message)\n"
        let system = file == .system ? "pair" : system
        arguments = ["simulate", file == .product ? "product" : "talk"] + (system.map { ["--system", $0] } ?? []) + (runtime.map { ["--runtime", $0] } ?? [])
    }

    var testDescription: String { name }
}
