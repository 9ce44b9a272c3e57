import Documents
import Foundation
import Testing

@Suite("Predictions against measurements")
struct CompareTests {
    private let command: Command

    init() throws { command = try Command() }

    private func file(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).csv").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test("compare counts a device that the library does not have and reports the rows by group as JSON")
    func json() throws {
        let path = try file("op,device,dtype,m,n,k,latency_ms\ngemm,nowhere,bfloat16,64,64,64,0.01\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let outcome = try command.run("compare", "--measured", path, "--by", "device,phase", "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let json = try Document(file: "output", text: outcome.output.utf8).json
        guard case .array(let groups)? = json["groups"] else { return #expect(Bool(false), "no groups") }
        #expect(groups.count == 1)
        #expect(groups.first?["given"] == .number("1") && groups.first?["predicted"] == .number("0") && groups.first?["mape"] == .null)
    }

    @Test("A file that is no measured file, a missing one and an unknown column end with status 65, a limit of 0 with 64")
    func mistakes() throws {
        let path = try file("a,b\n1,2\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try command.run("compare", "--measured", path).status == 65)
        #expect(try command.run("compare", "--measured", "/nowhere/runs.csv").status == 65)
        #expect(try command.run("compare", "--measured", path, "--by", "devise").status == 65)
        #expect(try command.run("compare", "--measured", path, "--limit", "0").status == 64)
    }

    @Test("A calibration that cannot be read is the reason why its rows have no prediction, with the name of its file")
    func brokenCalibration() throws {
        let path = try file("op,device,framework,dtype,m,n,k,latency_ms\ngemm,toy,VLLM,bfloat16,64,64,64,0.01\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        func predicted() throws -> (count: JSON?, text: String) {
            let outcome = try command.run("compare", "--measured", path, "--json")
            guard case .array(let groups)? = try Document(file: "output", text: outcome.output.utf8).json["groups"] else { return (nil, outcome.output) }
            return (groups.first?["predicted"], outcome.output)
        }
        #expect(try predicted().count == .number("1"))
        try command.folder.write("{ \"device\": ", to: "HardwareSpecs/calibrations/toy.vllm.json")
        let broken = try predicted()
        #expect(broken.count == .number("0"))
        #expect(broken.text.contains("toy.vllm.json"))
    }
}
