import Orrery

/// What becomes of the bytes of a file, from reading to the printed answer.
public enum Outcome: String, CaseIterable, Sendable {
    /// A `DocumentError`: the usual answer to nonsense.
    case refused
    /// It reads, but no job of the trial can run on it or with it.
    case readOnly = "read only"
    case doesNotFit = "does not fit"
    case answered
}

/// Something that an input did and that no input may do, short of a crash.
public struct Unsound: Error, CustomStringConvertible {
    public let description: String
}

/// The kinds of file that the program reads.
public enum FileKind: String, CaseIterable, Sendable {
    case device, system, runtime, architecture, model, job
    case huggingFace = "hugging-face"
}

/// Tries files of each kind: reads them, and simulates small jobs with what they describe under both cost models.
///
/// The contract: bytes are read or refused with a `DocumentError`; what is read is answered with finite numbers that are
/// not negative, with `fits: false`, or with an error. Nothing else, and nothing slow.
public struct Trial {
    public let library: Library
    private var bench: Bench

    public init(_ library: Library) throws {
        self.library = library
        bench = try Bench(library)
    }

    /// - Returns: the furthest that the bytes got.
    /// - Throws: `Unsound`, or an error that is none of those a person may see.
    public mutating func run(_ kind: FileKind, _ bytes: [UInt8]) throws -> Outcome {
        bench.turn += 1
        do { return try answer(kind, try Document(file: "\(kind.rawValue).json", text: bytes)) } catch let error as DocumentError {
            guard !error.message.isEmpty, !error.message.contains("\n") else { throw Unsound(description: "message: \(error.message.debugDescription)") }
            return .refused
        }
    }

    private func answer(_ kind: FileKind, _ document: Document) throws -> Outcome {
        switch kind {
        case .device:
            let device = try Device(reading: document)
            _ = Summary.text(of: device)
            var furthest = try bench.ask(of: System(single: device.resolved(with: bench.families), host: bench.host))
            for mode in device.modes.prefix(2) { furthest = max(furthest, try bench.ask(of: System(single: try device.inMode(mode.name)))) }
            return furthest
        case .system:
            let system = try System(reading: document) { try bench.device($0, of: library) }
            _ = Summary.text(of: system)
            return try bench.ask(of: system)
        case .runtime:
            let runtime = try Runtime(reading: document)
            _ = Summary.text(of: runtime)
            return try bench.systems.filter { runtime.runsOn.contains($0.accelerator.device.kind) }.prefix(1).map { try bench.ask(of: $0, under: runtime) }.max() ?? .readOnly
        case .architecture:
            let family = try Architecture(reading: document)
            _ = Summary.text(of: family)
            return try bench.bare.map { try bench.ask(of: System(single: $0.resolved(with: [family]))) }.max() ?? .readOnly
        case .model, .huggingFace:
            let model = kind == .model ? try Model(reading: document, id: "model") : try Model(huggingFace: document, id: "model")
            _ = Summary.text(of: model)
            return try bench.ask(about: model)
        case .job:
            let job = try Job(reading: document, id: "job") { (place) throws(DocumentError) in
                guard case .string = place.json else { return try Model(reading: place, id: "job") }
                guard let model = bench.models[try place.string()] else { throw place.error("is no model of the trial") }
                return model
            }
            _ = Summary.text(of: job)
            return try bench.ask(about: job, of: library)
        }
    }
}

extension Outcome: Comparable {
    public static func < (a: Self, b: Self) -> Bool { allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)! }
}
