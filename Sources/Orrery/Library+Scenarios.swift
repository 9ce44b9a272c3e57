import CostModels
import Documents
import Hardware
import LearnedModels
import Quantities
import Workloads

extension Library {
    /// A job where it is to run; what nobody names is what the job's own file names.
    ///
    /// - Parameters:
    ///   - device: a single accelerator, with the host it is usually attached to.
    ///   - system: at most one of device and system.
    ///   - runtime: without one, the job's own where it supports the accelerator, else the one made for the fewest other kinds
    ///     of device, and of those the leanest.
    ///   - calibration: its name or path, `none`, or the one that the library has for the device and runtime.
    /// - Throws: `DocumentError` where something is unknown, malformed or does not go together.
    public func scenario(of job: String, device: String? = nil, system: String? = nil, runtime: String? = nil,
                      fidelity: Scenario.Fidelity = .cycle, calibration: String? = nil) throws(DocumentError) -> Scenario {
        let job = try self.job(job)
        let system = try self.system(for: job, device: device, system: system)
        let (runtime, note) = try self.runtime(runtime, for: job, on: system.accelerator.device)
        let corrected = fidelity != .roofline ? try self.calibration(calibration, of: system.accelerator.device, under: runtime) : nil
        var scenario = Scenario(job: job, system: system, runtime: runtime, fidelity: fidelity, calibration: corrected)
        if fidelity == .learned { scenario.learned = try learnedModel() }
        if let note { scenario.notes.append(note) }
        return scenario
    }

    /// The calibration that a person chose, or that the library has.
    ///
    /// - Throws: `DocumentError` where one of another device was named.
    public func calibration(_ name: String?, of device: Device, under runtime: Runtime) throws(DocumentError) -> Calibration? {
        guard let name else { return try shippedCalibration(of: device, under: runtime.id) }
        guard name != "none" else { return nil }
        let chosen = try calibration(name)
        guard chosen.applies(to: device) else {
            throw DocumentError(file: name, path: "device", message: "is of \"\(chosen.device)\", not of \"\(device.id)\"; use \"none\" or leave it out")
        }
        return chosen
    }

    private func system(for job: Job, device: String?, system: String?) throws(DocumentError) -> System {
        if let device { return try self.system(ofDevice: device) }
        if let system { return try self.system(system) }
        if let name = job.system { return try named(name, "system", by: job) { (name) throws(DocumentError) in try self.system(name) } }
        if let name = job.device { return try named(name, "device", by: job) { (name) throws(DocumentError) in try self.system(ofDevice: name) } }
        throw DocumentError(file: job.id, path: "runsOn", message: "is missing, so say where to run it: a device or a system")
    }

    /// Looks up what a job names; that there is no such thing is a mistake in the job's file.
    private func named<Found>(_ name: String, _ key: String, by job: Job, _ find: (String) throws(DocumentError) -> Found) throws(DocumentError) -> Found {
        do { return try find(name) } catch {
            guard error.file == name, error.path.isEmpty else { throw error }
            throw DocumentError(file: job.file, path: "runsOn.\(key)", message: "\"\(name)\" \(error.message)")
        }
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
            let runtime = try named(own, "runtime", by: job) { (name) throws(DocumentError) in try self.runtime(name) }
            if runtime.runsOn.contains(device.kind) { return (runtime, nil) }
        }
        let fitting = try runtimes(for: device.kind)
        func rank(_ runtime: Runtime) -> (Int, Int, Seconds, String) { (runtime.isUsual ? 0 : 1, runtime.runsOn.count, runtime.hostPerKernel, runtime.id) }
        guard let closest = fitting.min(by: { rank($0) < rank($1) }) else {
            throw DocumentError(file: "HardwareSpecs/runtimes", message: "none runs on a device of kind \(device.kind.rawValue), such as \(device.id)")
        }
        let why = job.runtime.map { "\($0), which the job names, does not run on a device of kind \(device.kind.rawValue)" } ?? "the job names none"
        return (closest, "Runtime \(closest.id) was chosen: \(why).")
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
