import Documents
import Foundation
import Hardware
import Operators
import Quantities
import Testing
@testable import Workloads

func dump(_ plan: Plan, layers: Set<Int16> = [-1, 0, 1]) {
    for a in plan.allocations { print("  alloc", a.group, a.kind, a.bytesPerDevice, a.note) }
    print("  steps", plan.decodeSteps, plan.firstContext, plan.lastContext, plan.steps.map(\.phase))
    let g = plan.steps[plan.steps.count - 1].graph
    for (i, l) in g.lanes.enumerated() { print("  lane", i, l.group, l.multiplicity, l.label, l.engine as Any) }
    print("  nodes", g.nodes.count)
    for (i, n) in g.nodes.enumerated() where layers.contains(n.layer) {
        let u = g.uses[Int(n.use)]
        var d = "\(u.operation)"; d = d.replacingOccurrences(of: "Operators.", with: "")
        let shape: String = switch u.operation {
        case .matmul(let o): "m\(o.m) n\(o.n) k\(o.k) b\(o.batch) \(o.weights) \(o.math)"
        case .grouped(let o): "tokens\(o.tokens.prefix(6))… n\(o.n) k\(o.k)"
        case .attention(let o): "b\(o.batch) q\(o.queries) c\(o.context) h\(o.heads)/\(o.kvHeads) d\(o.keyDimension)/\(o.valueDimension) w\(o.window)"
        case .elementwise(let o): "\(o.kind) \(o.rows)x\(o.width)"
        case .collective(let o): "\(o.kind) \(o.participants)/\(o.participantsPerNode) \(o.bytes) imb \(o.imbalance)"
        case .copy(let o): "\(o.from)→\(o.to) \(o.bytes) r\(o.requests)"
        }
        print("   ", i, "L\(n.lane)", n.stream, "l\(n.layer)", u.name, shape, "after", Array(g.dependencies(of: i)), n.waitsForHost ? "host" : "", n.allocates)
    }
}

@Test func dumpOne() throws {
    guard let which = ProcessInfo.processInfo.environment["DUMP"] else { return }
    let job = try Job(reading: document(at: "Workloads/\(which).json"), id: which) { d throws(Documents.DocumentError) in
        do { return try model(d.string()) } catch { throw d.error("\(error)") }
    }
    let lib = try Library(root.path)
    let extra = #""ssd": { "spec": "samsung-980pro" }, "csd": { "spec": "instcsd", "count": 2 }"#
    let dev = ProcessInfo.processInfo.environment["DEV"] ?? "h100-sxm"
    let n = Int(ProcessInfo.processInfo.environment["NODES"] ?? "1")!
    _ = lib
    let sys = try Lower.system(dev, count: 8, nodes: n, extra: extra)
    let plan = try Plan(lowering: job, onto: sys, under: Lower.runtime())
    dump(plan, layers: Set((ProcessInfo.processInfo.environment["LAYERS"] ?? "-1,0,1").split(separator: ",").map { Int16($0)! }))
    let clock = ContinuousClock()
    let t = clock.measure { for _ in 0..<10 { _ = try? Plan(lowering: job, onto: sys, under: Lower.runtime()) } }
    print("time per plan", t / 10)
}
