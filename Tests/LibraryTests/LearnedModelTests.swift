import Orrery
import Testing

/// The model that ships with the library.
struct LearnedModelTests {
    private static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

    private static func load() throws -> (Library, LearnedModel) {
        let library = try Library(Self.root)
        return (library, try library.learnedModel())
    }

    private func product(_ m: Int, _ n: Int, _ k: Int, on device: Device) -> KernelSite {
        KernelSite(.gemm, operators: [.matmul(Matmul(m: m, n: n, k: k, activations: .bf16, weights: .bf16))], on: device, labels: KernelLabels(software: "vllm"))
    }

    @Test("It fits the cycle model and the devices of this library, and knows every family")
    func isCurrent() throws {
        let (_, model) = try Self.load()
        #expect(Set(model.families.keys) == Set(KernelKey.Family.learned))
    }

    @Test("Nine of ten measurements of shapes held out lie within its intervals, in every family")
    func coversWhatItClaims() throws {
        for score in try Self.load().1.manifest.scores where score.heldOut == "shapes" {
            #expect((0.87...0.93).contains(score.coverage), "\(score.family)")
        }
    }

    @Test("On no GPU is a product predicted faster than the physical bound, and its interval holds it")
    func boundsHold() throws {
        let (library, model) = try Self.load()
        for id in library.ids(.devices) {
            let device = try library.device(id)
            guard device.kind == .gpu else { continue }
            let sites = [1, 7, 128, 4096, 100_000].flatMap { m in [(m, 4096, 4096), (m, 128, 65536), (m, 51200, 1000)] }.map { product($0.0, $0.1, $0.2, on: device) }
            for estimate in model.estimate(sites) {
                guard let estimate else { continue }
                #expect(estimate.time >= estimate.bound)
                #expect(estimate.ninety.lowerBound >= estimate.bound)
                #expect(estimate.ninety.lowerBound <= estimate.half.lowerBound)
                #expect(estimate.half.contains(estimate.time))
                #expect(estimate.half.upperBound <= estimate.ninety.upperBound)
            }
        }
    }

    @Test("It says how it knows a device: itself, a sibling, or kernels of other architectures; the interval widens in that order")
    func kinshipIsStated() throws {
        let (library, model) = try Self.load()
        func estimate(_ id: String) throws -> KernelEstimate { try #require(model.estimate([product(300, 4096, 5120, on: library.device(id))])[0]) }
        let known = try estimate("b200"), sibling = try estimate("b300"), stranger = try estimate("l40s")
        #expect(known.kinship == .known)
        if case .sibling = sibling.kinship {} else { Issue.record("b300 has no sibling") }
        #expect(stranger.kinship == .kin)
        #expect(try estimate("arc-pro-b60").kinship == .stranger)
        #expect(known.spread < sibling.spread)
        #expect(sibling.spread < stranger.spread)
    }

    @Test("Far outside of what it saw it says so, names the feature, and widens the interval")
    func extrapolationIsFlagged() throws {
        let (library, model) = try Self.load(), device = try library.device("h100-sxm")
        let inside = try #require(model.estimate([product(512, 4096, 4096, on: device)])[0])
        let outside = try #require(model.estimate([product(40_000_000, 4096, 4096, on: device)])[0])
        #expect(inside.extrapolating == nil)
        #expect(outside.extrapolating != nil)
        #expect(outside.spread > inside.spread)
    }

    @Test("A whole job comes with intervals around its figures, and is never faster than the bound", arguments: ["llama-3.1-70b-decode", "deepseek-v3-ep16"])
    func jobsHaveIntervals(_ job: String) throws {
        let library = try Library(Self.root)
        let report = try library.scenario(of: job, fidelity: .learned).report()
        let timing = try #require(report.timing), interval = try #require(report.intervals.first { $0.figure == .latency })
        #expect(timing.latency >= timing.bound)
        #expect(interval.ninety.contains(timing.latency.value))
        #expect(interval.ninety.lowerBound < interval.half.lowerBound)
        #expect(interval.half.upperBound < interval.ninety.upperBound)
    }

    @Test("Attention of a kind that no table has, latent attention, is answered by the cycle model")
    func latentAttention() throws {
        let library = try Library(Self.root)
        func attention(_ fidelity: Scenario.Fidelity) throws -> Seconds {
            let report = try library.scenario(of: "deepseek-v3-ep16", fidelity: fidelity).report()
            return try #require(report.operators.first { $0.name == "attention" }).latency
        }
        #expect(try attention(.learned) == attention(.cycle))
    }
}
