import Documents

/// Kernels of a Chrome trace that PyTorch's profiler wrote (`export_chrome_trace`), summed by operator, shape and kernel.
///
/// A kernel's `External id` names the operator that started it, whose `Input Dims` stand there when the profiler ran with
/// `record_shapes`. Kernels of a replayed CUDA graph have no operator. A trace without any device has the operators'
/// own time on the processor, less that of the operators inside them.
struct TorchTrace {
    /// More than a run of any length that a browser still shows.
    static let mostEvents = 20_000_000

    private struct OperatorCall {
        var external: Int
        var thread: Int
        var start, duration: Double
        var label: Int
    }

    private struct KernelCall {
        var external: Int
        var label: Int
        var device: Int
        var duration: Double
    }

    let file: String
    private var labels: [OperatorLabel: Int] = [:]
    private var labelList: [OperatorLabel] = []
    private var calls: [OperatorCall] = []
    private var kernels: [KernelCall] = []
    private var devices: [Int: String] = [:]
    private var unreadable = 0

    var notes: [String] { unreadable == 0 ? [] : ["\(file): \(unreadable) operators or kernels without a duration"] }

    init(file: String) { self.file = file }

    /// - Parameter devices: `deviceProperties` of the trace.
    mutating func name(devices properties: JSON) {
        guard case .array(let list) = properties else { return }
        for device in list {
            if case .number(let id)? = device["id"], let id = Int(id), case .string(let name)? = device["name"] { devices[id] = name }
        }
    }

    /// Takes one of `traceEvents`; what is no operator, kernel or copy is passed over.
    mutating func add(_ event: JSON) throws(DocumentError) {
        guard case .string("X")? = event["ph"], case .string(let category)? = event["cat"], case .string(let name)? = event["name"] else { return }
        guard ["cpu_op", "kernel", "gpu_memcpy", "gpu_memset"].contains(category) else { return }
        let arguments = event["args"] ?? .object([])
        func number(_ json: JSON?) -> Double? {
            guard case .number(let text)? = json, let value = Double(text), value.isFinite else { return nil }
            return value
        }
        guard let duration = number(event["dur"]), duration >= 0 else {
            unreadable += 1
            return
        }
        guard calls.count + kernels.count < Self.mostEvents else {
            throw DocumentError(file: file, message: "holds more than \(Self.mostEvents) operators and kernels; profile fewer steps")
        }
        let external = number(arguments["External id"]).flatMap { Int(exactly: $0) } ?? -1
        if category == "cpu_op" {
            let label = index(of: OperatorLabel(name: name, kernel: "", arguments: arguments))
            calls.append(OperatorCall(external: external, thread: number(event["tid"]).flatMap { Int(exactly: $0) } ?? 0,
                                      start: number(event["ts"]) ?? 0, duration: duration, label: label))
        } else {
            let bytes = number(arguments["bytes"]).flatMap { Int(exactly: $0) }
            let label = index(of: OperatorLabel(name: "", kernel: name, bytes: bytes))
            kernels.append(KernelCall(external: external, label: label, device: number(arguments["device"]).flatMap { Int(exactly: $0) } ?? 0, duration: duration))
        }
    }

    private mutating func index(of label: OperatorLabel) -> Int {
        if let known = labels[label] { return known }
        labels[label] = labelList.count
        labelList.append(label)
        return labelList.count - 1
    }

    private struct Group: Hashable {
        var operation, kernel, device: Int
    }

    func records() -> [MeasuredRecord] {
        var durations: [Group: [Double]] = [:]
        if kernels.isEmpty {
            for (call, own) in ownTimes() { durations[Group(operation: call, kernel: -1, device: -1), default: []].append(own) }
        } else {
            let operation = Dictionary(calls.lazy.filter { $0.external >= 0 }.map { ($0.external, $0.label) }) { first, _ in first }
            for kernel in kernels {
                let group = Group(operation: operation[kernel.external] ?? -1, kernel: kernel.label, device: kernel.device)
                durations[group, default: []].append(kernel.duration)
            }
        }
        // Most time first; equal ones in the order of their first appearance.
        let ordered = durations.map { (group: $0.key, times: $0.value.sorted(), total: $0.value.reduce(0, +)) }.sorted {
            ($1.total, $0.group.operation, $0.group.kernel, $0.group.device) < ($0.total, $1.group.operation, $1.group.kernel, $1.group.device)
        }
        return ordered.compactMap { group, times, total in
            // The operator takes no time of its own: a view.
            guard total > 0 else { return nil }
            var record = (group.operation >= 0 ? labelList[group.operation] : OperatorLabel(name: "", kernel: "")).record(
                kernel: group.kernel >= 0 ? labelList[group.kernel] : nil)
            record.value = median(of: times) / 1e3  // microseconds in a trace
            record.device = group.device < 0 ? "" : devices[group.device] ?? ""
            record.software = "PyTorch"
            record.add("calls", JSON(times.count))
            record.add("total_ms", JSON(total / 1e3))
            record.add("min_ms", JSON((times.first ?? 0) / 1e3))
            record.add("max_ms", JSON((times.last ?? 0) / 1e3))
            record.note = group.device < 0 ? "own time of the operator on the processor, under the profiler" : "kernel time on the device, median of the calls"
            return record
        }
    }

    /// Of every operator call its time less that of the calls inside it, thread by thread.
    private func ownTimes() -> [(label: Int, own: Double)] {
        var own = calls.map(\.duration)
        let order = calls.indices.sorted {
            (calls[$0].thread, calls[$0].start, -calls[$0].duration) < (calls[$1].thread, calls[$1].start, -calls[$1].duration)
        }
        var open: [Int] = []
        for index in order {
            while let last = open.last, calls[last].thread != calls[index].thread || calls[last].start + calls[last].duration <= calls[index].start { open.removeLast() }
            if let parent = open.last { own[parent] -= calls[index].duration }
            open.append(index)
        }
        return calls.indices.map { (calls[$0].label, max(0, own[$0])) }
    }
}

/// Middle value; 0 of none. The values are sorted.
func median(of sorted: [Double]) -> Double {
    guard let last = sorted.indices.last else { return 0 }
    return (sorted[last / 2] + sorted[(last + 1) / 2]) / 2
}
