import CostModels
import Documents
import Hardware
import LearnedModels
import ResultsStore
import Scenarios
import Workloads

/// Builds the scenario of each place, reading every file once and every variant of one once.
///
/// Each worker has a bench of its own, so that two of them never count references to the same thing; none is used by two
/// threads at once.
final class Bench: @unchecked Sendable {
    /// Variants of one kind that are kept; a sweep with more of them is not run in an order that needs them again.
    private static let mostKept = 4096

    /// A part of a scenario with the hash of all that it was read from, and a number of its own on this bench.
    struct Part<Value> {
        var value: Value
        var hash: ContentHash
        var number: Int
    }

    struct Built {
        var scenario: Scenario
        /// Of all that the answer depends on but the version of the program.
        var hash: [UInt8]
        /// Names the system, runtime and calibration, so that what is said of them is said once.
        var basis: Basis

        struct Basis: Hashable {
            var system: Int
            var runtime: Int
            var calibration: Int
            var fidelity: Scenario.Fidelity
        }
    }

    let grid: Grid
    let library: Library
    private let keys: GridKeys
    private var documents: [String: Document] = [:]
    private var systems: [Int: Result<Part<System>, DocumentError>] = [:]
    private var runtimes: [Int: Result<Part<Runtime>, DocumentError>] = [:]
    private var usualRuntimes: [String: (part: Part<Runtime>, note: String?)] = [:]
    private var models: [Int: Result<Part<Model>, DocumentError>] = [:]
    private var jobs: [Int: Result<Part<Job>, DocumentError>] = [:]
    private var calibrations: [CalibrationKey: Part<Calibration?>] = [:]
    var bases: [BasisKey: String] = [:]
    private var learned: LearnedModel?
    private var learnedHash: [UInt8] = []
    private var parts = 0

    /// A device with other figures may be lent another calibration.
    private struct CalibrationKey: Hashable {
        var system: Int
        var runtime: Int
        var name: String?
    }

    init(_ grid: Grid, _ library: Library) {
        self.grid = grid
        self.library = library
        keys = GridKeys(grid)
    }

    /// - Throws: `DocumentError` where the choices contradict each other: an answer as well.
    func build(_ choices: [Int]) throws(DocumentError) -> Built {
        let job = try cached(\.jobs, keys.key(.job, choices)) { () throws(DocumentError) in try self.job(choices) }
        let system = try cached(\.systems, keys.key(.system, choices)) { () throws(DocumentError) in try self.system(choices, of: job.value) }
        let runtime: Part<Runtime>
        var note: String?
        if named(.runtime, choices) ?? grid.runtime != nil {
            runtime = try cached(\.runtimes, keys.key(.runtime, choices)) { () throws(DocumentError) in try self.runtime(choices) }
            guard runtime.value.runsOn.contains(system.value.accelerator.device.kind) else {
                throw DocumentError(file: grid.file, path: "runtime", message: "\(runtime.value.id) does not run on a device of kind \(system.value.accelerator.device.kind.rawValue), such as \(system.value.accelerator.device.id)")
            }
        } else {
            (runtime, note) = try usualRuntime(of: job.value, on: system.value.accelerator.device, choices)
        }
        let fidelity = try self.fidelity(choices)
        let calibration = try self.calibration(choices, system: system, runtime: runtime, fidelity)
        var corrected = calibration.value
        if case .single = job.value.work { corrected = corrected?.ofKernels }
        var scenario = Scenario(job: job.value, system: system.value, runtime: runtime.value, fidelity: fidelity, calibration: corrected)
        if fidelity == .learned { scenario.learned = try learnedModel() }
        if let note { scenario.notes.append(note) }
        let price = grid.prices.flatMap { prices in prices.perHour[system.value.accelerator.device.id].map { "\($0) \(prices.currency)" } }
        let hashes = [job.hash, system.hash, runtime.hash, calibration.hash].flatMap(\.bytes) + (fidelity == .learned ? learnedHash : [])
        return Built(scenario: scenario, hash: hashes + Array("\(fidelity.rawValue) \(price ?? "")".utf8),
                     basis: .init(system: system.number, runtime: runtime.number, calibration: calibration.number, fidelity: fidelity))
    }

    private func part<Value>(_ value: Value, readFrom text: String) -> Part<Value> {
        parts += 1
        return Part(value: value, hash: ContentHash(of: text), number: parts)
    }

    private func cached<Value>(_ store: ReferenceWritableKeyPath<Bench, [Int: Result<Value, DocumentError>]>, _ key: Int,
                               _ make: () throws(DocumentError) -> Value) throws(DocumentError) -> Value {
        if let known = self[keyPath: store][key] { return try known.get() }
        if self[keyPath: store].count >= Self.mostKept { self[keyPath: store].removeAll(keepingCapacity: true) }
        let result: Result<Value, DocumentError>
        do throws(DocumentError) { result = .success(try make()) } catch { result = .failure(error) }
        self[keyPath: store][key] = result
        return try result.get()
    }

    // MARK: What the choices say

    /// Every file that was read.
    var specs: [RunDeclaration.Spec] {
        documents.sorted { $0.key < $1.key }.map { key, document in
            let content = document.json.compact
            return .init(hash: ContentHash(of: content).bytes, kind: String(key.prefix { $0 != " " }.dropLast()), name: identifier(of: document.file), content: content)
        }
    }

    /// The name that an axis chooses for a subject; nil where none does.
    private func named(_ subject: AxisTarget.Subject, _ choices: [Int]) -> String? {
        for (axis, choice) in zip(grid.axes, choices) {
            for (target, value) in zip(axis.targets, axis.choices[choice]) where target.subject == subject && target.path.isEmpty { return value.label }
        }
        return nil
    }

    private func edits(_ subject: AxisTarget.Subject, _ choices: [Int]) -> [(path: JSONPath, value: AxisValue)] {
        var edits: [(path: JSONPath, value: AxisValue)] = []
        for (axis, choice) in zip(grid.axes, choices) {
            for (target, value) in zip(axis.targets, axis.choices[choice]) where target.subject == subject && !target.path.isEmpty {
                edits.append((target.path, value))
            }
        }
        return edits
    }

    private func edited(_ document: Document, _ subject: AxisTarget.Subject, _ choices: [Int]) throws(DocumentError) -> Document {
        let edits = edits(subject, choices)
        guard !edits.isEmpty else { return document }
        var changed = WhatIf(document)
        for edit in edits { try changed.apply(edit.value, at: edit.path, of: subject) }
        return changed.document
    }

    /// A file by name, read once.
    private func file(_ name: String, on shelf: Library.Shelf) throws(DocumentError) -> Document {
        let key = "\(shelf.rawValue) \(name)"
        if let known = documents[key] { return known }
        // A path in a grid starts at the grid's folder, as one in a job does at the job's.
        var path = name
        if Library.isPath(name), !name.hasPrefix("/"), let slash = grid.file.lastIndex(of: "/") { path = grid.file[...slash] + name }
        let document = try library.document(path, on: shelf)
        documents[key] = document
        return document
    }

    // MARK: Jobs and models

    private func job(_ choices: [Int]) throws(DocumentError) -> Part<Job> {
        let name = named(.job, choices)
        var document: Document
        if let name { document = try file(name, on: .jobs) } else if let base = grid.job {
            if case .string(let name) = base.json { document = try file(name, on: .jobs) } else { document = Document(file: grid.file, path: "job", json: base.json) }
        } else {
            throw DocumentError(file: grid.file, message: "\"job\" is missing: name one, write one, or make it an axis", isMalformed: true)
        }
        let id = name == nil && grid.job.map { if case .string = $0.json { false } else { true } } == true ? grid.id : identifier(of: document.file)
        if let model = named(.model, choices), let changed = JSONPath(parsing: "model").flatMap({ document.json.setting(.string(model), at: $0) }) {
            document = Document(file: document.file, path: document.path, json: changed)
        }
        document = try edited(document, .job, choices)
        var modelHash = ""
        let job = try Job(reading: document, id: id) { (place) throws(DocumentError) in
            let model = try cached(\.models, keys.key(.model, choices)) { () throws(DocumentError) in
                let found = try edited(try self.modelDocument(place), .model, choices)
                let own = Document(file: found.file, json: found.json)
                return part(try Model(reading: own, id: identifier(of: found.file)), readFrom: own.json.compact)
            }
            modelHash = model.hash.description
            return model.value
        }
        return part(job, readFrom: document.json.compact + modelHash)
    }

    private func modelDocument(_ place: Document) throws(DocumentError) -> Document {
        guard case .string(let name) = place.json, !Library.isPath(name) else { return try library.modelDocument(namedAt: place) }
        return try file(name, on: .models)
    }

    // MARK: Systems

    private func system(_ choices: [Int], of job: Job) throws(DocumentError) -> Part<System> {
        if let name = named(.system, choices) { return try system(named: name, choices) }
        if let name = named(.device, choices) { return try system(ofDevice: name, choices) }
        if let name = grid.system { return try system(named: name, choices) }
        if let name = grid.device { return try system(ofDevice: name, choices) }
        if let name = job.system { return try system(named: name, choices) }
        if let name = job.device { return try system(ofDevice: name, choices) }
        throw DocumentError(file: grid.file, message: "says not where to run: name a \"device\" or a \"system\", or make it an axis", isMalformed: true)
    }

    private func system(ofDevice name: String, _ choices: [Int]) throws(DocumentError) -> Part<System> {
        if let edit = edits(.system, choices).first {
            throw DocumentError(file: grid.file, path: "axes.system.\(edit.path)", message: "\"\(name)\" is a device, not a system; vary a \"system\"", isMalformed: true)
        }
        var text = ""
        let device = try self.device(name, .device, choices, &text)
        var host: Device?
        if let name = device.host { host = try self.device(name, .host, choices, &text) }
        return part(System(single: device, host: host), readFrom: text)
    }

    private func system(named name: String, _ choices: [Int]) throws(DocumentError) -> Part<System> {
        let document = try edited(try file(name, on: .systems), .system, choices)
        // Which of its devices is the accelerator, and which the host, shows when it has been read.
        let plain = try System(reading: document) { try library.device(Library.device($0, namedIn: document)) }
        func spec(_ group: String?) -> String? {
            guard let group, case .string(let spec)? = document.json["devices"]?[group]?["spec"] else { return nil }
            return spec
        }
        let accelerator = spec(plain.accelerator.name), host = spec(plain.host?.name)
        var text = document.json.compact
        let system = try System(reading: document) { spec in
            let subject: AxisTarget.Subject? = spec == accelerator ? .device : spec == host ? .host : nil
            return try device(Library.device(spec, namedIn: document), subject, choices, &text)
        }
        return part(system, readFrom: text)
    }

    /// - Parameter text: gets all that the device is read from.
    private func device(_ name: String, _ subject: AxisTarget.Subject?, _ choices: [Int], _ text: inout String) throws(DocumentError) -> Device {
        let (base, mode) = Library.split(name)
        var document = try file(base, on: .devices)
        if let subject, !(mode != nil && edits(subject, choices).isEmpty) { document = try edited(document, subject, choices) }
        if mode != nil, subject.map({ !edits($0, choices).isEmpty }) == true {
            throw DocumentError(file: grid.file, path: "axes", message: "\"\(name)\" is a mode of a device, whose values cannot be varied as well; name the device without \"@\"", isMalformed: true)
        }
        let device = try library.device(reading: document, mode: mode)
        text += "\n" + document.json.compact + (mode ?? "")
        for family in [device.architecture, device.kind.rawValue] where library.ids(.architectures).contains(family) {
            text += "\n" + (try file(family, on: .architectures)).json.compact
        }
        return device
    }

    // MARK: Runtimes, calibrations, cost models

    private func runtime(_ choices: [Int]) throws(DocumentError) -> Part<Runtime> {
        let name = named(.runtime, choices) ?? grid.runtime ?? ""
        let document = try edited(try file(name, on: .runtimes), .runtime, choices)
        return part(try Runtime(reading: document), readFrom: document.json.compact)
    }

    private func usualRuntime(of job: Job, on device: Device, _ choices: [Int]) throws(DocumentError) -> (Part<Runtime>, String?) {
        let key = "\(job.runtime ?? "") \(device.kind.rawValue) \(keys.key(.runtime, choices))"
        if let known = usualRuntimes[key] { return known }
        let (chosen, note) = try library.runtime(nil, for: job, on: device)
        let document = try edited(try file(chosen.id, on: .runtimes), .runtime, choices)
        let made = self.part(try Runtime(reading: document), readFrom: document.json.compact)
        usualRuntimes[key] = (made, note)
        return (made, note)
    }

    private func fidelity(_ choices: [Int]) throws(DocumentError) -> Scenario.Fidelity {
        guard let name = named(.costModel, choices) else { return grid.fidelity }
        guard let fidelity = Scenario.Fidelity(rawValue: name) else {
            throw DocumentError(file: grid.file, path: "axes.costModel", message: "\"\(name)\" is no cost model; use \(list(Scenario.Fidelity.allCases.map(\.rawValue)))", isMalformed: true)
        }
        return fidelity
    }

    private func calibration(_ choices: [Int], system: Part<System>, runtime: Part<Runtime>, _ fidelity: Scenario.Fidelity) throws(DocumentError) -> Part<Calibration?> {
        let name = named(.calibration, choices) ?? grid.calibration
        guard fidelity != .roofline, name != "none" else { return uncalibrated }
        let key = CalibrationKey(system: system.number, runtime: runtime.number, name: name)
        if let known = calibrations[key] { return known }
        let found = try library.calibration(name, of: system.value.accelerator.device, under: runtime.value)
        let made = part(found, readFrom: found.map { $0.title + $0.json.compact } ?? "none")
        if calibrations.count >= Self.mostKept { calibrations.removeAll() }
        calibrations[key] = made
        return made
    }

    /// Read once.
    private func learnedModel() throws(DocumentError) -> LearnedModel {
        if let learned { return learned }
        let model = try library.learnedModel()
        learned = model
        let manifest = try Document(contentsOf: library.path("\(Library.learnedModels)/\(Library.usualLearnedModel).json"))
        documents["learned \(Library.usualLearnedModel)"] = manifest
        learnedHash = ContentHash(of: manifest.json.compact).bytes
        return model
    }

    private let uncalibrated = Part<Calibration?>(value: nil, hash: ContentHash(of: "none"), number: 0)
}
