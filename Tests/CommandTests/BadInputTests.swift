import Foundation
import Testing

@Suite("Bad input")
struct BadInputTests {
    private let command: Command

    init() throws { command = try Command() }

    @Test("A mistake in a declaration gives one line that says what is wrong and what would be right, status 65, and no number",
          arguments: BadInput.devices + BadInput.systemsAndRuntimes + BadInput.modelsAndJobs + BadInput.operators)
    func declaration(_ input: BadInput) throws {
        let text = try #require(Fixture.files[input.file.rawValue])
        try #require(text.contains(input.right))
        try command.folder.write(text.replacing(input.right, with: input.wrong, maxReplacements: 1), to: input.file.rawValue)
        try expectOneLine(input.message, from: input.arguments)
    }

    private func expectOneLine(_ message: String, from arguments: [String]) throws {
        let outcome = try command.run(arguments)
        #expect(outcome.status == 65)
        #expect(outcome.errors == message)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.split(separator: "\n").count == 1)
    }

    // MARK: Files that are no declarations

    private static let job = Fixture.files["Workloads/talk.json"] ?? ""

    @Test("A file that is not JSON, or not text, is refused at the place where it stops being so", arguments: [
        ("nothing", Data(), "is empty; a declaration is an object in curly braces"),
        ("only spaces", Data(" \n\n ".utf8), "is empty; a declaration is an object in curly braces"),
        ("half a file", Data(job.utf8.prefix(60)), "line 1, column 61: a string is not closed"),
        ("something behind the end", Data((job + " }").utf8), "line 1, column 155: something follows the end of the document"),
        ("a comma too many", Data(job.replacing("\"output\": 8,", with: "\"output\": 8,,").utf8), "line 1, column 102: expected a key in double quotes"),
        ("a comma before the brace", Data(job.replacing(" } }", with: " }, }").utf8), "line 1, column 154: a comma stands before the closing brace; take it away"),
        ("a comma before the bracket", Data("{ \"aliases\": [1, ] }".utf8), "line 1, column 18: a comma stands before the closing bracket; take it away"),
        ("a comment", Data(("// mine\n" + job).utf8), "line 1, column 1: JSON has no comments; take it away"),
        ("single quotes", Data(job.replacing("\"", with: "'").utf8), "line 1, column 3: expected a key in double quotes"),
        ("the same key twice", Data(job.replacing("\"batch\": 2", with: "\"batch\": 2, \"batch\": 3").utf8), "line 1, column 76: the key \"batch\" stands twice in one object"),
        ("a list", Data("[1, 2, 3]".utf8), "is a list; write an object in curly braces"),
        ("a bare word", Data("simulate".utf8), "line 1, column 1: this is not the start of a JSON value; a declaration is an object in curly braces"),
        ("a binary", Data(0...255), "line 1, column 1: this is not the start of a JSON value; a declaration is an object in curly braces"),
        ("Latin-1", Data([0x7B, 0x22, 0xE4, 0x22, 0x3A, 0x31, 0x7D]), "line 1, column 5: a string is not valid UTF-8; save the file as UTF-8"),
        ("UTF-16", Data([0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]), "is in UTF-16; save it as UTF-8"),
        ("nesting without end", Data(repeating: 0x5B, count: 100_000), "line 1, column 129: nested more than 128 deep"),
        ("20 MB", Data(repeating: 0x20, count: 20_000_000), "is larger than 16 MiB; no declaration is"),
        ("a key with a line feed", Data(job.replacing("\"batch\"", with: "\"bat\\nch\"").utf8), "unknown key \"bat\\nch\"; did you mean \"batch\"?"),
    ] as [(String, Data, String)])
    func text(_ name: String, _ bytes: Data, _ message: String) throws {
        try bytes.write(to: URL(fileURLWithPath: "\(command.folder.path)/Workloads/talk.json"))
        try expectOneLine("error: Workloads/talk.json: \(message)\n", from: ["simulate", "talk"])
    }

    @Test("A name for the wrong thing says what that thing is", arguments: [
        (["simulate", "talk", "--device", "toy@30W"], "toy@30W: \"toy\" has no modes"),
        (["simulate", "talk", "--device", "./HardwareSpecs"], "./HardwareSpecs: is a folder; name a file in it"),
        (["simulate", "./HardwareSpecs/devices/toy.json"], "./HardwareSpecs/devices/toy.json: describes a device, not a job"),
        (["simulate", "talk", "--device", "./Workloads/talk.json"], "./Workloads/talk.json: describes a job, not a device"),
        (["simulate", "talk", "--device", "./HardwareSpecs/systems/pair.json"], "./HardwareSpecs/systems/pair.json: describes a system, not a device"),
        (["simulate", "talk", "--runtime", "./Workloads/models/small.json"], "./Workloads/models/small.json: describes a model, not a runtime"),
        (["simulate", "/dev/null"], "/dev/null: is empty; a declaration is an object in curly braces"),
        (["simulate", "/dev/zero"], "/dev/zero: is larger than 16 MiB; no declaration is"),
        (["simulate", "talk", "--system", "pair", "--batch", "3", "--tensor-parallel", "4"],
         "Workloads/talk.json: parallelism: tensor 4 × pipeline 1 × data 1 takes 4 devices, but \"pair\" has 2 of \"gpu\""),
        (["simulate", "talk", "--prompt", "1000000000"], "Workloads/talk.json: prompt: 1000000000 is out of range; use 1 to 10000000"),
    ])
    func wrongThing(_ arguments: [String], _ message: String) throws {
        try expectOneLine("error: \(message)\n", from: arguments)
    }

    @Test("A configuration that cannot be imported says which key is to blame", arguments: [
        ("{ \"model_type\": \"mamba\" }", "model_type: \"mamba\" is not supported; use "), ("{ \"hidden_size\": 4096 }", "\"model_type\" is missing; use "),
        ("{ \"model_type\": \"llama\", \"hidden_size\": 4096 }", "\"intermediate_size\" is missing"), ("[]", "is a list; write an object in curly braces"),
    ])
    func configuration(_ text: String, _ message: String) throws {
        try command.folder.write(text, to: "config.json")
        let outcome = try command.run("import", "model", "config.json")
        #expect(outcome.status == 65 && outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("error: config.json: \(message)") && outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }

    @Test("Experts that do not divide among devices are refused with those counts that do")
    func experts() throws {
        let model = try #require(Fixture.files["Workloads/models/small.json"]), job = try #require(Fixture.files["Workloads/talk.json"])
        try command.folder.write(model.replacing("512 } }", with: "512 }, \"experts\": { \"count\": 6, \"topK\": 2, \"dimension\": 64 } }"), to: "Workloads/models/small.json")
        try command.folder.write(job.replacing("\"output\": 8,", with: "\"output\": 8, \"parallelism\": { \"data\": 2, \"expert\": 4 },"), to: "Workloads/talk.json")
        try expectOneLine("error: Workloads/talk.json: parallelism.expert: 4 does not divide 6 experts; use 1, 2, 3 or 6\n", from: ["simulate", "talk", "--system", "pair"])
    }

    @Test("A file that describes nothing known is told so by check")
    func nothingKnown() throws {
        try command.folder.write("{ \"colour\": \"red\" }", to: "odd.json")
        let outcome = try command.run("check", "odd.json")
        #expect(outcome.status == 65 && outcome.errors.hasPrefix("error: odd.json: is not a device, system, runtime, architecture, calibration, model or job"))
    }
}
