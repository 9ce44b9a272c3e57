import CostModels
import Hardware
import Operators
import Quantities
import Simulation
import Workloads

/// One measured run of a whole model as work of the library, with what was measured: what a calibration of passes is fitted to.
public struct ModelWork: Sendable {
    public var device: Device
    public var runtime: Runtime
    /// The model and how it is split: what a cross-validation holds back together.
    public var configuration: String
    /// Every pass that was simulated.
    public var steps: [StepWork]
    public var measure: RunMeasure
    /// In the unit of the row.
    public var measured: Double
    /// `decode`, `prefill` … as the row says.
    public var family: String
    /// What was measured as a time of the job; nil where it was no time.
    public var seconds: Double? { measure.seconds(of: measured) }
    public var boards: Int { measure.boards }
}

/// One pass through a model, with the times of the model for each of its kernels.
public struct StepWork: Sendable {
    /// How many passes of the job it stands for.
    public var count: Double
    public var shape: StepShape
    public var launches: Double
    public var kernels: [Kernel]

    public struct Kernel: Sendable {
        public var count: Double
        /// Devices that do the same at the same time.
        public var devices: Double
        public var operation: Operator
        public var demand: Demand
        public var bound: Demand
    }
}

extension Predictor {
    /// What a row about a whole model measured.
    ///
    /// - Throws: `RowError` where the row is of another kind, or cannot be mapped or believed.
    public mutating func modelWork(of row: MeasuredRow) throws(RowError) -> ModelWork {
        let reading = try RowReading(row), run = try modelRun(reading)
        let placement = run.work.placement
        guard placement.weights.isEmpty, placement.experts.isEmpty, placement.cache.isEmpty, placement.attention == nil else { throw RowError("copies from the host run beside kernels: nothing that a sum of kernels could be fitted to") }
        guard row.value > 0 else { throw RowError("the measured value is not above 0, so that no relative error is defined") }
        if let experts = run.hostExperts, experts.weights.bits == 8 { throw RowError("kernels for the matrix tiles of a processor have a rate of their own") }
        let (costs, _) = try calibrated(run.system.accelerator.device, software: run.runtime.id)
        return try run.work(RunMeasure(run, reading, outputs: try reading.outputs), measured: row.value, family: row.phase, under: costs)
    }
}

extension ModelRun {
    fileprivate func work(_ measure: RunMeasure, measured: Double, family: String, under costs: any CostModel) throws(RowError) -> ModelWork {
        var steps: [StepWork] = [], bound = 0.0
        for (work, times) in try waves() {
            do {
                let plan = try Plan(lowering: Job(id: "measured run", work: .model(work)), onto: system, under: runtime)
                bound += try plan.bound(on: system, under: runtime).value * times
                let run = try JobRun(plan, on: system, under: runtime, with: costs)
                for (step, (timeline, weight)) in zip(plan.steps, zip(run.timelines, run.weights)) where weight > 0 {
                    var shape = plan.shape(of: step)
                    shape.streams = steady != nil
                    var work = self.step(timeline, shape, count: weight * times)
                    if let hostExperts { work.kernels += hostExperts.kernels(tokens: step.tokens) }
                    steps.append(work)
                }
            } catch { throw RowError("\(error)") }
        }
        if let seconds = measure.seconds(of: measured), seconds < bound / Predictor.impossible { throw RowError("measured in less than half of what datasheet peaks allow") }
        let split = "\(work.parallelism.tensor) × \(work.parallelism.pipeline)"
        return ModelWork(device: system.accelerator.device, runtime: runtime, configuration: "\(work.model.name) \(work.precision.weights) \(split)" + (hostExperts.map { " \($0.processor.id) top \($0.experts.topK)" } ?? ""),
                         steps: steps, measure: measure, measured: measured, family: family)
    }

    private func step(_ timeline: Timeline, _ shape: StepShape, count: Double) -> StepWork {
        let graph = timeline.graph, lanes = graph.lanes.count, device = system.accelerator.device
        var counts = [Int](repeating: 0, count: graph.uses.count * lanes)
        for node in graph.nodes { counts[Int(node.use) * lanes + Int(node.lane)] += 1 }
        var kernels: [StepWork.Kernel] = []
        for index in counts.indices where counts[index] > 0 {
            let operation = graph.uses[index / lanes].operation
            let bound: Demand = switch operation {
            case .collective, .copy: Demand()
            default: Roofline().demand(of: operation, on: device, under: runtime)
            }
            kernels.append(.init(count: Double(counts[index]), devices: Double(graph.lanes[index % lanes].multiplicity), operation: operation, demand: timeline.demands[index] ?? Demand(), bound: bound))
        }
        return StepWork(count: count, shape: shape, launches: Double(graph.nodes.count), kernels: kernels)
    }
}
