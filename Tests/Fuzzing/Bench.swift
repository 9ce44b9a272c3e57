import Orrery

/// Sound partners for a file on trial: devices and systems to run on, runtimes, and jobs small enough to simulate thousands of times.
struct Bench {
    let host: Device
    /// Devices without what their family would fill in.
    let bare: [Device]
    let families: [Architecture]
    let systems: [System]
    let runtimes: [Runtime]
    /// By id; those of the library that are small enough, and three tiny ones.
    let models: [String: Model]
    let jobs: [Job]
    private let devices: Kept<Device>
    private let kept: Kept<System>

    init(_ library: Library) throws {
        host = try library.device("xeon-8380")
        bare = try ["a100-sxm-80gb", "tpu-v4"].map { try Device(reading: try library.document($0, on: .devices)) }
        families = try library.families(of: try library.device("l40s"))
        systems = try ["2x-hgx-h100-infiniband", "neupims-node", "a6000-csd", "jetson-board"].map { try library.system($0) }
        runtimes = try library.ids(.runtimes).map { try library.runtime($0) }
        var models: [String: Model] = [:]
        for id in library.ids(.models) { models[id] = try library.model(id) }
        for (id, text) in TinyFiles.models {
            models[id] = try Model(reading: try Document(file: id, text: text.utf8), id: id)
        }
        self.models = models
        jobs = try TinyFiles.jobs.map { text in
            try Job(reading: try Document(file: "tiny", text: text.utf8), id: "tiny") { (place) throws(DocumentError) in
                guard let model = models[try place.string()] else { throw place.error("is unknown") }
                return model
            }
        }
        devices = Kept()
        kept = Kept()
    }

    func device(_ name: String, of library: Library) throws -> Device {
        guard !Library.isPath(name) else { throw DocumentError(file: name, message: "is not read on trial") }
        return try devices.value(name) { try library.device(name) }
    }

    // MARK: Questions

    /// Which of the questions the next input gets: they take turns, so that more inputs are tried.
    var turn = 0

    func ask(of system: System) throws -> Outcome {
        guard let runtime = runtimes.first(where: { $0.runsOn.contains(system.accelerator.device.kind) }) else { return .readOnly }
        return try ask(of: system, under: runtime)
    }

    func ask(of system: System, under runtime: Runtime) throws -> Outcome {
        guard runtime.runsOn.contains(system.accelerator.device.kind) else { return .readOnly }
        return try (0..<2).map { try ask(jobs[(2 * turn + $0) % jobs.count], of: system, under: runtime) }.max() ?? .readOnly
    }

    func ask(about model: Model) throws -> Outcome {
        let phase = model.decoder == nil ? .prefill : ModelJob.Phase.allCases[turn % 3]
        let work = ModelJob(model: model, phase: phase, batch: 2, prompt: model.image?.tokens ?? 9, output: phase == .generate ? 3 : 1)
        let system = turn % 4 == 0 ? systems[0] : systems[turn % systems.count].roomy
        return try ask(Job(id: "model", work: .model(work)), of: system, under: runtime(for: system))
    }

    func ask(about job: Job, of library: Library) throws -> Outcome {
        let system: System
        if let name = job.system, !Library.isPath(name) {
            system = try kept.value(name) { try library.system(name) }
        } else if let name = job.device, !Library.isPath(name) {
            system = System(single: try device(name, of: library), host: host)
        } else {
            system = systems[0]
        }
        let named = job.runtime.flatMap { name in runtimes.first { $0.id == name } }
        let runtime = named ?? runtime(for: system)
        return try ask(job, of: turn % 4 == 0 ? system : system.roomy, under: runtime)
    }

    private func runtime(for system: System) -> Runtime {
        runtimes.first { $0.runsOn.contains(system.accelerator.device.kind) } ?? runtimes[0]
    }

    /// One question under both cost models, and the answer in every form in which it is printed.
    private func ask(_ job: Job, of system: System, under runtime: Runtime) throws -> Outcome {
        var furthest = Outcome.readOnly
        for fidelity in Scenario.Fidelity.allCases {
            let scenario = Scenario(job: job, system: system, runtime: runtime, fidelity: fidelity)
            let report: Report
            do { report = try scenario.report() } catch is DocumentError { return .readOnly } catch is SimulationError { return .readOnly }
            let flaws = flaws(in: report)
            guard flaws.isEmpty else {
                throw Unsound(description: "\(job.name) on \(system.id) under \(runtime.id), \(fidelity.rawValue): " + flaws.joined(separator: "; "))
            }
            _ = JSONReport(report).text
            _ = TextReport(report).text
            _ = ExplainReport(report, on: system).text
            furthest = max(furthest, report.fits ? .answered : .doesNotFit)
        }
        return furthest
    }
}

extension System {
    /// The same machine with memory for anything.
    var roomy: System {
        var system = self
        for group in groups.indices {
            let last = groups[group].device.memory.count - 1
            system.groups[group].device.memory[last].capacity = Bytes(1e18)
        }
        return system
    }
}

/// What was read once from the library; errors are not kept.
private final class Kept<Value> {
    private var values: [String: Value] = [:]

    func value(_ name: String, read: () throws -> Value) throws -> Value {
        if let value = values[name] { return value }
        let value = try read()
        values[name] = value
        return value
    }
}
