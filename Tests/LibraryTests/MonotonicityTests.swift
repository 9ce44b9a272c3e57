import Fuzzing
import Orrery
import Testing

@Suite("More hardware is never slower, more work never faster")
struct MonotonicityTests {
    private let catalogue: Catalogue
    private let sample: [Setting]

    /// A tenth of all pairs, always the same ones.
    init() throws {
        let catalogue = try Catalogue.shared.get()
        var random = SplitMix(seed: 60), sample: [Setting] = []
        let share = Int(Catalogue.environment("ORRERY_PAIRS_IN") ?? "10") ?? 10
        for system in catalogue.machines + catalogue.systems {
            for job in catalogue.jobs where Int.random(in: 0..<share, using: &random) == 0 {
                if let setting = catalogue.setting(job, on: system) { sample.append(setting) }
            }
        }
        self.catalogue = catalogue
        self.sample = sample
    }

    @Test("A tenth more, or twice as much, of one resource never makes a job slower", arguments: Scenario.Fidelity.allCases)
    func resources(_ fidelity: Scenario.Fidelity) throws {
        var compared = 0
        for setting in sample {
            guard let before = try? setting.latency(fidelity) else { continue }
            for resource in Device.Resource.allCases {
                for factor in [1.1, 2] {
                    let after = try setting.latency(fidelity, resource, by: factor)
                    #expect(after <= before * (1 + setting.slack) + setting.rounding, "\(setting), \(fidelity): \(factor) × \(resource) takes \(after / before) times as long")
                    compared += 1
                }
            }
        }
        print("\(compared) comparisons of resources over \(sample.count) pairs, \(fidelity.rawValue)")
        #expect(compared > 500)
    }

    @Test("A longer prompt is never faster, more output never shorter, a larger batch never faster", arguments: Scenario.Fidelity.allCases)
    func work(_ fidelity: Scenario.Fidelity) throws {
        let changes: [(String, (inout ModelJob) -> Void)] = [
            ("one more prompt token", { $0.prompt += 1 }), ("an eighth more prompt", { $0.prompt += max(1, $0.prompt / 8) }), ("twice the prompt", { $0.prompt *= 2 }),
            ("one more output token", { $0.output += 1 }), ("twice the output", { $0.output *= 2 }),
            ("twice the batch", { $0.batch *= 2 }), ("three times the batch", { $0.batch *= 3 }),
        ]
        var compared = 0
        for setting in sample {
            guard let before = try? setting.latency(fidelity) else { continue }
            for (name, change) in changes {
                guard let larger = setting.job.changed(change), let after = catalogue.setting(larger, on: setting.system) else { continue }
                let time = try after.latency(fidelity)
                #expect(time >= before * (1 - after.slack) - after.rounding, "\(setting), \(fidelity): \(name) takes \(time / before) times as long")
                compared += 1
            }
        }
        print("\(compared) comparisons of work over \(sample.count) pairs, \(fidelity.rawValue)")
        #expect(compared > 200)
    }
}
