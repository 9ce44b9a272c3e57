import CostModels
import Operators
import Quantities
import Workloads

/// Sums a run by the role of its operators.
struct OperatorTable {
    let rows: [Report.OperatorRow]

    init(of run: JobRun) {
        var rows: [String: Report.OperatorRow] = [:]
        var longest: [String: Seconds] = [:]
        for (timeline, weight) in zip(run.timelines, run.weights) where weight > 0 {
            let graph = timeline.graph
            for (index, node) in graph.nodes.enumerated() {
                let use = graph.uses[Int(node.use)], lane = graph.lanes[Int(node.lane)], demand = timeline.demand(of: index)
                let record = timeline.records[index]
                let time = Seconds(Double(record.end.picoseconds - record.start.picoseconds) * 1e-12)
                let times = weight * Double(lane.multiplicity)
                let key = use.name + "\u{0}" + lane.group
                var row = rows[key] ?? Report.OperatorRow(name: use.name, kind: use.operation.kind, device: lane.group, count: 0, latency: .zero, flops: .zero,
                                                          bytes: .zero, boundBy: demand.boundBy, energy: .zero, choice: "")
                row.count += times
                row.latency += time * weight
                row.deviceTime += time * times
                row.flops += use.operation.flops * times
                row.bytes += (use.operation.traffic.memory + use.operation.traffic.link) * times
                row.energy += demand.energy.total * times
                // The bound and the kernel choice shown are those of the executions that took longest in all.
                if time * weight > longest[key] ?? Seconds(-1.0) {
                    longest[key] = time * weight
                    row.boundBy = demand.boundBy
                    row.choice = demand.choice.description
                }
                rows[key] = row
            }
        }
        self.rows = rows.values.sorted { ($1.latency, $0.name, $0.device) < ($0.latency, $1.name, $1.device) }
    }
}

extension Operator {
    /// What the operator is called in a table of kinds.
    var kind: String {
        switch self {
        case .matmul: "matmul"
        case .grouped: "grouped-matmul"
        case .attention: "attention"
        case .elementwise(let o): o.kind.rawValue
        case .collective(let o): o.kind.rawValue
        case .copy: "copy"
        }
    }
}
