import CostModels
import Hardware
import Quantities
import Workloads

/// What each resource is worth: the whole job run again on a system that has a tenth more of one thing.
enum Sensitivity {
    static func all(of plan: Plan, on system: System, under runtime: Runtime, with costs: some CostModel, baseline: Seconds) throws -> [Report.Sensitivity] {
        var rows: [Report.Sensitivity] = []
        for resource in Device.Resource.allCases {
            let better = system.scaled(resource, by: 1.1)
            let latency = try JobRun(plan, on: better, under: runtime.scaled(resource, by: 1.1), with: costs).latency
            rows.append(.init(resource: resource.rawValue, latency: latency, gain: baseline / latency - 1))
        }
        return rows.sorted { $0.gain > $1.gain }
    }
}
