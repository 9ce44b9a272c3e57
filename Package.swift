// swift-tools-version: 6.1
import PackageDescription

/// A room of the house: one target, importing only rooms below it.
func room(_ name: String, _ below: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: below)
}

func tests(of name: String, with others: [Target.Dependency] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + others)
}

let package = Package(
    name: "orrery",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "orrery", targets: ["OrreryCommand"]),
        .library(name: "Orrery", targets: ["Orrery"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        // From the ground up: nothing imports a room listed after it.
        room("Quantities"),
        room("Documents", ["Quantities"]),
        room("EventEngine"),
        room("Hardware", ["Quantities", "Documents"]),
        room("Operators", ["Quantities"]),
        room("Workloads", ["Quantities", "Documents", "Hardware", "Operators"]),
        room("CostModels", ["Quantities", "Documents", "Hardware", "Operators"]),
        room("Simulation", ["Quantities", "EventEngine", "Hardware", "Operators", "Workloads", "CostModels"]),
        room("Reporting", ["Quantities", "Hardware", "Operators", "Workloads", "CostModels", "Simulation"]),
        // Real kernels on the host processor, which the simulator is held against.
        .target(name: "ReferenceKernelsC"),
        room("ReferenceKernels", ["ReferenceKernelsC", "Quantities"]),
        room("Orrery", ["Quantities", "Documents", "EventEngine", "Hardware", "Operators", "Workloads", "CostModels", "Simulation", "Reporting"]),
        .executableTarget(
            name: "OrreryCommand",
            dependencies: ["Orrery", .product(name: "ArgumentParser", package: "swift-argument-parser")]),

        .executableTarget(
            name: "EngineBenchmark", dependencies: ["EventEngine"], path: "Benchmarks/Engine",
            exclude: ["limit.cpp", "pipeline.py"]),

        .executableTarget(name: "KernelBenchmark", dependencies: ["ReferenceKernels"], path: "Benchmarks/Kernels"),

        tests(of: "EventEngine"),
        tests(of: "Hardware"),
        tests(of: "ReferenceKernels", with: ["Documents", "Hardware", "Quantities"]),
        tests(of: "Simulation", with: ["CostModels", "EventEngine", "Hardware", "Operators", "Quantities", "Workloads"]),
    ]
)
