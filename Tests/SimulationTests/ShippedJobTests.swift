import CostModels
import Hardware
@testable import Simulation
import Testing
import Workloads

/// A shipped job where its file says that it runs.
private struct Shipped: CustomTestStringConvertible {
    let job: Job
    let system: System
    let runtime: Runtime
    var testDescription: String { job.id }

    static func all() throws -> [Shipped] {
        let library = try Library()
        return try library.ids(.jobs).compactMap { id in
            let job = try library.job(id)
            guard let runtime = job.runtime, let system = try job.system.map({ try library.system($0) }) ?? job.device.map({ try library.system(ofDevice: $0) })
            else { return nil }
            return Shipped(job: job, system: system, runtime: try library.runtime(runtime))
        }
    }

    var plan: Plan { get throws { try Plan(lowering: job, onto: system, under: runtime) } }
    var fits: Bool { get throws { MemoryLedger(placing: try plan, on: system, under: runtime).fits } }
}

@Suite("Shipped jobs")
struct ShippedJobTests {
    @Test("No run of a cost model is faster than the physical bound", arguments: try Shipped.all().filter { try !$0.plan.steps.isEmpty })
    private func bound(shipped: Shipped) throws {
        let plan = try shipped.plan, bound = try plan.bound(on: shipped.system, under: shipped.runtime).value
        #expect(bound > 0)
        #expect(try JobRun(plan, on: shipped.system, under: shipped.runtime, with: Roofline()).latency.value >= bound * (1 - 1e-9))
        #expect(try JobRun(plan, on: shipped.system, under: shipped.runtime, with: Cycle()).latency.value >= bound * (1 - 1e-9))
    }

    @Test("Training is answered by its memory alone, and the answer says so")
    func training() throws {
        for shipped in try Shipped.all() where try shipped.plan.steps.isEmpty {
            let report = try simulate(shipped.job, on: shipped.system, under: shipped.runtime, with: Cycle())
            let memory = try #require(report.memory.first { $0.device == shipped.system.accelerator.device.id })
            #expect(report.fits && report.timing == nil && report.energy == nil && report.operators.isEmpty)
            #expect(report.notes.contains { $0.contains("only the memory") })
            let states = memory.gradients.value + memory.optimizer.value
            #expect(states > 0 && memory.cache.value == 0)
        }
    }

    @Test("Training that does not fit is told what would make it fit, and that fits")
    func trainingAdvice() throws {
        let library = try Library()
        var job = try library.job("llama-3.1-8b-train-fsdp8")
        guard case .model(var model) = job.work else { throw SimulationError("the job runs no model") }
        model.training?.recomputation = .none
        model.batch = 64
        job.work = .model(model)
        let system = try library.system("hgx-h100"), runtime = try library.runtime("pytorch-eager")
        #expect(try !simulate(job, on: system, under: runtime, with: Roofline()).fits)
        let proposals = FitAdvice.proposals(for: job, on: system, under: runtime)
        #expect(!proposals.isEmpty)
        for proposal in proposals { #expect(try simulate(proposal.job, on: system, under: runtime, with: Roofline()).fits, "\(proposal.text)") }
    }

    @Test("Every change that is proposed for a job that does not fit makes it fit and run")
    func advice() throws {
        let tooLarge = try Shipped.all().filter { try !$0.fits }
        #expect(!tooLarge.isEmpty)
        for shipped in tooLarge {
            let proposals = FitAdvice.proposals(for: shipped.job, on: shipped.system, under: shipped.runtime)
            #expect(!proposals.isEmpty)
            for proposal in proposals {
                let report = try simulate(proposal.job, on: shipped.system, under: shipped.runtime, with: Roofline())
                #expect(report.fits, "\(shipped.job.id): \(proposal.text)")
            }
        }
    }

    @Test("The largest batch that is proposed fits, and the next one that its replicas and sub-batches divide does not")
    func largestBatch() throws {
        let library = try Library()
        var job = try library.job("llama-3.1-8b-generate")
        guard case .model(var model) = job.work else { throw SimulationError("the job runs no model") }
        (model.batch, model.prompt, model.subBatches) = (1000, 2000, 4)
        job.work = .model(model)
        let system = try library.system(ofDevice: "rtx-3090"), runtime = try library.runtime("vllm")
        let proposal = try #require(FitAdvice.proposals(for: job, on: system, under: runtime).first { $0.text.hasPrefix("batch ") })
        guard case .model(var proposed) = proposal.job.work else { throw SimulationError("the proposal runs no model") }
        #expect(proposed.batch % 4 == 0)
        proposed.batch += 4
        job.work = .model(proposed)
        #expect(!MemoryLedger(placing: try Plan(lowering: job, onto: system, under: runtime), on: system, under: runtime).fits)
    }
}
