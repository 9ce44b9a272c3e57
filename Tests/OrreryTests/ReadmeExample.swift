import Foundation
import Testing

// begin
import Orrery

func tenLines() throws -> Report {
    let library = try Library()
    let job = try library.job("llama-3.1-8b-generate")
    let runtime = try library.runtime("vllm")
    var system = try library.system(ofDevice: "h100-sxm")
    let today = try simulate(job, on: system, under: runtime, with: Cycle())
    system = system.scaled(.memoryBandwidth, by: 1.5)
    let tomorrow = try simulate(job, on: system, under: runtime, with: Cycle())
    print(today.timing?.tpot ?? .zero, "becomes", tomorrow.timing?.tpot ?? .zero)
    return tomorrow
}
// end

@Suite("The README")
struct ReadmeTests {
    private var root: URL { URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent() }

    @Test("The example of the README is the code above, and it runs: half as much bandwidth again makes decoding faster, but not by as much")
    func example() throws {
        let source = try String(contentsOf: URL(fileURLWithPath: #filePath), encoding: .utf8)
        let begin = try #require(source.range(of: "// begin\n")), end = try #require(source.range(of: "// end\n"))
        let code = source[begin.upperBound..<end.lowerBound].trimmingCharacters(in: .whitespacesAndNewlines)
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        #expect(readme.contains("```swift\n\(code)\n```"))

        let tpot = try #require(tenLines().timing?.tpot)
        let library = try Library()
        let before = try #require(simulate(library.job("llama-3.1-8b-generate"), on: library.system(ofDevice: "h100-sxm"),
                                           under: library.runtime("vllm"), with: Cycle()).timing?.tpot)
        #expect(tpot < before && tpot > before / 1.5)
    }

    @Test("Every file that the README links to is there, and every job, device, system and runtime it names is in the library")
    func names() throws {
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        for match in readme.matches(of: /\]\(([^)h][^)]*)\)/) {
            #expect(FileManager.default.fileExists(atPath: root.appendingPathComponent(String(match.output.1)).path), "\(match.output.1)")
        }
        let library = try Library()
        for match in readme.matches(of: /orrery (?:simulate|explain) ([a-z0-9.-]+)/) { _ = try library.job(String(match.output.1)) }
        for match in readme.matches(of: /--device ([a-z0-9@.W-]+)/) { _ = try library.device(String(match.output.1)) }
        for match in readme.matches(of: /--system ([a-z0-9-]+)/) { _ = try library.system(String(match.output.1)) }
        for match in readme.matches(of: /--runtime ([a-z0-9-]+)/) { _ = try library.runtime(String(match.output.1)) }
    }
}
