import Documents
import Foundation
import Testing

@Suite("A file that is written whole or not at all")
struct OutputFileTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    private func content(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }
    private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] }

    @Test("A file that was not completed leaves the one before as it was, and nothing beside it")
    func abandoned() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try "before".write(toFile: path("a"), atomically: true, encoding: .utf8)
        do {
            var file = try OutputFile(path("a"))
            try file.write(String(repeating: "after", count: 100_000))
        }
        #expect(try content("a") == "before")
        #expect(names == ["a"])
    }

    @Test("A completed file replaces the one before, long or short")
    func completed() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for text in ["first", String(repeating: "longer ", count: 50_000), ""] {
            var file = try OutputFile(path("a"))
            try file.write(text)
            try file.close()
            #expect(try content("a") == text)
        }
        #expect(names == ["a"])
    }

    @Test("A link stays a link: what it points to is replaced")
    func link() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try "before".write(toFile: path("target"), atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: path("target"))
        var file = try OutputFile(path("link"))
        try file.write("after")
        try file.close()
        #expect(try content("target") == "after")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path("link")) == path("target"))
    }

    @Test("A missing folder and a folder in place of a file are refused before anything is written")
    func refused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: OutputError(path: path("no/a"), message: "cannot be written: no such file or directory")) { _ = try OutputFile(path("no/a")) }
        #expect(throws: OutputError(path: folder.path, message: "is a folder; name a file in it")) { _ = try OutputFile(folder.path) }
        #expect(names.isEmpty)
    }

    @Test("A full disk is an error, not a shorter file")
    func full() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: OutputError(path: "/dev/full", message: "cannot be written: no space left on device")) {
            var file = try OutputFile("/dev/full")
            try file.write("text")
            try file.close()
        }
    }
}
