import Documents
import Hardware
import Testing

@Suite("Documentation")
struct DocumentedExamples {
    /// The first JSON block of a document.
    private func example(in name: String) throws -> Document {
        let path = "\(library.root)/Documentation/\(name)"
        let text = String(decoding: try Document.bytes(of: path), as: UTF8.self)
        let blocks = text.split(separator: "```json\n")
        let block = try #require(blocks.dropFirst().first?.split(separator: "```").first)
        return try Document(file: "example", text: Array(block.utf8))
    }

    @Test("The device of Documentation/Devices.md reads")
    func device() throws { #expect(try Device(reading: example(in: "Devices.md")).units == 80) }

    @Test("The system of Documentation/Systems.md reads and has sixteen accelerators")
    func system() throws {
        let system = try System(reading: example(in: "Systems.md")) { try library.device($0) }
        #expect(system.acceleratorCount == 16)
    }

    @Test("The runtime of Documentation/Runtimes.md reads")
    func runtime() throws { #expect(try Runtime(reading: example(in: "Runtimes.md")).launch == .eager) }
}
