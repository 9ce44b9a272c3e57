import Quantities
import Simulation

extension TextReport {
    /// Operators by the time they ran, longest first; those beyond `limit` in one line.
    func operators(atMost limit: Int) -> [String] {
        guard let timing = report.timing, !report.operators.isEmpty else { return [] }
        let rows = report.operators.sorted { $0.latency > $1.latency }
        let severalDevices = Set(rows.map(\.device)).count > 1
        var table = TextTable([.left("operator", shrinks: true), .left("device", shrinks: true), .right("count"), .right("time"), .right("share"),
                           .left("bound by"), .right("compute"), .right("traffic")])
        // One line for what is left over would say less than the operator itself.
        let shown = rows.count == limit + 1 ? rows.count : min(limit, rows.count)
        for row in rows.prefix(shown) {
            table.add([row.name, severalDevices ? row.device : "", counted(row.count), row.latency.short, percent(row.latency / timing.latency),
                       row.boundBy.rawValue, achieved(row.flops, row.deviceTime), achieved(row.bytes, row.deviceTime)])
        }
        let others = rows.dropFirst(shown)
        if !others.isEmpty {
            let time = others.reduce(Seconds.zero) { $0 + $1.latency }
            table.add(["\(others.count) others", "", counted(others.reduce(0) { $0 + $1.count }), time.short, percent(time / timing.latency), "", "", ""])
        }
        return [heading("Operators", "share of the job's time; together more than 100 % where they overlap")] + table.lines(style)
    }

    /// What one device achieves while it runs the operator.
    private func achieved(_ flops: Flops, _ time: Seconds) -> String { flops > .zero && time > .zero ? (flops / time).short : "" }
    private func achieved(_ bytes: Bytes, _ time: Seconds) -> String { bytes > .zero && time > .zero ? (bytes / time).short : "" }

    var memory: [String] {
        guard !report.memory.isEmpty else { return [] }
        let trains = report.memory.contains { $0.gradients + $0.optimizer > .zero }
        let between: [TextTable.Column] = trains ? [.right("gradients"), .right("optimizer")] : [.right("KV cache")]
        var table = TextTable([.left("group"), .left("device", shrinks: true), .right("weights")] + between + [.right("activations"), .right("runtime"), .right("peak"), .right("usable")])
        func cell(_ bytes: Bytes) -> String { bytes > .zero ? bytes.short : "–" }
        for memory in report.memory {
            let middle = trains ? [cell(memory.gradients), cell(memory.optimizer)] : [cell(memory.cache)]
            table.add([memory.group, memory.device, cell(memory.weights)] + middle + [cell(memory.activations), cell(memory.workspace), memory.peak.short, memory.usable.short])
        }
        return [heading("Memory", "at its fullest, on each device of a group")] + table.lines(style)
    }

    /// The critical path: what has to become faster for the job to become faster.
    func blame(atMost limit: Int) -> [String] {
        let total = report.blame.reduce(Seconds.zero) { $0 + $1.seconds }
        guard total > .zero else { return [] }
        let rows = report.blame.sorted { $0.seconds > $1.seconds }
        var table = TextTable([.left("waiting for", shrinks: true), .left("bound by"), .right("time"), .right("share")])
        let shown = rows.count == limit + 1 ? rows.count : min(limit, rows.count)
        for row in rows.prefix(shown) { table.add([row.name, row.bound.rawValue, row.seconds.short, percent(row.seconds / total)]) }
        let others = rows.dropFirst(shown)
        if !others.isEmpty {
            let time = others.reduce(Seconds.zero) { $0 + $1.seconds }
            table.add(["\(others.count) others", "", time.short, percent(time / total)])
        }
        return [heading("Critical path", "the chain of waits that made the job this long")] + table.lines(style)
    }

    var sensitivities: [String] {
        guard !report.sensitivities.isEmpty else { return [] }
        var table = TextTable([.left("10 % more of"), .right("whole job"), .right("faster by")])
        for row in report.sensitivities.sorted(by: { $0.gain > $1.gain }) {
            table.add([row.resource.spaced, "\(row.latency)", percent(row.gain)])
        }
        return [heading("What would make it faster")] + table.lines(style)
    }
}

extension String {
    /// `memoryBandwidth` as a person writes it: `memory bandwidth`.
    var spaced: String {
        reduce(into: "") { text, letter in text += letter.isUppercase ? " " + letter.lowercased() : String(letter) }
    }
}
