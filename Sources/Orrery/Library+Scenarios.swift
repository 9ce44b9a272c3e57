import Documents
import Hardware
import Workloads

extension Library {
    /// A job where it is to run; what nobody names is what the job's own file names.
    ///
    /// - Parameters:
    ///   - device: a single accelerator, with the host it is usually attached to.
    ///   - system: at most one of device and system.
    ///   - runtime: without one, the job's own where it supports the accelerator, else the leanest that does.
    /// - Throws: `DocumentError` where something is unknown, malformed or does not go together.
    public func scenario(of job: String, device: String? = nil, system: String? = nil, runtime: String? = nil,
                      fidelity: Scenario.Fidelity = .cycle) throws(DocumentError) -> Scenario {
        let job = try self.job(job)
        let system = try self.system(for: job, device: device, system: system)
        let (runtime, note) = try self.runtime(runtime, for: job, on: system.accelerator.device)
        var scenario = Scenario(job: job, system: system, runtime: runtime, fidelity: fidelity)
        if let note { scenario.notes.append(note) }
        return scenario
    }

    private func system(for job: Job, device: String?, system: String?) throws(DocumentError) -> System {
        if let device { return try self.system(ofDevice: device) }
        if let system { return try self.system(system) }
        if let system = job.system { return try self.system(system) }
        if let device = job.device { return try self.system(ofDevice: device) }
        throw DocumentError(file: job.id, path: "runsOn", message: "is missing, so say where to run it: a device or a system")
    }

    private func runtime(_ name: String?, for job: Job, on device: Device) throws(DocumentError) -> (Runtime, note: String?) {
        if let name {
            let runtime = try self.runtime(name)
            guard runtime.runsOn.contains(device.kind) else {
                let others = try runtimes(for: device.kind).map { "\"\($0.id)\"" }
                throw DocumentError(file: runtime.id, message: "does not run on a device of kind \(device.kind.rawValue), such as \(device.id)"
                                    + (others.isEmpty ? "" : "; use \(list(others))"))
            }
            return (runtime, nil)
        }
        if let own = job.runtime {
            let runtime = try self.runtime(own)
            if runtime.runsOn.contains(device.kind) { return (runtime, nil) }
        }
        guard let leanest = try runtimes(for: device.kind).min(by: { ($0.hostPerKernel, $0.id) < ($1.hostPerKernel, $1.id) }) else {
            throw DocumentError(file: "HardwareSpecs/runtimes", message: "none runs on a device of kind \(device.kind.rawValue), such as \(device.id)")
        }
        let why = job.runtime.map { "\($0), which the job names, does not run on a device of kind \(device.kind.rawValue)" } ?? "the job names none"
        return (leanest, "Runtime \(leanest.id) was chosen: \(why).")
    }

    private func runtimes(for kind: Device.Kind) throws(DocumentError) -> [Runtime] {
        var fitting: [Runtime] = []
        for id in ids(.runtimes) {
            let runtime = try runtime(id)
            if runtime.runsOn.contains(kind) { fitting.append(runtime) }
        }
        return fitting
    }
}
