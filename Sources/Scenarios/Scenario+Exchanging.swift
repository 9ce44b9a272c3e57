import Hardware
import Reporting
import Simulation

extension Scenario {
    /// This scenario run again with one thing of another's at a time: a resource of its system, its kernel costs, its runtime.
    ///
    /// What it takes then says how much of a difference that one thing explains.
    public func exchanging(with other: Scenario) throws -> [RunDifference.Exchange] {
        var exchanges: [RunDifference.Exchange] = []
        func add(_ what: String, _ first: String, _ second: String, _ change: (inout Scenario) -> Void) throws {
            var changed = self
            change(&changed)
            guard let latency = try changed.report([]).timing?.latency else { return }
            exchanges.append(.init(what: what, first: first, second: second, latency: latency))
        }
        for unequal in RunDifference.unequal(other.system, system) {
            try add(unequal.what, unequal.first, unequal.second) { $0.system = system.scaled(unequal.resource, by: unequal.factor) }
        }
        let mine = system.accelerator.device, theirs = other.system.accelerator.device
        if fidelity != .roofline, let a = theirs.kernel.floor, let b = mine.kernel.floor, a != b, let index = system.groups.firstIndex(where: { $0.name == system.accelerator.name }) {
            try add("kernel costs", "\(a)", "\(b)") { $0.system.groups[index].device.kernel = theirs.kernel }
        }
        if other.runtime.id != runtime.id, other.runtime.runsOn.contains(mine.kind) {
            try add("runtime", other.runtime.id, runtime.id) { $0.runtime = other.runtime }
        }
        return exchanges
    }
}
