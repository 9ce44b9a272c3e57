import Foundation
import Testing

@Suite("Mistakes and what the program says of them")
struct MistakeTests {
    private let command: Command

    init() throws { command = try Command() }

    @Test("Wrong usage is status 64 with the mistake in the first line, and nothing on standard output", arguments: [
        (["simulate"], "error: Missing expected argument '<job>'"),
        (["simulat", "talk"], "error: 'simulat' is no command; did you mean 'simulate'?"),
        (["simulate", "talk", "--devise", "toy"], "error: Unknown option '--devise'. Did you mean '--device'?"),
        (["simulate", "talk", "--device", "toy", "--system", "pair"], "error: --device and --system exclude each other: a system names its devices."),
        (["simulate", "talk", "--batch", "0"], "error: --batch 0 is out of range; use 1 to 1000000000."),
        (["simulate", "talk", "--batch", "99999999999999999999"], "error: The value '99999999999999999999' is invalid for '--batch <n>'"),
        (["simulate", "talk", "--weights", "bf61"], "error: --weights: \"bf61\" is not a tensor format; did you mean \"bf16\"?"),
        (["simulate", "talk", "--cost-model", "exact"], "error: The value 'exact' is invalid for '--cost-model <roofline|cycle|learned>'. Please provide one of 'roofline', 'cycle' or 'learned'."),
        (["simulate", "product", "--batch", "2"], "error: --batch changes a model's job, but product is a single operator."),
        (["simulate", "step", "--output", "2"], "error: --output needs a generate job, but step is a decode job."),
        (["train", "--measured", "rows.csv", "--rows", "1000"], "error: --rows is for --evaluate; a model is trained on all rows"),
        (["train", "--measured", "rows.csv", "--evaluate", "here", "--rows", "10"], "error: --rows 10: take 500 to 10000000"),
        (["train", "--measured", "rows.csv", "--evaluate", "here", "--out", "m.json"], "error: --evaluate goes without --out and --features"),
        (["list", "gpus"], "error: The value 'gpus' is invalid for '<shelf>'. Please provide one of 'devices', 'systems', 'runtimes', 'models' or 'jobs'."),
    ])
    func usage(_ arguments: [String], _ message: String) throws {
        let outcome = try command.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.errors.split(separator: "\n").first.map(String.init) == message)
        #expect(outcome.output.isEmpty)
    }

    @Test("Wrong data is status 65 with one line that names the place and what would be right", arguments: [
        (["simulate", "tolk"], "error: tolk: is no job of the library; did you mean \"talk\"?"),
        (["simulate", "talk", "--device", "toi"], "error: toi: is no device of the library; did you mean \"toy\"?"),
        (["simulate", "talk", "--runtime", "quik"], "error: quik: is no runtime of the library; did you mean \"quick\"?"),
        (["simulate", "talk", "--runtime", "sequencer"], "error: sequencer: does not run on a device of kind gpu, such as toy; use \"quick\""),
        (["simulate", "talk", "--device", "Workloads"], "error: Workloads: is no device of the library; \"orrery list devices\" lists them"),
        (["simulate", "talk", "--device", "./no.json"], "error: ./no.json: cannot be read: no such file or directory"),
        (["simulate", "./Workloads"], "error: ./Workloads: is a folder; name a file in it"),
        (["simulate", "talk", "--tensor-parallel", "3"], "error: Workloads/talk.json: parallelism.tensor: 3 does not divide 8 heads; use 1, 2, 4 or 8"),
        (["simulate", "talk", "--device", "drive"], "error: drive cannot run embedding: it has no engine for it, nor for anything else"),
        (["show", "xyzzy"], "error: xyzzy: is no device, system, runtime, model, job, architecture or calibration of the library; \"orrery list\" lists what there is"),
        (["simulate", "talk", "--library", "Workloads"], "error: Workloads: is no library: there is no folder \"HardwareSpecs\" in it"),
        (["check", "Workloads/talk.json", "nothing.json"], "error: nothing.json: cannot be read: no such file or directory"),
    ])
    func data(_ arguments: [String], _ message: String) throws {
        let outcome = try command.run(arguments)
        #expect(outcome.status == 65)
        #expect(outcome.errors.replacing(command.folder.path, with: ".") == message + "\n")
        #expect(outcome.output.isEmpty)
    }

    @Test("check reports every bad file, each in a line, and list still shows the good ones")
    func several() throws {
        try command.folder.write("{ \"name\": \"Broken\" ", to: "HardwareSpecs/devices/broken.json")
        try command.folder.write("{ \"name\": \"No phase\", \"model\": \"small\", \"phase\": \"prefil\", \"prompt\": 1 }", to: "Workloads/odd.json")
        let check = try command.run("check")
        #expect(check.status == 65)
        #expect(check.errors.split(separator: "\n").map { $0.replacing(command.folder.path, with: ".") } == [
            "error: HardwareSpecs/devices/broken.json: line 1, column 20: expected ',' or '}' in an object",
            "error: Workloads/odd.json: phase: \"prefil\" is unknown; did you mean \"prefill\"?",
        ])
        let list = try command.run("list", "devices")
        #expect(list.status == 65 && list.output.contains("toy") && list.errors.contains("broken.json"))
    }

    @Test("A file that cannot be written is status 74, and the answer that would have gone with it is not printed")
    func output() throws {
        let outcome = try command.run("simulate", "talk", "--trace", "no-folder/trace.json")
        #expect(outcome.status == 74)
        #expect(outcome.errors == "error: no-folder/trace.json: cannot be written: no such file or directory\n")
        #expect(outcome.output.isEmpty)
        let full = try command.run("list", "models", output: FileHandle(forWritingAtPath: "/dev/full"))
        #expect(full.status == 74)
        #expect(full.errors == "error: standard output: cannot be written: no space left on device\n")
    }

    @Test("A reader that goes away is no error: nothing is said")
    func brokenPipe() throws {
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let outcome = try command.run("simulate", "talk", output: pipe.fileHandleForWriting)
        #expect(outcome.errors.isEmpty)
    }

    @Test("Help teaches: every command explains itself and shows two examples, in 80 columns", arguments: [
        ["--help"], ["simulate", "--help"], ["explain", "--help"], ["list", "--help"], ["show", "--help"], ["check", "--help"], ["import", "--help"], ["import", "model", "--help"],
    ])
    func help(_ arguments: [String]) throws {
        let outcome = try command.run(arguments)
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        let examples = outcome.output.split(separator: "\n").filter { $0.hasPrefix("  orrery ") }
        #expect(examples.count >= 2)
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
}
