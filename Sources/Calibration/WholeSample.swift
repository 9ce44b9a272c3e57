import CostModels
import Measurement
import Operators
import Quantities

/// One measured run of a whole model as the fit of its passes and of power sees it.
struct WholeSample: Sendable {
    /// What a cross-validation holds back together.
    var configuration: String
    var shape: UInt64
    var family: String
    /// The time that was measured; nil where power or energy was.
    var seconds: Double?
    var measured: Double
    var measure: RunMeasure
    var splits: Bool
    var streams: Bool
    private var passes: [Pass]
    private let eager: Bool
    private let boards: Double
    private let limit: Double

    private struct Pass {
        var count: Double
        var shape: StepShape
        var launches: Double
        var kernels: [Kernel]
        /// Joules of the model of all boards.
        var compute: Double
        var traffic: Double
    }

    private struct Kernel {
        var count, latency, engine, product, cache, memory, link, bound: Double
        var isDecodeAttention: Bool
    }

    init(_ work: ModelWork) {
        configuration = work.configuration
        family = work.family
        seconds = work.seconds
        measured = work.measured
        measure = work.measure
        eager = work.runtime.launch == .eager
        boards = Double(work.boards)
        limit = work.device.power.limit?.value ?? .infinity
        var hash = StableHash(), splits = false
        passes = work.steps.map { step in
            hash.add(step.shape.sequences)
            hash.add(step.shape.tokens)
            var pass = Pass(count: step.count, shape: step.shape, launches: step.launches, kernels: [], compute: 0, traffic: 0)
            for kernel in step.kernels {
                let demand = kernel.demand, energy = demand.energy, times = kernel.count * kernel.devices
                var product = 0.0, isDecodeAttention = false
                switch kernel.operation {
                case .matmul, .grouped: product = kernel.bound.engineTime.value
                case .attention(let o): isDecodeAttention = o.isDecode
                default: break
                }
                pass.kernels.append(Kernel(count: kernel.count, latency: demand.latency.value, engine: max(demand.engineTime, demand.vectorTime).value, product: product,
                                           cache: demand.cacheTime.value, memory: max(demand.memoryTime, demand.sourceTime).value,
                                           link: demand.linkTime.value, bound: kernel.bound.duration.value, isDecodeAttention: isDecodeAttention))
                pass.compute += energy.compute.value * times
                pass.traffic += (energy.memory + energy.cache + energy.link).value * times
                if demand.linkTime > .zero { splits = true }
            }
            return pass
        }
        for length in [measure.prompt, measure.generated] { hash.add(Int(length)) }
        self.splits = splits
        streams = work.steps.contains { $0.shape.streams }
        shape = hash.value
    }

    var isFinite: Bool { time(under: WholeConstants { $0.neutral }).isFinite }

    private func time(of pass: Pass, under c: WholeConstants) -> Double {
        let engine = 1 / c[.engineEfficiency], memory = 1 / c[.memoryEfficiency], attention = 1 / c[.attentionEfficiency]
        let link = 1 / c[.linkEfficiency], latency = c[.latency], product = 1 / c[.productEfficiency]
        var device = 0.0
        for kernel in pass.kernels {
            let busy = max(kernel.engine * engine, kernel.product * product, kernel.cache, kernel.memory * (kernel.isDecodeAttention ? attention : memory), kernel.link * link)
            device += kernel.count * max(kernel.latency * latency + busy, kernel.bound)
        }
        if eager { device = max(device, pass.launches * c[.kernel]) }
        return c.host(of: pass.shape).value + device
    }

    /// Seconds of the job.
    func time(under constants: WholeConstants) -> Double { passes.reduce(0) { $0 + $1.count * time(of: $1, under: constants) } }

    /// What the row would have measured where it measured a time.
    func figure(under constants: WholeConstants) -> Double { measure.figure(Seconds(time(under: constants)), nil) ?? .nan }

    /// What it would have measured of power or energy.
    func figure(under constants: WholeConstants, drawing power: WholeConstants) -> Double {
        var time = 0.0, joules = 0.0
        for pass in passes {
            let seconds = self.time(of: pass, under: constants)
            time += pass.count * seconds
            joules += pass.count * min(limit * boards * seconds, power[.board] * boards * seconds + power[.compute] * pass.compute + power[.traffic] * pass.traffic)
        }
        var measure = measure
        measure.sensorLag = Seconds(power[.sensorLag])
        return measure.figure(Seconds(time), Joules(joules)) ?? .nan
    }
}
