import Fuzzing
import Orrery
import Testing

@Suite("Mutated files")
struct MutationTests {
    @Test("A mutated file of any kind is refused in words or answered in finite numbers", arguments: FileKind.allCases)
    func anyFile(_ kind: FileKind) throws {
        let library = try Library()
        var trial = try Trial(library)
        let seeds = try Seeds(of: library, configurations: "\(library.root)/Tests/WorkloadsTests/Fixtures/huggingface")
        var random = SplitMix(seed: 20_26)
        var outcomes: Set<Outcome> = []
        for _ in 0..<400 {
            let bytes = seeds.mutated(kind, using: &random)
            do { outcomes.insert(try trial.run(kind, bytes)) } catch {
                Issue.record("\(error)\n\(String(decoding: bytes, as: UTF8.self))")
            }
        }
        #expect(outcomes.contains(.refused) && outcomes.contains(.answered))
    }

    @Test("The same seed gives the same files")
    func sameSeed() throws {
        let seeds = try Seeds(of: try Library(), configurations: nil)
        var one = SplitMix(seed: 7), other = SplitMix(seed: 7)
        for kind in seeds.kinds { #expect(seeds.mutated(kind, using: &one) == seeds.mutated(kind, using: &other)) }
    }
}
