#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Hardware
import Quantities
import Workloads

/// What a row about a whole model makes of the time and the joules of the job that it stands for.
public struct RunMeasure: Sendable {
    public var metric: String
    public var unit: String
    /// Sequences, prompt tokens and generated tokens of each.
    public var sequences: Double
    public var prompt: Double
    public var generated: Double
    /// Boards that draw power, and the limit of each.
    var boards: Int
    var limit: Watts?
    var idle: Watts
    var devices: Int
    var tensor: Int
    var weightBytes: Bytes
    /// Power was sampled once in so many seconds, the first time before anything ran.
    var samplingPeriod: Seconds?
    /// Time constant with which the board's sensor follows its power.
    public var sensorLag: Seconds = .zero

    init(_ run: ModelRun, _ row: RowReading, outputs: Double) throws(RowError) {
        metric = row.row.metric
        unit = row.row.unit
        sequences = run.steady == nil ? Double(run.work.batch) : try row.number("batch", in: 0...Double(1 << 20))
        prompt = Double(run.steady?.prompt ?? run.work.prompt)
        generated = outputs
        boards = run.system.acceleratorCount
        let power = run.system.accelerator.device.power
        limit = power.limit
        idle = power.idle ?? .zero
        devices = run.work.parallelism.devices
        tensor = run.work.parallelism.tensor
        weightBytes = run.work.weightBytes
        if row.text("note")?.contains("1 s sampling") == true { samplingPeriod = Seconds(1) }
    }

    /// The figure in the unit of the row; nil where the metric is none, or needs joules and there are none.
    public func figure(_ time: Seconds, _ energy: Joules?) -> Double? {
        let t = time.value
        switch (metric, unit) {
        case ("ttft", "s"), ("batch_ttft", "s"), ("tpot", "s"), ("e2e_latency", "s"): return t
        case ("ttft", "ms"), ("batch_ttft", "ms"), ("tpot", "ms"), ("e2e_latency", "ms"): return t * 1e3
        case ("prefill_tps", _): return sequences * prompt / t
        case ("prefill_ms_per_token", _): return t * 1e3 / prompt
        case ("decode_time", "s"): return t * generated
        case ("decode_tps", _), ("decode_tps_total", _): return sequences / t
        case ("achieved_mem_bw", "GB/s"): return weightBytes.value / Double(max(1, tensor)) / t / 1e9
        case ("output_tps", _), ("e2e_output_tps", _): return sequences * generated / t
        case ("output_tps_per_gpu", _): return sequences * generated / t / Double(devices)
        // Of a steady state: what a request takes, while so many others run.
        case ("itl_mean", "ms"): return t * 1e3 * sequences / generated
        case ("energy_per_request", "J"): return energy?.value
        case ("energy_per_output_token", _): return energy.map { $0.value / generated }
        case ("prefill_energy", "J"): return energy.map { sampled($0.value / t, over: t) * t }
        case ("decode_energy", "J"): return energy.map { followed($0.value / t, over: t * generated) * t * generated }
        case ("avg_device_power", "W"): return energy.map { sampled($0.value / t, over: t) }
        case ("avg_gpu_power_total", "W"), ("steady_power", "W"): return energy.map { $0.value / t }
        case ("energy_per_total_token", _): return energy.map { $0.value / (sequences * (prompt + generated)) }
        case ("avg_power_frac_tdp", _), ("peak_power_frac_tdp", _):
            guard let limit else { return nil }
            return energy.map { $0.value / t / limit.value / Double(boards) }
        default: return nil
        }
    }

    /// The mean of samples taken now and then, of which the first was before the work.
    private func sampled(_ power: Double, over time: Double) -> Double {
        guard let samplingPeriod else { return power }
        let samples = (time / samplingPeriod.value).rounded(.down)
        return (idle.value + samples * power) / (1 + samples)
    }

    /// The mean of what a sensor shows that follows its power exponentially from nothing.
    private func followed(_ power: Double, over time: Double) -> Double {
        let lag = sensorLag.value
        return lag > 0 && time > 0 ? power * (1 - lag / time * (1 - exp(-time / lag))) : power
    }

    /// The time that the measured figure stands for; nil where it is no time.
    func seconds(of value: Double) -> Double? {
        guard let one = figure(Seconds(1), nil), let two = figure(Seconds(2), nil), one > 0 else { return nil }
        return two > one ? value / one : one / value
    }
}

extension ModelJob {
    /// Weights that every token reads: all but the embedding table, as gpt-fast counts them (generate.py, `_get_model_size`).
    fileprivate var weightBytes: Bytes {
        precision.weights.bytes(elements: Double(model.parameters.total - model.parameters.embeddings))
    }
}
