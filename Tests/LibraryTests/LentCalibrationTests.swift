import CostModels
import Documents
import Foundation
import Hardware
import Testing

struct LentCalibrationTests {
    @Test("What kernels of four architectures take is lent to an L40S, none of its own; an Arc, whose instructions are others, gets nothing")
    func lends() throws {
        let library = try Library()
        let lent = try #require(try library.shippedCalibration(of: library.device("l40s"), under: "vllm"))
        let owners = try lent.kin.map { try library.device(String($0.dropLast(".vllm".count))) }
        #expect(owners.count == 4 && Set(owners.map(\.architecture)).count == 4)
        #expect(owners.allSatisfy { $0.architecture != "ada" && $0.instructions == "ptx" })
        #expect(try library.foreignCalibration(of: library.device("arc-pro-b60"), under: "vllm") == nil)
    }

    @Test("A device that lends and cannot be read is an error that names its file, not an answer without it")
    func brokenOwner() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)"), shipped = try Library()
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["HardwareSpecs", "Workloads"] {
            try FileManager.default.copyItem(atPath: shipped.path(name), toPath: folder.appendingPathComponent(name).path)
        }
        try "{".write(to: folder.appendingPathComponent("HardwareSpecs/devices/a100-sxm-80gb.json"), atomically: true, encoding: .utf8)
        let library = try Library(folder.path), device = try library.device("l40s")
        let refusal = #expect(throws: DocumentError.self) { try library.shippedCalibration(of: device, under: "vllm") }
        #expect(refusal?.file.hasSuffix("a100-sxm-80gb.json") == true)
    }
}
