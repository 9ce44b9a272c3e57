import CostModels
import Documents
import Hardware
import LearnedModels
import Operators
import Quantities
import Workloads

/// A measured figure as a cost model and the library say it should be.
public struct Prediction: Sendable {
    /// In the unit of the row.
    public var value: Double
    /// The physical bound in the same unit: no time is shorter, no rate higher.
    public var bound: Double?
    /// What limits the longest part of it.
    public var boundBy: Bound
    /// Cost model, device and what was filled in from its family.
    public var basis: String
    /// Where half, and 90 %, of such measurements lie, in the unit of the row; nil where the model does not say.
    public var intervals: Intervals?

    public struct Intervals: Sendable {
        public var half: ClosedRange<Double>
        public var ninety: ClosedRange<Double>
    }
}

/// Maps measured rows to devices and work of the library and predicts them.
public struct Predictor {
    public let costs: any CostModel
    /// What corrects `costs`, where that is the cycle model.
    public let calibrations: CalibrationChoice
    var library: Library
    /// Folders in which a device that the library does not have may lie, by the name that rows call it, with what was fitted for
    /// it: `host.json`, `host.reference-kernels.json`.
    public var folders: [String] = []
    var devices: [String: Result<Device, RowError>] = [:]
    var models: [String: Result<Model, RowError>] = [:]
    lazy var systems: [System] = library.ids(.systems).compactMap { try? library.system($0) }
    lazy var runtimes: [Runtime] = library.ids(.runtimes).compactMap { try? library.runtime($0) }

    var shippedCalibrations: [String: Calibration?] = [:]

    private var memo = PredictionMemo()
    var runtimesByLabel: [String: Result<Runtime, RowError>] = [:]

    /// Labels that are kept in memory; a file with more, or with longer ones, has something else in its columns.
    static let mostLabels = 4096
    private static let longestLabel = 256

    static func isKept(_ label: String, besides count: Int) -> Bool { count < mostLabels && label.utf8.count <= longestLabel }

    public init(_ library: Library, costs: any CostModel, calibrations: CalibrationChoice = .none) {
        self.library = library
        self.costs = costs
        self.calibrations = calibrations
    }

    /// - Throws: `RowError` saying why this row cannot be predicted.
    public mutating func predict(_ row: MeasuredRow) throws(RowError) -> Prediction {
        guard row.value > 0 else { throw RowError("the measured value is not above 0, so that no relative error is defined") }
        let answer: PredictionMemo.Answer
        if let key = memo.key(of: row) {
            if let known = memo[key] {
                answer = known
            } else {
                answer = self.answer(to: row)
                memo[key] = answer
            }
        } else {
            answer = self.answer(to: row)
        }
        let tooFast = RowError("measured in less than half of what datasheet peaks allow: something else than the row says was run")
        if let (measure, least) = answer.least, let measured = measure.seconds(of: row.value), measured < least / Self.impossible { throw tooFast }
        let prediction = try answer.outcome.get()
        if Self.isTime(row.metric), let bound = prediction.bound, row.value < bound / Self.impossible { throw tooFast }
        return prediction
    }

    private mutating func answer(to row: MeasuredRow) -> PredictionMemo.Answer {
        var least: (measure: RunMeasure, time: Double)?
        do throws(RowError) {
            let prediction = try predict(row, least: &least)
            return PredictionMemo.Answer(outcome: .success(prediction), least: least)
        } catch {
            return PredictionMemo.Answer(outcome: .failure(error))
        }
    }

    /// - Parameter least: the metric of a whole model as a time, and the bound of that.
    private mutating func predict(_ row: MeasuredRow, least: inout (measure: RunMeasure, time: Double)?) throws(RowError) -> Prediction {
        let reading = try RowReading(row)
        // The reading of a file is a kernel of its own; all else that offloads is a model.
        let isRead = row.phase == "offload" && row.metric == "kernel_latency"
        if ModelRun.phases.contains(row.phase) && !isRead || row.metric == "itl_mean" {
            let run = try modelRun(reading)
            let (costs, calibration) = try calibrated(run.system.accelerator.device, software: run.runtime.id)
            var measure = try RunMeasure(run, reading, outputs: try reading.outputs)
            measure.sensorLag = Seconds(calibration?.power?.constants[.sensorLag] ?? 0)
            let (value, bound, boundBy) = try run.predict(measure, under: costs)
            least = bound.flatMap { measure.seconds(of: $0) }.map { (measure, $0) }
            let basis = (["\(costs.name) on \(run.system.accelerator.device.id) under \(run.runtime.id), \(Self.name(calibration))"] + run.assumptions).joined(separator: "; ")
            return Prediction(value: value, bound: bound, boundBy: boundBy, basis: basis)
        }
        if row.phase == "memory" {
            return Prediction(value: try memoryFigure(reading), bound: nil, boundBy: .memory, basis: "sizes of the library, no calibration")
        }
        let run = try kernelRun(reading)
        if let learned = costs as? Learned, let prediction = try predict(row, run, learned.model) { return prediction }
        let (costs, calibration) = try calibrated(run.device, software: runtimeID(of: row, on: run.device), kernel: row.kernelName, alone: true,
                                                   countsHost: KernelRun.repeats(reading))
        var (time, boundBy) = run.time(under: costs, gaps: !(costs is Roofline))
        let floor = run.hostFloor(calibration)
        if floor > time { (time, boundBy) = (floor, .launch) }
        let bound = run.time(under: Roofline(), gaps: false).time
        guard time.value.isFinite, time.value > 0 else { throw RowError("\"\(run.device.id)\" has no engine or port for it") }
        let inherited = run.device.inherited.isEmpty ? "" : ", \(run.device.inherited.count) values of its family"
        return Prediction(value: try figure(of: run, taking: time, row), bound: try figure(of: run, taking: bound, row), boundBy: boundBy,
                          basis: "\(costs.name) on \(run.device.id), \(Self.name(calibration))\(inherited)")
    }

    /// How far below the physical bound a measured time has to be before the row is not believed: the bound counts what the
    /// row says was done, give or take.
    static let impossible = 2.0

    static func name(_ calibration: Calibration?) -> String { calibration.map { "calibration \($0.title)" } ?? "no calibration" }

    /// Of a kernel or exchange by itself.
    private static func isTime(_ metric: String) -> Bool { metric == "kernel_latency" || metric == "coll_latency" || metric == "a2a_latency" }

    /// What the metric of the row makes of a time.
    func figure(of run: KernelRun, taking time: Seconds, _ row: MeasuredRow) throws(RowError) -> Double {
        switch (row.metric, row.unit) {
        case ("kernel_latency", "s"), ("coll_latency", "s"), ("a2a_latency", "s"): time.value
        case ("kernel_latency", "ms"), ("coll_latency", "ms"), ("a2a_latency", "ms"): time.value * 1e3
        case ("kernel_latency", "us"), ("coll_latency", "us"), ("a2a_latency", "us"): time.value * 1e6
        case ("gemm_tflops", "TFLOP/s"), ("gemm_tflops", "TOP/s"), ("attn_tflops", "TFLOP/s"): (run.flops / time).value / 1e12
        case ("gemm_mem_bw", "GB/s"), ("attn_mem_bw", "GB/s"): (run.bytes / time).value / 1e9
        default: throw RowError("metric \"\(row.metric)\" in \"\(row.unit)\" is not predicted yet for \"\(row.phase)\"")
        }
    }

    mutating func kernelRun(_ row: RowReading) throws(RowError) -> KernelRun {
        let phase = row.row.phase
        if KernelRun.processorPhases.contains(phase), let device = try? device(row.row.device), device.kind == .cpu {
            var predictor = self
            var run = try KernelRun.processor(row, on: device) { (name) throws(RowError) in try predictor.device(name) }
            // Which kernels there are; the host costs of a call are of the software, not of the kernel that was timed.
            if let software = row.row.software, let runtime = try? runtime(software, for: device) { run.runtime = runtime }
            return run
        }
        guard ["gemm", "attn_prefill", "attn_decode", "moe_gemm", "comm", "moe_all2all"].contains(phase) else {
            throw RowError("phase \"\(phase)\" is not predicted yet")
        }
        let device = try device(row.row.device)
        return switch phase {
        case "gemm" where row.text("layer", "n_embd") != nil: try .layer(row, on: device) { (name) throws(RowError) in try model(name) }
        case "attn_prefill", "attn_decode":
            if row.text("head_dim") == nil {
                try .layerAttention(row, on: device) { (name) throws(RowError) in try model(name) }
            } else {
                try .attention(row, decode: phase == "attn_decode", on: device)
            }
        case "gemm": try .gemm(row, on: device)
        case "moe_gemm": try .experts(row, on: device)
        case "comm": try .collective(row, on: device, over: fabric(of: row, on: device))
        default: try .exchange(row, on: device, over: fabric(joining: KernelRun.participants(row), of: device, orMore: row.row.header.layout == .runs))
        }
    }

    // MARK: Devices

    /// The device that a label names, `@350Wcap` behind it lowering its power limit.
    mutating func device(_ label: String) throws(RowError) -> Device {
        if let known = devices[label] { return try known.get() }
        let found: Result<Device, RowError>
        do throws(RowError) { found = .success(try lookUp(label)) } catch { found = .failure(error) }
        if Self.isKept(label, besides: devices.count) { devices[label] = found }
        return try found.get()
    }

    /// Adds the device of this name to the library where one of the folders has it.
    private mutating func takeIn(_ name: String) {
        guard !library.ids(.devices).contains(name), name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }) else { return }
        for folder in folders {
            let path = "\(folder)/\(name).json"
            guard (try? library.device(path)) != nil else { continue }
            library.add(path, to: .devices)
            for runtime in library.ids(.runtimes) {
                let fitted = "\(folder)/\(name).\(runtime).json"
                if (try? library.calibration(fitted)) != nil { library.add(fitted, to: .calibrations) }
            }
            return
        }
    }

    private mutating func lookUp(_ label: String) throws(RowError) -> Device {
        takeIn(label)
        var name = Substring(label), cap: Double?
        if label.hasSuffix("Wcap"), let at = label.lastIndex(of: "@"), let watts = Double(label[label.index(after: at)...].dropLast(4)) {
            (name, cap) = (label[..<at], watts)
        }
        // A label out of a measured file is never a path.
        guard !name.isEmpty, !Library.isPath(String(name)), var device = try? library.device(String(name)) else {
            throw RowError("device \"\(label)\" is not in the library")
        }
        if let cap {
            guard let limit = device.power.limit, cap > (device.power.active ?? device.power.idle ?? .zero).value, cap <= limit.value else {
                throw RowError("device \"\(label)\": the cap is not within the power that \"\(device.id)\" states")
            }
            device.power.limit = Watts(cap)
        }
        return device
    }

    /// The links over which a collective goes: within a node or between nodes; cards in pairs on bridges reach other pairs by their bus.
    private mutating func fabric(of row: RowReading, on device: Device) throws(RowError) -> Fabric {
        let devices = try KernelRun.participants(row), perNode = try KernelRun.devicesPerNode(row)
        guard row.row.device.hasSuffix("pairwise NVLink") else {
            return fabric(joining: devices, of: device, crossing: perNode < devices)
        }
        guard devices > 2, let bus = device.ports.min(by: { $0.bandwidth < $1.bandwidth }) else { return Fabric() }
        return Fabric(inside: Link(bus, topology: .switch))
    }

    /// The links of the smallest board that joins so many of the device; without one its own port.
    ///
    /// - Parameters:
    ///   - orMore: where no system is so large, the largest of several nodes goes on as it is.
    ///   - crossing: the devices are on several nodes, however few they are.
    private mutating func fabric(joining count: Int, of device: Device, orMore: Bool = false, crossing: Bool = false) -> Fabric {
        let clusters = orMore || crossing ? systems.filter { $0.nodes > 1 && $0.accelerator.device.architecture == device.architecture } : []
        let larger = clusters.max { ($0.accelerator.device.id == device.id ? 1 : 0, $0.acceleratorCount) < ($1.accelerator.device.id == device.id ? 1 : 0, $1.acceleratorCount) }
        let board = crossing ? nil : board(joining: count, of: device)
        guard let system = board ?? larger else { return Fabric() }
        let name = system.accelerator.name
        let crosses = crossing || count > system.accelerator.count
        // A relative's cluster lends the network between nodes, not the links within one.
        let isOwn = board != nil || system.accelerator.device.id == device.id
        let own = isOwn ? system.link(name, name) : device.ports.max { $0.bandwidth < $1.bandwidth }.map { Link($0, topology: .switch) }
        return Fabric(inside: own, across: crosses ? system.link(name, name, crossingNodes: true) : nil)
    }
}
