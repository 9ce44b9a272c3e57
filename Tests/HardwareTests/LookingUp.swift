import Documents
import Hardware
import Quantities
import Testing

@Suite("Looking up")
struct LookingUp {
    @Test("An id, an alias in any spelling and a path lead to the same device", arguments: [
        "h100-sxm", "H100_SXM", "h100 sxm", "H100-SXM-80GB", "h100-sxm-80gb dgx", "H100",
    ])
    func names(_ name: String) throws { #expect(try library.device(name).id == "h100-sxm") }

    @Test("A path is read as it stands")
    func paths() throws {
        #expect(try library.device(library.folder(of: .devices) + "/t4.json").id == "t4")
        #expect(complaint { _ = try library.device("./no-such.json") } == "./no-such.json: cannot be read: no such file or directory")
        #expect(complaint { _ = try library.device(library.folder(of: .devices) + "/") }?.hasSuffix("is a folder; name a file in it") == true)
    }

    @Test("Every label that measured runs use for a shipped part leads to it", arguments: [
        ("A100-SXM-80GB", "a100-sxm-80gb"), ("A100-SXM-40GB(ALCF)", "a100-sxm-40gb"), ("H100-SXM-80GB(ALCF)", "h100-sxm"), ("h200_sxm", "h200-sxm"),
        ("b200_sxm", "b200"), ("B200-SXM", "b200"), ("GH200", "gh200-96gb"), ("GH200-144GB", "gh200-144gb"), ("H100-NVL-94GB", "h100-nvl"),
        ("H100-PCIe-80GB", "h100-pcie"), ("A40-48GB", "a40"), ("RTXA6000-48GB", "a6000"), ("RTX3090-24GB", "rtx-3090"), ("RTX4090-24GB", "rtx-4090"),
        ("Jetson-AGX-Orin-64GB", "jetson-agx-orin-64gb"), ("MI300X", "mi300x"), ("A100-SXM-80GB@330Wcap", "a100-sxm-80gb@330Wcap"),
        ("H100-SXM-80GB@350Wcap", "h100-sxm@350Wcap"),
    ])
    func labels(_ label: String, _ id: String) throws { #expect(try library.device(label).id == id) }

    @Test("An unknown name is answered with the nearest known ones", arguments: [
        ("h100-sxn", "h100-sxn: is no device of the library; did you mean \"h100-sxm\" or \"H100\"?"),
        ("zzzzzzzzzzzzzzzzzz", "zzzzzzzzzzzzzzzzzz: is no device of the library; \"orrery list devices\" lists them"),
    ])
    func unknown(_ name: String, _ message: String) { #expect(complaint { _ = try library.device(name) } == message) }

    @Test("Systems and runtimes have aliases, too")
    func otherShelves() throws {
        #expect(try library.system("8x-H100").id == "hgx-h100")
        #expect(try library.runtime("trtllm").id == "tensorrt-llm")
        #expect(complaint { _ = try library.runtime("vlm") } == "vlm: is no runtime of the library; did you mean \"vllm\"?")
    }

    @Test("A folder without specifications is no library")
    func noLibrary() { #expect(complaint { _ = try Library("/proc") } == "/proc: is no library: there is no folder \"HardwareSpecs\" in it") }

    @Test("A device alone comes with its usual host, joined by the fastest port that both have")
    func singleDevice() throws {
        let gh200 = try library.system(ofDevice: "gh200-96gb")
        #expect(gh200.host?.device.id == "grace")
        #expect(gh200.link("host", "gpu")?.name == "c2c")
        #expect(gh200.link("host", "gpu")?.bandwidth == BytesPerSecond(450e9))
        #expect(try library.system(ofDevice: "a100-sxm-80gb").link("gpu", "host")?.bandwidth == BytesPerSecond(32e9))
        #expect(try library.system(ofDevice: "xeon-8380").accelerator.device.id == "xeon-8380")
    }

    @Test("Between nodes two HGX boards talk over InfiniBand, inside one over NVLink")
    func links() throws {
        let pair = try library.system("2x-hgx-h100-infiniband")
        #expect(pair.acceleratorCount == 16)
        #expect(pair.link("gpu", "gpu", crossingNodes: true)?.name == "infiniband")
        #expect(pair.link("gpu", "gpu")?.name == "nvlink")
        #expect(try library.system("cloudmatrix384").acceleratorCount == 384)
    }
}
