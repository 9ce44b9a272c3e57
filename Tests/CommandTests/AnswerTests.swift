import Documents
import Foundation
import Testing

@Suite("Answers of the program")
struct AnswerTests {
    private let command: Command

    init() throws { command = try Command() }

    private func json(_ outcome: Command.Outcome) throws -> JSON {
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try Document(file: "output", text: outcome.output.utf8).json
    }

    private func number(_ json: JSON?) throws -> Double {
        guard case .number(let text)? = json else { throw NotANumber() }
        return Double(text) ?? .nan
    }

    private struct NotANumber: Error {}

    @Test("simulate answers with latency, energy, memory and operators; nothing goes to standard error", arguments: ["talk", "step", "product"], ["cycle", "roofline"])
    func simulate(_ job: String, _ model: String) throws {
        let outcome = try command.run("simulate", job, "--cost-model", model)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        for part in ["whole job", "physical bound", "energy", "fits", "Operators", "Memory", "Critical path", "cost model \(model)"] {
            #expect(outcome.output.contains(part), "\(part) is not in:\n\(outcome.output)")
        }
    }

    @Test("The JSON has every promised key, the bound is not above the latency, and the critical path adds up to it", arguments: ["talk", "step", "product"], ["cycle", "roofline"])
    func keys(_ job: String, _ model: String) throws {
        let report = try json(try command.run("simulate", job, "--cost-model", model, "--json"))
        for key in ["latencySeconds", "ttftSeconds", "tpotSeconds", "outputTokensPerSecond", "energyJoules", "energyByComponent", "fits", "memory", "bound",
                    "operators", "basis", "blame", "sensitivities", "notes", "advice"] { #expect(report[key] != nil, "\(key)") }
        let latency = try number(report["latencySeconds"])
        #expect(try number(report["bound"]) <= latency * (1 + 1e-9))
        guard case .array(let blame)? = report["blame"], case .object(let components)? = report["energyByComponent"] else { throw NotANumber() }
        #expect(abs(try blame.reduce(0) { $0 + (try number($1["seconds"])) } / latency - 1) < 1e-6)
        let joules = try number(report["energyJoules"])
        #expect(abs(try components.reduce(0) { $0 + (try number($1.value)) } / joules - 1) < 1e-9)
    }

    @Test("The same question gets the same answer, byte for byte")
    func deterministic() throws {
        let first = try command.run("simulate", "talk", "--json"), second = try command.run("simulate", "talk", "--json")
        #expect(first.output == second.output)
    }

    @Test("A job runs where its file says, or where the command line says")
    func target() throws {
        #expect(try json(try command.run("simulate", "talk", "--json"))["basis"]?["system"] == .string("toy"))
        #expect(try json(try command.run("simulate", "talk", "--system", "pair", "--json"))["basis"]?["system"] == .string("pair"))
        #expect(try json(try command.run("simulate", "./Workloads/talk.json", "--device", "TOY_1", "--json"))["basis"]?["system"] == .string("toy"))
    }

    @Test("Changes on the command line change the answer, and the report says so")
    func changes() throws {
        let one = try json(try command.run("simulate", "talk", "--json")), many = try json(try command.run("simulate", "talk", "--batch", "32", "--json"))
        #expect(try number(many["latencySeconds"]) > number(one["latencySeconds"]))
        #expect(many["notes"] == .array([.string("Changed on the command line: batch 32.")]))
        let narrow = try json(try command.run("simulate", "talk", "--weights", "int8", "--json"))
        guard case .array(let wide)? = one["memory"], case .array(let halved)? = narrow["memory"] else { throw NotANumber() }
        #expect(try number(halved[0]["weightsBytes"]) < number(wide[0]["weightsBytes"]))
    }

    @Test("What does not fit is an answer: status 0, fits false, amounts, no time")
    func doesNotFit() throws {
        let report = try json(try command.run("simulate", "talk", "--batch", "4000", "--prompt", "2000", "--json"))
        #expect(report["fits"] == .bool(false))
        #expect(report["latencySeconds"] == .null)
        guard case .array(let memory)? = report["memory"], case .array(let advice)? = report["advice"] else { throw NotANumber() }
        #expect(try number(memory[0]["peakBytes"]) > number(memory[0]["capacityBytes"]))
        #expect(!advice.isEmpty)
        let text = try command.run("simulate", "talk", "--batch", "4000", "--prompt", "2000", "--trace", "t.json")
        #expect(text.status == 0 && text.output.contains("does not fit"))
        #expect(text.errors == "note: t.json was not written: what does not fit does not run\n")
        #expect(!(try command.folder.names().contains("t.json")))
    }

    @Test("A trace is one JSON document whose spans end with the steps that were simulated; nothing else is left in the folder")
    func trace() throws {
        let outcome = try command.run("simulate", "talk", "--system", "pair", "--tensor-parallel", "2", "--trace", "trace.json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let trace = try Document(file: "trace.json", text: try command.folder.read("trace.json").utf8).json
        guard case .array(let events)? = trace["traceEvents"] else { throw NotANumber() }
        let phases = events.compactMap { if case .string(let phase)? = $0["ph"] { phase } else { nil } }
        #expect(phases.count == events.count && Set(phases) == ["M", "X", "C", "i"])
        #expect(try command.folder.names() == ["HardwareSpecs", "Workloads", "trace.json"])
        let names = events.compactMap { $0["args"]?["name"] }
        for name in ["compute stream", "tensor engine", "nvlink among gpu"] { #expect(names.contains(.string(name)), "\(name)") }
    }

    @Test("explain tells what bounds the job in words, with the roofline and the kernels")
    func explain() throws {
        let outcome = try command.run("explain", "talk")
        #expect(outcome.status == 0, "\(outcome.errors)")
        for part in ["In short", "Critical path", "What \"bound by\" means:", "make 102 FLOP/byte", "Kernels", "10 % more of"] {
            #expect(outcome.output.contains(part), "\(part) is not in:\n\(outcome.output)")
        }
    }

    @Test("list shows an entry a line, show its figures and sources, check finds nothing wrong")
    func library() throws {
        #expect(try command.run("list", "devices").output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            .contains("toy gpu 10.2 TFLOP/s bf16 1 GiB 100 GB/s 100 W Toy accelerator"))
        guard case .array(let jobs) = try json(try command.run("list", "jobs", "--json")) else { throw NotANumber() }
        #expect(jobs.compactMap { $0["id"] } == [.string("product"), .string("step"), .string("talk")])
        let show = try command.run("show", "toy-1").output
        #expect(show.contains("Balance: an operator has to do 102 operations") && show.contains("made up"))
        // 2 layers of 4 heads of 32, keys and values, 2 bytes each.
        #expect(try command.run("show", "small").output.contains("1,024 bytes in bf16"))
        #expect(try command.run("check").output == "8 files checked, nothing wrong\n")
        #expect(try command.run("check", "Workloads/talk.json").output == "1 file checked, nothing wrong\n")
    }

    @Test("An imported model is a model file that check accepts and a job can name")
    func importing() throws {
        try command.folder.write(Fixture.llamaConfig, to: "tiny-llama/config.json")
        let printed = try command.run("import", "model", "tiny-llama/config.json")
        #expect(printed.status == 0, "\(printed.errors)")
        #expect(try command.run("import", "model", "tiny-llama/config.json", "--output", "Workloads/models/tiny.json").output.isEmpty)
        #expect(try command.run("check", "Workloads/models/tiny.json").status == 0)
        #expect(try command.run("show", "tiny").output.contains("8 heads of 32"))
    }
}
