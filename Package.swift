// swift-tools-version: 6.1
import PackageDescription

/// A room of the house: one target, importing only rooms below it.
func room(_ name: String, _ below: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: below)
}

func tests(of name: String, with others: [Target.Dependency] = [], excluding: [String] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + others, exclude: excluding)
}

/// What `Orrery` hands on to whoever imports it. Named again by its users, so that a change in a room rebuilds them.
let handedOn: [Target.Dependency] = [
    "Quantities", "Documents", "EventEngine", "Hardware", "Operators", "Workloads", "CostModels", "LearnedModels", "Simulation", "Measurement", "Calibration",
    "Learning", "ResultsStore", "Reporting", "Scenarios", "Sweeps",
]

/// From the ground up: nothing imports a room listed after it.
let rooms: [Target] = [
    room("Quantities"),
    room("Documents", ["Quantities"]),
    room("EventEngine"),
    // Real kernels on the host processor, which the simulator is held against.
    .target(name: "ReferenceKernelsC"),
    room("ReferenceKernels", ["ReferenceKernelsC", "Quantities"]),
    room("Hardware", ["Quantities", "Documents"]),
    room("Operators", ["Quantities"]),
    room("Workloads", ["Quantities", "Documents", "Hardware", "Operators"]),
    room("CostModels", ["Quantities", "Hardware", "Operators"]),
    .systemLibrary(name: "CGSL", pkgConfig: "gsl", providers: [.apt(["libgsl-dev"]), .brew(["gsl"])]),
    // Walks of many rows through trees, 64 nodes in one comparison.
    .target(name: "LearnedTreesC"),
    // Trees over the cost models; they are grown in Learning.
    room("LearnedModels", ["CGSL", "LearnedTreesC", "Quantities", "Documents", "Hardware", "Operators", "CostModels"]),
    room("Simulation", ["Quantities", "Documents", "EventEngine", "Hardware", "Operators", "Workloads", "CostModels"]),
    room("Measurement", ["Quantities", "Documents", "ReferenceKernels", "Hardware", "Operators", "Workloads", "CostModels", "LearnedModels", "Simulation"]),
    room("Calibration", ["CGSL", "Quantities", "Documents", "Hardware", "Operators", "CostModels", "Measurement", "ReferenceKernels"]),
    .systemLibrary(name: "CXGBoost", pkgConfig: "xgboost", providers: [.apt(["libxgboost-dev"]), .brew(["xgboost"])]),
    room("Learning", ["CXGBoost", "Quantities", "Documents", "Hardware", "Operators", "CostModels", "LearnedModels", "Measurement", "Calibration"]),
    room("ResultsStore", ["Quantities", "Documents", .product(name: "GRDB", package: "GRDB.swift")]),
    room("Reporting", ["Quantities", "Documents", "Hardware", "Operators", "Workloads", "CostModels", "LearnedModels", "Simulation", "ResultsStore"]),
    room("Scenarios", ["Quantities", "Documents", "Hardware", "Operators", "Workloads", "CostModels", "LearnedModels", "Simulation", "Reporting"]),
    room("Sweeps", ["CGSL", "Quantities", "Documents", "Hardware", "Workloads", "CostModels", "LearnedModels", "Simulation", "ResultsStore", "Scenarios"]),
    room("Orrery", handedOn),
    .executableTarget(
        name: "OrreryCommand",
        dependencies: ["Orrery", "ReferenceKernels", .product(name: "ArgumentParser", package: "swift-argument-parser")] + handedOn),
]

let benchmarks: [Target] = [
    .executableTarget(
        name: "EngineBenchmark", dependencies: ["EventEngine"], path: "Benchmarks/Engine",
        exclude: ["limit.cpp", "pipeline.py"]),
    .executableTarget(name: "LearnedBenchmark", dependencies: ["Orrery"] + handedOn, path: "Benchmarks/Learned"),
    .executableTarget(name: "SimulationBenchmark", dependencies: ["Orrery"] + handedOn, path: "Benchmarks/Simulation"),

    .executableTarget(name: "SweepBenchmark", dependencies: ["Orrery"] + handedOn, path: "Benchmarks/Sweep"),

    .executableTarget(name: "KernelBenchmark", dependencies: ["ReferenceKernels", "Quantities"], path: "Benchmarks/Kernels"),
]

let suites: [Target] = [
    tests(of: "EventEngine"),
    tests(of: "ReferenceKernels", with: ["Documents", "Hardware", "Quantities", "ReferenceKernelsC"]),
    tests(of: "CostModels", with: ["Documents", "Hardware", "Operators", "Quantities"]),
    tests(of: "Simulation", with: ["CostModels", "Documents", "EventEngine", "Hardware", "Operators", "Quantities", "Workloads"]),
    tests(of: "Workloads", with: ["Documents", "Hardware", "Operators", "Quantities"], excluding: ["Fixtures"]),
    tests(of: "Hardware", with: ["Documents", "Quantities"]),
    tests(of: "Reporting", with: ["CostModels", "Documents", "EventEngine", "Hardware", "Operators", "Quantities", "ResultsStore", "Simulation", "Workloads"]),
    tests(of: "Orrery", with: handedOn),
    .testTarget(name: "CommandTests", dependencies: ["OrreryCommand", "Orrery"] + handedOn),
    .testTarget(name: "MeasurementTests", dependencies: ["Measurement", "CostModels", "Documents", "Hardware", "Operators", "Quantities", "ReferenceKernels", "Workloads"],
                resources: [.copy("Fixtures")]),

    tests(of: "Calibration", with: ["CostModels", "Documents", "Hardware", "Measurement", "Operators", "Quantities"]),

    tests(of: "LearnedModels", with: ["CostModels", "Hardware", "Operators", "Quantities"]),
    tests(of: "Learning", with: ["CostModels", "Documents", "Hardware", "LearnedModels", "Measurement", "Operators", "Quantities"]),

    tests(of: "ResultsStore", with: ["Documents"]),

    .testTarget(name: "SweepsTests", dependencies: ["Orrery"] + handedOn, resources: [.copy("Landscapes")]),

    // Bad input and physics, held against the whole.
    .target(name: "Fuzzing", dependencies: ["Orrery"] + handedOn, path: "Tests/Fuzzing"),
    .executableTarget(name: "DecoderFuzzer", dependencies: ["Fuzzing", "Orrery"] + handedOn, path: "Tests/DecoderFuzzer"),
    tests(of: "Fuzzing", with: ["Orrery"] + handedOn),
    .testTarget(name: "LibraryTests", dependencies: ["Fuzzing", "Orrery"] + handedOn),
]

let package = Package(
    name: "orrery",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "orrery", targets: ["OrreryCommand"]),
        .library(name: "Orrery", targets: ["Orrery"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: rooms + benchmarks + suites
)
