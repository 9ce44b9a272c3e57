import Documents
import Hardware
import Quantities
import Testing
@testable import Workloads

private let library = Result { try Library(root.path) }
private let shippedJobs = (try? library.get().ids(.jobs)) ?? []

@Suite("The jobs of the library")
struct ShippedJobTests {
    @Test("There are at least 25 jobs, each with a name, a line about it, and a place to run") 
    func described() throws {
        #expect(shippedJobs.count >= 25)
        for id in shippedJobs {
            let job = try library.get().job(id)
            #expect(job.name != id && !job.summary.isEmpty && job.runtime != nil && (job.system == nil) != (job.device == nil))
        }
    }

    @Test("Every job lowers onto the system that it names, to a graph that computes or moves something; training to what it keeps", arguments: shippedJobs)
    func lowers(id: String) throws {
        let library = try library.get()
        let job = try library.job(id)
        let system = try job.system.map { try library.system($0) } ?? library.system(ofDevice: try #require(job.device))
        let plan = try Plan(lowering: job, onto: system, under: library.runtime(try #require(job.runtime)))
        let trains = if case .model(let work) = job.work { work.phase == .train } else { false }
        #expect(plan.steps.isEmpty == trains && !plan.allocations.isEmpty)
        for step in plan.steps {
            #expect(step.graph.flops.value + step.graph.total(\.linkBytes) > 0)
            for (index, node) in step.graph.nodes.enumerated() {
                #expect(step.graph.lanes.indices.contains(Int(node.lane)))
                #expect(node.allocates.value.isFinite && node.allocates.value >= 0)
                #expect(step.graph.dependencies(of: index).allSatisfy { $0 < index })
            }
        }
        for allocation in plan.allocations {
            #expect(system.group(allocation.group) != nil && allocation.bytesPerDevice.value.isFinite)
        }
    }
}
