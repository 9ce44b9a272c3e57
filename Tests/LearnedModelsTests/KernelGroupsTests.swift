import Testing
@testable import LearnedModels

struct KernelGroupsTests {
    private let groups = KernelGroups([
        group("h100-sxm", "vllm", "0.24.0", "bf16 × bf16", "linear", rows: 100),
        group("h100-sxm", "vllm", "0.20.0", "bf16 × bf16", "linear", rows: 50),
        group("h100-sxm", "sglang", "0.5", "bf16 × bf16", "torch", rows: 300),
        group("h100-sxm", "vllm", "0.24.0", "fp8 × fp8", "cutlass", rows: 10),
        group("b200", "vllm", "0.24.0", "bf16, among 8", "deepep_ll", rows: 10),
    ])

    private static func group(_ device: String, _ software: String, _ version: String, _ format: String, _ kernel: String, rows: Int) -> KernelGroup {
        KernelGroup(device: device, architecture: "hopper", software: software, version: version, format: format, kernel: kernel, rows: rows, codes: [Float(rows)])
    }

    private func wanted(_ format: String, _ software: String, _ version: String = "", _ kernel: String = "") -> KernelGroups.Wanted {
        .init(format: format, architecture: "hopper", labels: KernelLabels(software: software, version: version, kernel: kernel))
    }

    @Test("A kernel nobody names is the one of the software with the most rows; a format without a kernel is none")
    func unnamedKernels() {
        #expect(groups.match(wanted("bf16 × bf16", "vllm"), device: "h100-sxm")?.rows == 100)
        #expect(groups.match(wanted("bf16 × bf16", "vllm", "0.20.0"), device: "h100-sxm")?.rows == 50)
        #expect(groups.match(wanted("bf16 × bf16", "vllm", "", "torch"), device: "h100-sxm")?.software == "sglang")
        #expect(groups.match(wanted("bf16 × bf16", "trt"), device: "h100-sxm")?.rows == 300)
        #expect(groups.match(wanted("int8 × int8", "vllm"), device: "h100-sxm") == nil)
        #expect(groups.match(wanted("fp8/g128s32 × fp8/g16384s32", "vllm"), device: "h100-sxm")?.kernel == "cutlass")
    }

    @Test("Strictly, another kernel or an exchange among another number of devices is no match")
    func strictMatches() {
        #expect(groups.match(wanted("bf16 × bf16", "vllm", "", "marlin"), device: "h100-sxm", strictly: true) == nil)
        #expect(groups.match(wanted("bf16, among 4", "vllm"), device: "b200", strictly: true) == nil)
        #expect(groups.match(wanted("bf16, among 4", "vllm"), device: "b200")?.rows == 10)
    }
}
