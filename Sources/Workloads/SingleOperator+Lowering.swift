import Documents
import Hardware
import Operators
import Quantities

extension Plan {
    /// One operator, so many times back to back on the accelerator (a copy: on the copy engine).
    init(_ job: SingleOperator, file: String, _ system: System, _ runtime: Runtime) throws(DocumentError) {
        let accelerator = system.accelerator
        guard runtime.runsOn.contains(accelerator.device.kind) else {
            throw DocumentError(file: file, message: "the runtime \"\(runtime.id)\" runs on \(list(runtime.runsOn.map(\.rawValue))), but \"\(accelerator.device.id)\" is a \(accelerator.device.kind.rawValue)")
        }
        var participants = 1
        var operators: [(Operator, OperatorGraph.Stream)] = []
        for operation in job.operators {
            switch operation {
            case .collective(var collective):
                guard collective.participants <= system.acceleratorCount else {
                    throw DocumentError(file: file, path: "operator.participants", message: "\(collective.participants) devices take part, but \"\(system.id)\" has \(system.acceleratorCount) of \"\(accelerator.name)\"")
                }
                participants = collective.participants
                let layout = Layout(Parallelism(tensor: participants), devicesPerNode: accelerator.count)
                collective.participantsPerNode = layout.inNode(participants)
                operators.append((.collective(collective), .communication))
            case .copy(var copy):
                copy.from = try system.place(copy.from, file, "operator.from")
                copy.to = try system.place(copy.to, file, "operator.to")
                guard copy.from != copy.to else {
                    throw DocumentError(file: file, path: "operator.to", message: "\"\(copy.to)\" is where the bytes come from")
                }
                operators.append((.copy(copy), copy.to == accelerator.name ? .copyIn : .copyOut))
            default: operators.append((operation, .compute))
            }
        }
        var graph = OperatorGraph(lanes: [.init(group: accelerator.name, multiplicity: participants)])
        graph.reserve(nodes: job.repetitions * operators.count)
        let uses = operators.map { graph.use(job.operators.count == 1 ? job.name : "\(job.name).\($0.0.kindName)", $0.0) }
        var last: [Int] = []
        for _ in 0..<job.repetitions {
            for (use, work) in zip(uses, operators) {
                last = [graph.add(use, stream: work.1, after: last, allocates: work.0.traffic.activationsWritten)]
            }
        }
        self.init(steps: [Step(phase: .single, graph: graph)], decodeSteps: 0, firstContext: 0, lastContext: 0, sequences: 0,
                  allocations: [Allocation(group: accelerator.name, kind: .workspace, bytesPerDevice: runtime.memoryReserved, note: "context and workspaces of the runtime")]
                    + job.operands(on: accelerator.name))
    }
}

extension SingleOperator {
    /// Weights and cached keys that have to lie in memory before it runs.
    fileprivate func operands(on group: String) -> [Plan.Allocation] {
        let traffic = operators.reduce(Traffic()) { $0 + $1.traffic }
        let kinds: [(Plan.Allocation.Kind, Bytes, String)] = [
            (.weights, traffic.weights, "weights"), (.cache, traffic.cacheRead, "KV cache"),
            (.activations, operators.first?.traffic.activationsRead ?? .zero, "input"),
        ]
        return kinds.filter { $0.1.value > 0 }.map { Plan.Allocation(group: group, kind: $0.0, bytesPerDevice: $0.1, note: $0.2) }
    }
}

extension Operator {
    /// What a report calls this kind of operator.
    public var kindName: String {
        switch self {
        case .matmul: "gemm"
        case .grouped: "grouped-gemm"
        case .attention: "attention"
        case .elementwise(let o): o.kind.rawValue
        case .collective(let o): o.kind.rawValue
        case .copy: "copy"
        }
    }
}

extension System {
    /// The group that a job calls `name`; `device` is the accelerator.
    fileprivate func place(_ name: String, _ file: String, _ path: String) throws(DocumentError) -> String {
        if name == "device" { return accelerator.name }
        guard let group = group(name) else { throw DocumentError(file: file, path: path, message: unknown(name)) }
        return group.name
    }
}
