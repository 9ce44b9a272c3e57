import Testing

@Suite("Training and its evaluation, as a person runs them")
struct TrainTests {
    private let command: Command

    init() throws { command = try Command() }

    private static let header = "op,device,framework,version,kernel_source,dtype,m,n,k,latency_ms\n"

    @Test("A calibration that cannot be read stops training with its file named, instead of training on other answers than those of the library")
    func damagedCalibration() throws {
        try command.folder.write(Self.header + "gemm,Toy-1,Quick,1,linear,bfloat16,8,256,256,0.1\n", to: "rows.csv")
        try command.folder.write("{ \"device\": \"toy\", ", to: "HardwareSpecs/calibrations/toy.quick.json")
        for arguments in [["train", "--measured", "rows.csv", "--out", "m.json"], ["train", "--measured", "rows.csv", "--evaluate", "here", "--rows", "500"]] {
            let outcome = try command.run(arguments)
            #expect(outcome.status == 65)
            #expect(outcome.errors.contains("HardwareSpecs/calibrations/toy.quick.json"), "\(outcome.errors)")
        }
        #expect(try !command.folder.names().contains("m.json"))
    }

    @Test("Rows that nothing can be learned from are told by reason before training is refused for want of rows")
    func reasonsAreTold() throws {
        try command.folder.write(Self.header + "gemm,Toy-1,Quick,1,linear,bfloat16,8,256,256,0.1\n" + "gemm,Toy-2,Quick,1,linear,bfloat16,8,256,256,0.1\n"
                                 + "gemm,Toy-2,Quick,1,linear,bfloat16,16,256,256,0.1\n", to: "rows.csv")
        let outcome = try command.run("train", "--measured", "rows.csv", "--out", "m.json")
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("rows.csv: 2 rows not taken:"), "\(outcome.errors)")
    }
}
