import CostModels
import Documents
import Quantities

extension Report {
    /// Reads a report back from what `--json` wrote.
    ///
    /// - Throws: `DocumentError` where something is missing, or of a kind that it cannot be.
    public init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        let fits = try reader.require("fits").bool()
        func seconds(_ key: String) throws(DocumentError) -> Seconds? { try reader.optional(key)?.amount().map { Seconds($0) } }
        let latency = try seconds("latencySeconds"), bound = try seconds("bound"), ttft = try seconds("ttftSeconds"), tpot = try seconds("tpotSeconds")
        let outputs = try reader.optional("outputTokensPerSecond")?.amount(), prompts = try reader.optional("promptTokensPerSecond")?.amount()
        let busy = try reader.optional("busyFraction")?.amount()
        let operators = try reader.require("operators").each { (entry) throws(DocumentError) in try OperatorRow(reading: entry) }
        // Training has no operators and no time.
        if fits, latency == nil, !operators.isEmpty { throw document.error("\"latencySeconds\" is missing, though the job fits") }
        let energy = try reader.optional("energyJoules")?.amount(), power = try reader.optional("averagePowerWatts")?.amount()
        var components: [(component: Energy.Component, energy: Joules)] = []
        for (key, value) in try reader.optional("energyByComponent")?.members() ?? [] {
            guard let component = Energy.Component(rawValue: key) else {
                throw value.error("is no component of energy; there are \(list(Energy.Component.allCases.map(\.rawValue)))")
            }
            components.append((component, Joules(try value.number(in: 0...1e300))))
        }
        let boundary = try reader.optional("energyBoundary")?.string() ?? ""
        let memory = try reader.require("memory").each { (entry) throws(DocumentError) in try DeviceMemory(reading: entry) }
        let blame = try reader.require("blame").each { (entry) throws(DocumentError) in
            var row = try entry.object()
            return BlameRow(name: try row.require("name").string(), bound: try row.require("boundBy").choice(), seconds: Seconds(try row.require("seconds").number(in: 0...1e300)))
        }
        let sensitivities = try reader.require("sensitivities").each { (entry) throws(DocumentError) in
            var row = try entry.object()
            return Sensitivity(resource: try row.require("resource").string(), latency: Seconds(try row.require("latencySeconds").number(in: 0...1e300)), gain: try row.require("gain").number())
        }
        let advice = try reader.optional("advice")?.strings() ?? [], notes = try reader.optional("notes")?.strings() ?? []
        let intervals = try reader.optional("intervals")?.each { (entry) throws(DocumentError) in try Interval(reading: entry) } ?? []
        self.init(basis: try Basis(reading: try reader.require("basis")), fits: fits, memory: memory, advice: advice,
                  timing: latency.map { Timing(latency: $0, ttft: ttft, tpot: tpot, outputTokensPerSecond: outputs, promptTokensPerSecond: prompts, bound: bound ?? .zero, busyFraction: busy ?? 0) },
                  energy: energy.map { Energy(total: Joules($0), components: components, boundary: boundary, averagePower: Watts(power ?? 0)) },
                  operators: operators, blame: blame, sensitivities: sensitivities, notes: notes)
        self.intervals = intervals
    }
}

private extension Report.Interval {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        func range(_ low: String, _ high: String) throws(DocumentError) -> ClosedRange<Double> {
            let lower = try reader.require(low).number(), end = try reader.require(high)
            let upper = try end.number()
            guard lower <= upper else { throw end.error("lies below \"\(low)\"") }
            return lower...upper
        }
        self.init(try reader.require("figure").choice(), half: try range("low50", "high50"), ninety: try range("low90", "high90"))
    }
}

private extension Report.Basis {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        self.init(version: try reader.require("version").string(), job: try reader.require("job").string(), system: try reader.require("system").string(),
                  runtime: try reader.require("runtime").string(), costModel: try reader.require("costModel").string(), calibration: try reader.optional("calibration")?.string(),
                  inherited: try reader.optional("inherited")?.strings() ?? [], recalled: try reader.optional("recalled")?.strings() ?? [])
    }
}

private extension Report.DeviceMemory {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        func bytes(_ key: String) throws(DocumentError) -> Bytes { Bytes(try reader.require(key).number(in: 0...1e300)) }
        self.init(group: try reader.require("group").string(), device: try reader.require("device").string(), capacity: try bytes("capacityBytes"), peak: try bytes("peakBytes"),
                  weights: try bytes("weightsBytes"), gradients: try reader.optional("gradientBytes").map { (part) throws(DocumentError) in Bytes(try part.number(in: 0...1e300)) } ?? .zero,
                  optimizer: try reader.optional("optimizerBytes").map { (part) throws(DocumentError) in Bytes(try part.number(in: 0...1e300)) } ?? .zero, cache: try bytes("kvCacheBytes"), activations: try bytes("activationBytes"), workspace: try bytes("workspaceBytes"),
                  usable: try bytes("usableBytes"))
    }
}

private extension Report.OperatorRow {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        func number(_ key: String) throws(DocumentError) -> Double { try reader.require(key).number(in: 0...1e300) }
        self.init(name: try reader.require("name").string(), kind: try reader.require("kind").string(), device: try reader.require("device").string(), count: try number("count"),
                  latency: Seconds(try number("latencySeconds")), flops: Flops(try number("flops")), bytes: Bytes(try number("bytes")), boundBy: try reader.require("boundBy").choice(),
                  energy: Joules(try number("energyJoules")), choice: try reader.optional("choice")?.string() ?? "", deviceTime: Seconds(try number("deviceSeconds")))
    }
}

private extension Document {
    func amount() throws(DocumentError) -> Double? { try number(in: 0...1e300) }

    func strings() throws(DocumentError) -> [String] { try each { (entry) throws(DocumentError) in try entry.string() } }

    func each<Element>(_ read: (Document) throws(DocumentError) -> Element) throws(DocumentError) -> [Element] {
        var elements: [Element] = []
        for entry in try array() { elements.append(try read(entry)) }
        return elements
    }
}
