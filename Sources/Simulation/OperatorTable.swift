import CostModels
import Operators
import Quantities
import Workloads

/// Sums a run by the role of its operators.
struct OperatorTable {
    let rows: [Report.OperatorRow]

    init(of run: JobRun) {
        var sums: [Key: Sum] = [:]
        for (timeline, weight) in zip(run.timelines, run.weights) where weight > 0 {
            for part in Part.all(in: timeline) {
                let lane = timeline.graph.lanes[part.lane], use = timeline.graph.uses[part.use]
                let key = Key(name: use.name, group: lane.group)
                sums[key, default: Sum(kind: use.operation.kind)].add(part, use.operation, timeline.demand(use: part.use, lane: part.lane), weight: weight,
                                                                      devices: Double(lane.multiplicity))
            }
        }
        rows = sums.map { $1.row($0) }.sorted { ($1.latency, $0.name, $0.device) < ($0.latency, $1.name, $1.device) }
    }

    private struct Key: Hashable {
        var name: String
        var group: String
    }

    /// All nodes of one use on one lane: they cost the same.
    private struct Part {
        var use: Int
        var lane: Int
        var count = 0
        var picoseconds: Int64 = 0

        static func all(in timeline: Timeline) -> [Part] {
            let lanes = timeline.graph.lanes.count
            var parts = (0..<timeline.graph.uses.count * lanes).map { Part(use: $0 / lanes, lane: $0 % lanes) }
            for (node, record) in zip(timeline.graph.nodes, timeline.records) {
                let index = Int(node.use) * lanes + Int(node.lane)
                parts[index].count += 1
                parts[index].picoseconds += record.end.picoseconds - record.start.picoseconds
            }
            return parts.filter { $0.count > 0 }
        }
    }

    private struct Sum {
        let kind: String
        var count = 0.0, deviceTime = 0.0, flops = 0.0, bytes = 0.0, energy = 0.0
        /// Time by lane: each stands for devices that do the same at the same time.
        var laneTimes: [Int: Double] = [:]
        /// Time by what bounded it and how it was carried out.
        var wayTimes: [Way: Double] = [:]

        struct Way: Hashable {
            var bound: Bound
            var choice: Choice
        }

        init(kind: String) { self.kind = kind }

        mutating func add(_ part: Part, _ operation: Operator, _ demand: Demand, weight: Double, devices: Double) {
            let time = Double(part.picoseconds) * 1e-12 * weight, times = Double(part.count) * weight * devices
            count += times
            deviceTime += time * devices
            laneTimes[part.lane, default: 0] += time
            wayTimes[Way(bound: demand.boundBy, choice: demand.choice), default: 0] += time
            flops += operation.flops.value * times
            bytes += (operation.traffic.memory + operation.traffic.link).value * times
            energy += demand.energy.total.value * times
        }

        func row(_ key: Key) -> Report.OperatorRow {
            // Equal times are told apart by name, so that a run repeats itself exactly.
            let way = wayTimes.max { ($0.value, $1.key.bound.rawValue, $1.key.choice.description) < ($1.value, $0.key.bound.rawValue, $0.key.choice.description) }?.key
            return Report.OperatorRow(name: key.name, kind: kind, device: key.group, count: count, latency: Seconds(laneTimes.values.max() ?? 0),
                                      flops: Flops(flops), bytes: Bytes(bytes), boundBy: way?.bound ?? .latency, energy: Joules(energy),
                                      choice: way?.choice.description ?? "", deviceTime: Seconds(deviceTime))
        }
    }
}
